// SPDX-License-Identifier: Apache-2.0
// What the headers of proxies need of ASCII. HOT; pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace pixel::edge {

constexpr bool is_space(char byte) noexcept { return byte == ' ' || byte == '\t'; }

constexpr bool is_alphanumeric(char byte) noexcept {
  const char folded = static_cast<char>(byte | 0x20);
  return (byte >= '0' && byte <= '9') || (folded >= 'a' && folded <= 'z');
}

/// Without SP and HTAB at both ends.
constexpr std::string_view trim_space(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Whether `text` is `lower_case`, letters and no capital among them, in any case.
constexpr bool is_word(std::string_view text, std::string_view lower_case) noexcept {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool capital = text[i] >= 'A' && text[i] <= 'Z';
    if ((capital ? static_cast<char>(text[i] | 0x20) : text[i]) != lower_case[i]) return false;
  }
  return true;
}

/// Of a TLS version, a cipher, a host name: a letter, digit, '-', '_', '.', '+' or ':'.
constexpr bool is_name_byte(char byte) noexcept {
  return is_alphanumeric(byte) || byte == '-' || byte == '_' || byte == '.' || byte == '+' ||
         byte == ':';
}

constexpr bool is_name(std::string_view text) noexcept {
  for (const char byte : text) {
    if (!is_name_byte(byte)) return false;
  }
  return !text.empty();
}

}  // namespace pixel::edge
