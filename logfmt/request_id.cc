// SPDX-License-Identifier: Apache-2.0
// See request_id.h. HOT encode: no branches, no allocation.
// Plain block: x = node 16 | worker 16 | boot 32, y = sequence. The 16 bytes written as base64url
// are the encrypted x, then y, each big endian.
#include "logfmt/request_id.h"

#include <array>
#include <cstring>

#include "logfmt/request_id_variants.h"

namespace pixel::logfmt {
namespace {

// The paper's appendix C, Speck128/128.
static_assert(speck_encrypt({0x6c61766975716520, 0x7469206564616d20},
                            speck_expand({0x0f0e0d0c0b0a0908, 0x0706050403020100})) ==
              SpeckBlock{0xa65d985179783265, 0x7860fedf5c570d18});

constexpr std::uint8_t kNoDigit = 255;

constexpr std::array<std::uint8_t, 256> make_digits() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::uint8_t i = 0; i < 64; ++i) digits[static_cast<unsigned char>(kIdAlphabet[i])] = i;
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
  for (std::size_t i = 0; i < 10; ++i) out[i] = kIdAlphabet[(block.x >> (58 - 6 * i)) & 63];
  out[10] = kIdAlphabet[(block.x & 15) << 2 | block.y >> 62];
  for (std::size_t i = 0; i < 10; ++i) out[11 + i] = kIdAlphabet[(block.y >> (56 - 6 * i)) & 63];
  out[21] = kIdAlphabet[(block.y & 3) << 4];
}

}  // namespace

RequestIdCipher::RequestIdCipher(const std::array<std::uint8_t, kNodeKeyBytes>& key) noexcept
    : round_keys_(speck_expand({read_little_endian(&key[8]), read_little_endian(&key[0])})) {}

void RequestIdCipher::encode(const RequestSequence& plain, char* out) const noexcept {
  put_digits(speck_encrypt({left_word(plain), plain.sequence}, round_keys_), out);
}

void RequestIdCipher::encode_eight(const RequestSequence& plain, char* out) const noexcept {
#if PIXEL_X86_64
  static WriteEight* const write = base::cpu_has_avx512()
                                       ? write_eight_avx512
                                       : (base::cpu_has_avx2() ? write_eight_avx2 : nullptr);
  if (write != nullptr) return write(left_word(plain), plain.sequence, round_keys_, out);
#endif
  RequestSequence each = plain;
  for (std::size_t i = 0; i < 8; ++i, ++each.sequence) encode(each, out + i * kIdStrideBytes);
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
