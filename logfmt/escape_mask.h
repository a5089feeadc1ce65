// SPDX-License-Identifier: Apache-2.0
// Which bytes of a register need escaping. HOT; inlined into the vector variants.
#pragma once

#include "base/cpu.h"

#if PIXEL_X86_64
#include <immintrin.h>

#include <cstdint>

namespace pixel::logfmt {

// A byte needs escaping when the row of its high half and the column of its low half share a bit:
// 1 every byte of rows 0, 1, 8-15; 2 row 2 (space " # % '); 4 row 3 (< >); 8 row 5 ([ \ ] ^);
// 16 row 6 (`); 32 row 7 ({ | } ~ DEL). escape_test.cc compares with must_escape for all 256.
alignas(16) inline constexpr std::uint8_t kEscapeRows[16] = {1, 1, 2, 4, 0, 8, 16, 32,
                                                             1, 1, 1, 1, 1, 1, 1,  1};
alignas(16) inline constexpr std::uint8_t kEscapeColumns[16] = {19, 1, 3, 3,  1,  3,  1,  3,
                                                                1,  1, 1, 41, 45, 41, 45, 33};

PIXEL_TARGET_AVX2 inline __m256i repeat_256(const std::uint8_t (&half)[16]) {
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(half)));
}
PIXEL_TARGET_AVX512 inline __m512i repeat_512(const std::uint8_t (&half)[16]) {
  return _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(half)));
}

/// Bit i is byte i's.
PIXEL_TARGET_AVX2 inline std::uint32_t escape_mask(__m256i bytes) {
  const __m256i low_half = _mm256_set1_epi8(15);
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low_half);
  const __m256i low = _mm256_and_si256(bytes, low_half);
  const __m256i hit = _mm256_and_si256(_mm256_shuffle_epi8(repeat_256(kEscapeRows), high),
                                       _mm256_shuffle_epi8(repeat_256(kEscapeColumns), low));
  const __m256i clean = _mm256_cmpeq_epi8(hit, _mm256_setzero_si256());
  return ~static_cast<std::uint32_t>(_mm256_movemask_epi8(clean));
}

PIXEL_TARGET_AVX512 inline std::uint64_t escape_mask(__m512i bytes) {
  const __m512i low_half = _mm512_set1_epi8(15);
  const __m512i high = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), low_half);
  const __m512i low = _mm512_and_si512(bytes, low_half);
  return _mm512_test_epi8_mask(_mm512_shuffle_epi8(repeat_512(kEscapeRows), high),
                               _mm512_shuffle_epi8(repeat_512(kEscapeColumns), low));
}

}  // namespace pixel::logfmt
#endif
