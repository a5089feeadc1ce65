// SPDX-License-Identifier: Apache-2.0
// HOT: escape() with SSE2, which every x86-64 has; 16 bytes at once where none needs escaping.
#include "logfmt/escape_variants.h"

#if PIXEL_X86_64
#include <emmintrin.h>

#include <bit>

namespace pixel::logfmt {
namespace {

// SSE2 has no byte shuffle: the 16 characters are tested as ranges and single values.
std::uint32_t escape_mask(__m128i v) {
  const auto is = [v](char c) { return _mm_cmpeq_epi8(v, _mm_set1_epi8(c)); };
  const auto in_range = [v](char first, char last) {
    const __m128i from_first = _mm_sub_epi8(v, _mm_set1_epi8(first));
    const __m128i limit = _mm_set1_epi8(static_cast<char>(last - first));
    return _mm_cmpeq_epi8(_mm_min_epu8(from_first, limit), from_first);
  };
  __m128i hit = _mm_or_si128(in_range('\0', ' '), in_range('"', '#'));
  hit = _mm_or_si128(hit, _mm_or_si128(is('%'), is('\'')));
  hit = _mm_or_si128(hit, _mm_or_si128(is('<'), is('>')));
  hit = _mm_or_si128(hit, _mm_or_si128(in_range('[', '^'), is('`')));
  hit = _mm_or_si128(hit, in_range('{', static_cast<char>(0xFF)));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(hit));
}

// The escaped form of the first `count` bytes of a block whose bytes `mask` need escaping.
char* escape_block(const char* in, std::uint32_t mask, std::size_t count, char* out) {
  std::size_t at = 0;
  while (mask != 0) {
    const auto next = static_cast<std::size_t>(std::countr_zero(mask));
    while (at < next) *out++ = in[at++];
    out = put_escaped(in[at++], out);
    mask &= mask - 1;
  }
  while (at < count) *out++ = in[at++];
  return out;
}

}  // namespace

char* escape_sse2(std::string_view raw, char* out) noexcept {
  const char* in = raw.data();
  std::size_t left = raw.size();
  for (; left >= 16; left -= 16, in += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
    const std::uint32_t mask = escape_mask(block);
    if (mask == 0) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), block);
      out += 16;
    } else {
      out = escape_block(in, mask, 16, out);
    }
  }
  return escape_scalar({in, left}, out);
}

}  // namespace pixel::logfmt
#endif
