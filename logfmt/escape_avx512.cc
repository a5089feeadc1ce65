// SPDX-License-Identifier: Apache-2.0
// HOT: escape() with AVX-512 VBMI2. Byte masks load tails without touching what follows; 21 bytes
// become up to 63 with one permutation and one compress, without a branch on what they are.
#include "logfmt/escape_variants.h"

#if PIXEL_X86_64
#include <immintrin.h>

#include <algorithm>
#include <array>

#include "logfmt/escape_mask.h"

namespace pixel::logfmt {
namespace {

constexpr std::size_t kPartBytes = 21;                     // Three slots each: 63 of a vector's 64.
constexpr std::size_t kBlockBytes = 63;                    // Three parts.
constexpr std::uint64_t kFirstSlots = 0x1249249249249249;  // 0, 3, 6 ... 60

constexpr std::array<char, 64> make_slot_sources() {
  std::array<char, 64> sources{};
  for (std::size_t i = 0; i < sources.size(); ++i) sources[i] = static_cast<char>(i / 3);
  return sources;
}
alignas(64) constexpr std::array<char, 64> kSlotSources = make_slot_sources();

// 21 bytes from `first` on -> up to 63. Each byte gets three slots: itself or '%', its high and its
// low digit. One compress drops the digits of bytes that stay.
PIXEL_TARGET_AVX512 inline char* escape_part(__m512i block, std::uint64_t mask, std::size_t first,
                                             std::size_t count, char* out) {
  const __m512i source = _mm512_add_epi8(_mm512_load_si512(kSlotSources.data()),
                                         _mm512_set1_epi8(static_cast<char>(first)));
  const __m512i bytes = _mm512_permutexvar_epi8(source, block);
  const __m512i digits = _mm512_broadcast_i32x4(_mm_setr_epi8(
      '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'));
  const __m512i halves =
      _mm512_and_si512(_mm512_mask_blend_epi8(kFirstSlots << 1, bytes, _mm512_srli_epi16(bytes, 4)),
                       _mm512_set1_epi8(15));
  const std::uint64_t escaped = _pdep_u64(mask >> first, kFirstSlots);
  const std::uint64_t kept = kFirstSlots & ~escaped;
  const __m512i slots = _mm512_mask_blend_epi8(
      escaped, _mm512_mask_shuffle_epi8(bytes, ~kept, digits, halves), _mm512_set1_epi8('%'));
  const std::uint64_t used =
      _bzhi_u64(kFirstSlots | escaped << 1 | escaped << 2, static_cast<unsigned>(3 * count));
  _mm512_storeu_si512(out, _mm512_maskz_compress_epi8(used, slots));
  return out + _mm_popcnt_u64(used);
}

// The first `count` <= 63 bytes of `block`, of which `mask` need escaping.
PIXEL_TARGET_AVX512 inline char* escape_block(__m512i block, std::uint64_t mask, std::size_t count,
                                              char* out) {
  for (std::size_t first = 0; first < count; first += kPartBytes) {
    out = escape_part(block, mask, first, std::min(kPartBytes, count - first), out);
  }
  return out;
}

}  // namespace

PIXEL_TARGET_AVX512 char* escape_avx512(std::string_view raw, char* out) noexcept {
  const char* in = raw.data();
  std::size_t left = raw.size();
  while (left > 0) {
    std::size_t count = std::min<std::size_t>(left, 64);
    const __mmask64 valid = ~std::uint64_t{0} >> (64 - count);
    const __m512i block = _mm512_maskz_loadu_epi8(valid, in);
    const std::uint64_t mask = escape_mask(block) & valid;
    if (mask != 0) {
      count = std::min(count, kBlockBytes);
      out = escape_block(block, mask, count, out);
    } else {
      _mm512_storeu_si512(out, block);
      out += count;
    }
    in += count;
    left -= count;
  }
  return out;
}

}  // namespace pixel::logfmt
#endif
