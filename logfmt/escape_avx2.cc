// SPDX-License-Identifier: Apache-2.0
// HOT: escape() with AVX2; 32 bytes at once where none needs escaping, else run by run.
#include "logfmt/escape_variants.h"

#if PIXEL_X86_64
#include <immintrin.h>

#include <bit>

#include "base/page_read.h"
#include "logfmt/escape_mask.h"

namespace pixel::logfmt {
namespace {

PIXEL_TARGET_AVX2 inline __m256i load(const char* in) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in));
}
PIXEL_TARGET_AVX2 inline void store(char* out, __m256i v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), v);
}

template <class Word>
inline Word read(const char* in) {
  Word word;
  std::memcpy(&word, in, sizeof word);
  return word;
}

// `count` < 16 bytes without touching a byte beyond them: two overlapping words.
PIXEL_TARGET_AVX2 inline __m128i load_below_16(const char* in, std::size_t count) {
  if (count >= 8) {
    const auto tail = read<std::uint64_t>(in + count - 8) >> (8 * (16 - count) & 63);
    return _mm_set_epi64x(static_cast<long long>(count == 8 ? 0 : tail),
                          static_cast<long long>(read<std::uint64_t>(in)));
  }
  std::uint64_t word = 0;
  if (count >= 4) {
    word = read<std::uint32_t>(in) | std::uint64_t{read<std::uint32_t>(in + count - 4)}
                                         << (8 * (count - 4));
  } else if (count > 0) {
    word = read<std::uint8_t>(in) |
           std::uint64_t{read<std::uint8_t>(in + count / 2)} << (8 * (count / 2)) |
           std::uint64_t{read<std::uint8_t>(in + count - 1)} << (8 * (count - 1));
  }
  return _mm_cvtsi64_si128(static_cast<long long>(word));
}

PIXEL_TARGET_AVX2 inline __m256i load_below_32(const char* in, std::size_t count) {
  if (count < 16) return _mm256_zextsi128_si256(load_below_16(in, count));
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in))),
      load_below_16(in + 16, count - 16), 1);
}

// The escaped form of `count` <= 32 bytes, at least one of which needs escaping. Each run is copied
// as 32 bytes and overwritten from its end on. REQUIRES: 64 readable bytes at `in`.
PIXEL_TARGET_AVX2 inline char* escape_runs(const char* in, std::uint32_t mask, std::size_t count,
                                           char* out) {
  std::size_t at = 0;
  do {
    const auto next = static_cast<std::size_t>(std::countr_zero(mask));
    store(out, load(in + at));
    out = put_escaped(in[next], out + (next - at));
    at = next + 1;
    mask &= mask - 1;
  } while (mask != 0);
  store(out, load(in + at));
  return out + (count - at);
}

// The same, where fewer than 64 bytes may be read: from a copy.
PIXEL_TARGET_AVX2 inline char* escape_runs_copied(__m256i block, std::uint32_t mask,
                                                  std::size_t count, char* out) {
  alignas(32) char copy[64];
  store(copy, block);
  store(copy + 32, _mm256_setzero_si256());
  return escape_runs(copy, mask, count, out);
}

}  // namespace

PIXEL_TARGET_AVX2 char* escape_avx2(std::string_view raw, char* out) noexcept {
  const char* in = raw.data();
  std::size_t left = raw.size();
  for (; left >= 32; left -= 32, in += 32) {
    const __m256i block = load(in);
    const std::uint32_t mask = escape_mask(block);
    if (mask == 0) {
      store(out, block);
      out += 32;
    } else if (left >= 64) {
      out = escape_runs(in, mask, 32, out);
    } else {
      out = escape_runs_copied(block, mask, 32, out);
    }
  }
  if (left == 0) return out;
  // Whatever lies behind the text in its page may be loaded with it, and is told apart by the mask.
  const __m256i block = base::lies_in_one_page(in, 32) ? load(in) : load_below_32(in, left);
  const std::uint32_t mask = escape_mask(block) & ((std::uint32_t{1} << left) - 1);
  if (mask != 0) return escape_runs_copied(block, mask, left, out);
  store(out, block);
  return out + left;
}

}  // namespace pixel::logfmt
#endif
