// SPDX-License-Identifier: Apache-2.0
// HOT: eight ids with AVX-512: the words of eight blocks are two registers, and a rotation is one
// instruction.
#include "logfmt/request_id_variants.h"

#if PIXEL_X86_64
#include <immintrin.h>

#include <array>

namespace pixel::logfmt {
namespace {

// For each byte of two ids' 32 characters: where it lies in a register of x words (0 to 63) and one
// of y words (64 to 127). Every four characters are made from three bytes of the block, b0 b1 b2,
// as b1 b0 b2 b1 (W. Mula, D. Lemire, "Base64 encoding and decoding at almost the speed of a memory
// copy", 2019). The block is x, then y, each big endian.
constexpr int kNoByte = 16;  // Behind the block: zero.
constexpr int byte_of_block(int character) {
  constexpr int kOrder[4] = {1, 0, 2, 1};
  const int byte = character / 4 * 3 + kOrder[character % 4];
  return byte < kNoByte ? byte : kNoByte;
}
constexpr std::array<std::uint8_t, 64> make_sources() {
  std::array<std::uint8_t, 64> sources{};
  for (int i = 0; i < 64; ++i) {
    const int byte = byte_of_block(i % 32);
    const int in_words = byte < 8 ? 7 - byte : 64 + 15 - byte;
    sources[static_cast<std::size_t>(i)] =
        static_cast<std::uint8_t>(byte == kNoByte ? 0 : i / 32 * 8 + in_words);
  }
  return sources;
}
constexpr std::uint64_t make_present() {
  std::uint64_t present = 0;
  for (int i = 0; i < 64; ++i) {
    present |= std::uint64_t{byte_of_block(i % 32) != kNoByte} << i;
  }
  return present;
}
alignas(64) constexpr std::array<std::uint8_t, 64> kSources = make_sources();
constexpr std::uint64_t kPresent = make_present();

// Two ids from words 2 * pair and 2 * pair + 1.
PIXEL_TARGET_AVX512 inline __m512i two_ids(__m512i x, __m512i y, int pair) {
  const __m512i sources = _mm512_add_epi8(_mm512_load_si512(kSources.data()),
                                          _mm512_set1_epi8(static_cast<char>(pair * 16)));
  const __m512i triples = _mm512_maskz_permutex2var_epi8(kPresent, x, sources, y);
  // Six bits from each of these places of 64; what is above them the next look-up ignores.
  const __m512i shifts = _mm512_set1_epi64(0x3036242a1016040a);
  // With a mask of everything: g++ 12 warns of the plain ones, whose headers use what they do not
  // set.
  constexpr auto kAll = ~__mmask64{0};
  return _mm512_maskz_permutexvar_epi8(kAll,
                                       _mm512_maskz_multishift_epi64_epi8(kAll, shifts, triples),
                                       _mm512_load_si512(kIdAlphabet));
}

}  // namespace

PIXEL_TARGET_AVX512 void write_eight_avx512(std::uint64_t left, std::uint64_t sequence,
                                            const SpeckKeys& keys, char* out) noexcept {
  __m512i x = _mm512_set1_epi64(static_cast<long long>(left));
  __m512i y = _mm512_add_epi64(_mm512_set1_epi64(static_cast<long long>(sequence)),
                               _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
  for (const std::uint64_t key : keys) {
    x = _mm512_xor_si512(_mm512_add_epi64(_mm512_ror_epi64(x, 8), y),
                         _mm512_set1_epi64(static_cast<long long>(key)));
    y = _mm512_xor_si512(_mm512_rol_epi64(y, 3), x);
  }
  for (int pair = 0; pair < 4; ++pair) {
    _mm512_storeu_si512(out + 2 * kIdStrideBytes * static_cast<std::size_t>(pair),
                        two_ids(x, y, pair));
  }
}

}  // namespace pixel::logfmt
#endif
