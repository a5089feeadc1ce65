// SPDX-License-Identifier: Apache-2.0
// HOT: eight ids with AVX2, as two groups of four.
#include "logfmt/request_id_variants.h"

#if PIXEL_X86_64
#include <immintrin.h>

#include <cstring>

namespace pixel::logfmt {
namespace {

// Three bytes become four digits (W. Mula, D. Lemire, "Faster Base64 Encoding and Decoding Using
// AVX2 Instructions", 2018): 12 bytes in the low lane, the last 4 in the high one.
PIXEL_TARGET_AVX2 inline void put_digits_avx2(std::uint64_t x, std::uint64_t y, char* out) {
  const __m128i bytes = _mm_set_epi64x(static_cast<long long>(__builtin_bswap64(y)),
                                       static_cast<long long>(__builtin_bswap64(x)));
  const __m256i triples = _mm256_shuffle_epi8(
      _mm256_broadcastsi128_si256(bytes),
      _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 13, 12, 14, 13, -1, 15,
                       -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
  const __m256i high = _mm256_mulhi_epu16(_mm256_and_si256(triples, _mm256_set1_epi32(0x0fc0fc00)),
                                          _mm256_set1_epi32(0x04000040));
  const __m256i low = _mm256_mullo_epi16(_mm256_and_si256(triples, _mm256_set1_epi32(0x003f03f0)),
                                         _mm256_set1_epi32(0x01000010));
  const __m256i digits = _mm256_or_si256(high, low);
  // What to add to a digit: 0 for a-z, 1 to 10 for 0-9, 11 and 12 for '-' and '_', 13 for A-Z.
  const __m256i kinds = _mm256_or_si256(
      _mm256_subs_epu8(digits, _mm256_set1_epi8(51)),
      _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), digits), _mm256_set1_epi8(13)));
  const __m256i offsets = _mm256_broadcastsi128_si256(
      _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                    '0' - 52, '0' - 52, '0' - 52, '-' - 62, '_' - 63, 'A', 0, 0));
  const __m256i text = _mm256_add_epi8(digits, _mm256_shuffle_epi8(offsets, kinds));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(text));
  const long long rest = _mm_cvtsi128_si64(_mm256_extracti128_si256(text, 1));
  std::memcpy(out + 16, &rest, kRequestIdBytes - 16);
}

// The words of four blocks side by side. Two such groups take turns: neither waits for itself.
struct FourBlocks {
  __m256i x;
  __m256i y;
};

PIXEL_TARGET_AVX2 inline void round_of_four(FourBlocks& four, __m256i key) {
  // Bytes of each word one place down: a rotation by 8.
  const __m256i down = _mm256_setr_epi8(1, 2, 3, 4, 5, 6, 7, 0, 9, 10, 11, 12, 13, 14, 15, 8, 1, 2,
                                        3, 4, 5, 6, 7, 0, 9, 10, 11, 12, 13, 14, 15, 8);
  four.x = _mm256_xor_si256(_mm256_add_epi64(_mm256_shuffle_epi8(four.x, down), four.y), key);
  const __m256i turned =
      _mm256_or_si256(_mm256_slli_epi64(four.y, 3), _mm256_srli_epi64(four.y, 61));
  four.y = _mm256_xor_si256(turned, four.x);
}

PIXEL_TARGET_AVX2 inline FourBlocks four_from(std::uint64_t left, std::uint64_t sequence) {
  return {_mm256_set1_epi64x(static_cast<long long>(left)),
          _mm256_add_epi64(_mm256_set1_epi64x(static_cast<long long>(sequence)),
                           _mm256_setr_epi64x(0, 1, 2, 3))};
}

PIXEL_TARGET_AVX2 inline void put_four(const FourBlocks& four, char* out) {
  alignas(32) std::uint64_t x[4];
  alignas(32) std::uint64_t y[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(x), four.x);
  _mm256_store_si256(reinterpret_cast<__m256i*>(y), four.y);
  for (std::size_t i = 0; i < 4; ++i) put_digits_avx2(x[i], y[i], out + i * kIdStrideBytes);
}

}  // namespace

PIXEL_TARGET_AVX2 void write_eight_avx2(std::uint64_t left, std::uint64_t sequence,
                                        const SpeckKeys& keys, char* out) noexcept {
  FourBlocks first = four_from(left, sequence);
  FourBlocks second = four_from(left, sequence + 4);
  for (const std::uint64_t key : keys) {
    const __m256i wide = _mm256_set1_epi64x(static_cast<long long>(key));
    round_of_four(first, wide);
    round_of_four(second, wide);
  }
  put_four(first, out);
  put_four(second, out + 4 * kIdStrideBytes);
}

}  // namespace pixel::logfmt
#endif
