// SPDX-License-Identifier: Apache-2.0
// See request_id.h. HOT encode: no branches, no allocation.
// Plain block: x = node 16 | worker 16 | boot 32, y = sequence. The 16 bytes written as base64url
// are the encrypted x, then y, each big endian.
#include "logfmt/request_id.h"

#include <array>
#include <cstring>

#include "logfmt/cpu.h"
#include "logfmt/speck128.h"

#if PIXEL_X86_64
#include <immintrin.h>
#endif

namespace pixel::logfmt {
namespace {

// The paper's appendix C, Speck128/128.
static_assert(speck_encrypt({0x6c61766975716520, 0x7469206564616d20},
                            speck_expand({0x0f0e0d0c0b0a0908, 0x0706050403020100})) ==
              SpeckBlock{0xa65d985179783265, 0x7860fedf5c570d18});

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNoDigit = 255;

constexpr std::array<std::uint8_t, 256> make_digits() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::uint8_t i = 0; i < 64; ++i) digits[static_cast<unsigned char>(kAlphabet[i])] = i;
  return digits;
}
constexpr std::array<std::uint8_t, 256> kDigits = make_digits();

constexpr std::uint64_t read_little_endian(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  for (int i = 7; i >= 0; --i) word = word << 8 | bytes[i];
  return word;
}

std::uint64_t left_word(const RequestSequence& plain) noexcept {
  return std::uint64_t{plain.node} << 48 | std::uint64_t{plain.worker} << 32 |
         std::uint64_t{plain.boot};
}

// 128 bits as 22 digits of 6: ten from x, one that straddles both words, ten from y, and the last
// two bits followed by four zeros.
inline void put_digits(const SpeckBlock& block, char* out) noexcept {
  for (std::size_t i = 0; i < 10; ++i) out[i] = kAlphabet[(block.x >> (58 - 6 * i)) & 63];
  out[10] = kAlphabet[(block.x & 15) << 2 | block.y >> 62];
  for (std::size_t i = 0; i < 10; ++i) out[11 + i] = kAlphabet[(block.y >> (56 - 6 * i)) & 63];
  out[21] = kAlphabet[(block.y & 3) << 4];
}

#if PIXEL_X86_64
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
  for (std::size_t i = 0; i < 4; ++i) put_digits_avx2(x[i], y[i], out + i * kRequestIdBytes);
}

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
  put_four(second, out + 4 * kRequestIdBytes);
}
#endif

}  // namespace

RequestIdCipher::RequestIdCipher(const std::array<std::uint8_t, kNodeKeyBytes>& key) noexcept
    : round_keys_(speck_expand({read_little_endian(&key[8]), read_little_endian(&key[0])})) {}

void RequestIdCipher::encode(const RequestSequence& plain, char* out) const noexcept {
  put_digits(speck_encrypt({left_word(plain), plain.sequence}, round_keys_), out);
}

void RequestIdCipher::encode_eight(const RequestSequence& plain, char* out) const noexcept {
#if PIXEL_X86_64
  static const bool has_avx2 = cpu_has_avx2();
  if (has_avx2) return write_eight_avx2(left_word(plain), plain.sequence, round_keys_, out);
#endif
  RequestSequence each = plain;
  for (std::size_t i = 0; i < 8; ++i, ++each.sequence) encode(each, out + i * kRequestIdBytes);
}

std::optional<RequestSequence> RequestIdCipher::decode(std::string_view text) const noexcept {
  if (text.size() != kRequestIdBytes) return std::nullopt;
  std::array<std::uint64_t, kRequestIdBytes> digits{};
  for (std::size_t i = 0; i < digits.size(); ++i) {
    digits[i] = kDigits[static_cast<unsigned char>(text[i])];
    if (digits[i] == kNoDigit) return std::nullopt;
  }
  // The unused bits of the last digit must be 0: each id has one spelling.
  if ((digits[21] & 15) != 0) return std::nullopt;
  SpeckBlock block{0, 0};
  for (std::size_t i = 0; i < 10; ++i) block.x = block.x << 6 | digits[i];
  block.x = block.x << 4 | digits[10] >> 2;
  block.y = digits[10] & 3;
  for (std::size_t i = 11; i < 21; ++i) block.y = block.y << 6 | digits[i];
  block.y = block.y << 2 | digits[21] >> 4;
  block = speck_decrypt(block, round_keys_);
  return RequestSequence{static_cast<std::uint16_t>(block.x >> 48),
                         static_cast<std::uint16_t>(block.x >> 32),
                         static_cast<std::uint32_t>(block.x), block.y};
}

}  // namespace pixel::logfmt
