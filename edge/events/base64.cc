// SPDX-License-Identifier: Apache-2.0
// See base64.h. HOT by thread; pure.
#include "edge/events/base64.h"

#include <array>
#include <cstdint>

namespace pixel::edge {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  values['-'] = 62;
  values['_'] = 63;
  return values;
}
constexpr std::array<std::uint8_t, 256> kValues = make_values();

std::uint32_t byte_at(std::string_view raw, std::size_t at) noexcept {
  return static_cast<std::uint8_t>(raw[at]);
}

}  // namespace

char* encode_base64(std::string_view raw, char* out) noexcept {
  std::size_t at = 0;
  for (; at + 3 <= raw.size(); at += 3) {
    const std::uint32_t bits =
        byte_at(raw, at) << 16 | byte_at(raw, at + 1) << 8 | byte_at(raw, at + 2);
    *out++ = kAlphabet[bits >> 18];
    *out++ = kAlphabet[bits >> 12 & 63];
    *out++ = kAlphabet[bits >> 6 & 63];
    *out++ = kAlphabet[bits & 63];
  }
  const std::size_t left = raw.size() - at;
  if (left == 0) return out;
  const std::uint32_t bits = byte_at(raw, at) << 16 | (left == 2 ? byte_at(raw, at + 1) << 8 : 0);
  *out++ = kAlphabet[bits >> 18];
  *out++ = kAlphabet[bits >> 12 & 63];
  *out++ = left == 2 ? kAlphabet[bits >> 6 & 63] : '=';
  *out++ = '=';
  return out;
}

std::optional<std::size_t> decode_base64(std::string_view text, char* out) noexcept {
  // Padding only where it makes whole quadruples: one or two characters.
  if (text.size() % 4 == 0) {
    if (text.ends_with('=')) text.remove_suffix(1);
    if (text.ends_with('=')) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  char* const begin = out;
  std::uint32_t bits = 0;
  std::uint32_t bits_count = 0;
  for (const char c : text) {
    const std::uint8_t value = kValues[static_cast<std::uint8_t>(c)];
    if (value == kNoDigit) return std::nullopt;
    bits = bits << 6 | value;
    bits_count += 6;
    if (bits_count < 8) continue;
    bits_count -= 8;
    *out++ = static_cast<char>(bits >> bits_count);
  }
  return static_cast<std::size_t>(out - begin);
}

}  // namespace pixel::edge
