// SPDX-License-Identifier: Apache-2.0
// Fixed-width upper case hexadecimal numbers in file names: text order is number order. COLD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pixel::logfmt {

/// Writes the low `digits` hexadecimal digits of `value`.
inline void write_hex(char* out, std::uint64_t value, std::size_t digits) noexcept {
  for (std::size_t i = digits; i > 0; --i) {
    *out++ = "0123456789ABCDEF"[(value >> (4 * (i - 1))) & 15];
  }
}

/// Appends them.
inline void append_hex(std::string& text, std::uint64_t value, std::size_t digits) {
  text.resize(text.size() + digits);
  write_hex(text.data() + text.size() - digits, value, digits);
}

/// The number; nothing where a character is not 0-9 or A-F: each number has one spelling.
/// REQUIRES: at most 16 digits.
inline std::optional<std::uint64_t> parse_hex(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    const bool decimal = c >= '0' && c <= '9';
    if (!decimal && !(c >= 'A' && c <= 'F')) return std::nullopt;
    value = value << 4 | static_cast<std::uint64_t>(decimal ? c - '0' : c - 'A' + 10);
  }
  return value;
}

}  // namespace pixel::logfmt
