// SPDX-License-Identifier: Apache-2.0
// HOT: escape() with AVX-512 VBMI2. Byte masks load tails without touching what follows; 16 bytes
// that need escaping become up to 48 with two expansions, without a loop over them.
#include "logfmt/escape_variants.h"

#if PIXEL_X86_64
#include <immintrin.h>

#include <bit>

namespace pixel::logfmt {
namespace {

// The table of escape_avx2.cc.
PIXEL_TARGET_AVX512 inline std::uint64_t escape_mask(__m512i v) {
  const __m512i rows =
      _mm512_broadcast_i32x4(_mm_setr_epi8(1, 1, 2, 4, 0, 8, 16, 32, 1, 1, 1, 1, 1, 1, 1, 1));
  const __m512i columns =
      _mm512_broadcast_i32x4(_mm_setr_epi8(19, 1, 3, 3, 1, 3, 1, 3, 1, 1, 1, 41, 45, 41, 45, 33));
  const __m512i low_half = _mm512_set1_epi8(15);
  const __m512i high = _mm512_and_si512(_mm512_srli_epi16(v, 4), low_half);
  const __m512i low = _mm512_and_si512(v, low_half);
  return _mm512_test_epi8_mask(_mm512_shuffle_epi8(rows, high), _mm512_shuffle_epi8(columns, low));
}

PIXEL_TARGET_AVX512 inline __m256i hex_digits(__m256i nibbles) {
  const __m256i digits = _mm256_broadcastsi128_si256(_mm_setr_epi8(
      '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'));
  return _mm256_shuffle_epi8(digits, nibbles);
}

// 16 bytes -> up to 48. Three slots per byte are laid out as {'%', high, low} where the byte needs
// escaping and {byte, -, -} where not; one compress drops the slots that hold nothing.
PIXEL_TARGET_AVX512 inline char* escape_16(__m128i block, std::uint32_t mask, std::size_t count,
                                           char* out) {
  const __m256i low_half = _mm256_set1_epi8(15);
  const __m256i wide = _mm256_zextsi128_si256(block);
  const __m256i high = hex_digits(_mm256_and_si256(_mm256_srli_epi16(wide, 4), low_half));
  const __m256i low = hex_digits(_mm256_and_si256(wide, low_half));
  const __m128i first =
      _mm_mask_blend_epi8(static_cast<__mmask16>(mask), block, _mm_set1_epi8('%'));
  constexpr std::uint64_t kEveryThird = 0x1249249249249249;
  const __m512i slots = _mm512_or_si512(
      _mm512_maskz_expand_epi8(kEveryThird, _mm512_zextsi128_si512(first)),
      _mm512_or_si512(_mm512_maskz_expand_epi8(kEveryThird << 1, _mm512_zextsi256_si512(high)),
                      _mm512_maskz_expand_epi8(kEveryThird << 2, _mm512_zextsi256_si512(low))));
  const std::uint64_t used_slots = std::uint64_t{1} << (3 * count);
  const std::uint64_t escaped = _pdep_u64(mask, kEveryThird);
  const std::uint64_t keep = (kEveryThird | escaped << 1 | escaped << 2) & (used_slots - 1);
  _mm512_storeu_si512(out, _mm512_maskz_compress_epi8(keep, slots));
  return out + std::popcount(keep);
}

// `count` <= 64 bytes of `block`.
PIXEL_TARGET_AVX512 inline char* escape_block(__m512i block, std::uint64_t mask, std::size_t count,
                                              char* out) {
  alignas(64) char bytes[64];
  _mm512_store_si512(bytes, block);
  for (std::size_t at = 0; at < count; at += 16) {
    const __m128i part = _mm_load_si128(reinterpret_cast<const __m128i*>(bytes + at));
    const std::size_t part_count = count - at < 16 ? count - at : 16;
    const auto part_mask = static_cast<std::uint32_t>(mask >> at & 0xFFFF);
    if (part_mask != 0) {
      out = escape_16(part, part_mask, part_count, out);
    } else {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), part);
      out += part_count;
    }
  }
  return out;
}

}  // namespace

PIXEL_TARGET_AVX512 char* escape_avx512(std::string_view raw, char* out) noexcept {
  const char* in = raw.data();
  std::size_t left = raw.size();
  while (left > 0) {
    const std::size_t count = left < 64 ? left : 64;
    const __mmask64 valid = ~std::uint64_t{0} >> (64 - count);
    const __m512i block = _mm512_maskz_loadu_epi8(valid, in);
    const std::uint64_t mask = escape_mask(block) & valid;
    if (mask != 0) {
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
