// SPDX-License-Identifier: Apache-2.0
// The byte classes of the HTTP grammar, one table. HOT; constants only. The vector scans must agree
// with it: tests/unit/edge/http/scan_test.cc compares them byte by byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pixel::edge {

inline constexpr std::uint8_t kTokenByte = 1;      // tchar, RFC 9110 section 5.6.2.
inline constexpr std::uint8_t kValueEndByte = 2;   // A control that no field value may hold.
inline constexpr std::uint8_t kTargetEndByte = 4;  // Ends a target or its path.
inline constexpr std::uint8_t kHostByte = 8;       // reg-name: RFC 3986 section 3.2.2.
inline constexpr std::uint8_t kLiteralByte = 16;   // Inside "[...]", RFC 3986 section 3.2.2.
inline constexpr std::uint8_t kDigitByte = 32;

namespace byte_class_detail {

constexpr bool is_one_of(char byte, std::string_view set) {
  return set.find(byte) != std::string_view::npos;
}

constexpr std::uint8_t classify(unsigned value) {
  const char byte = static_cast<char>(value);
  const bool digit = byte >= '0' && byte <= '9';
  const bool alpha = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  const bool alnum = digit || alpha;
  unsigned result = 0;
  if (alnum || is_one_of(byte, "!#$%&'*+-.^_`|~")) result |= kTokenByte;
  if ((value < 0x20 && byte != '\t') || value == 0x7f) result |= kValueEndByte;
  if (value <= 0x20 || value == 0x7f || byte == '#' || byte == '?') result |= kTargetEndByte;
  if (alnum || is_one_of(byte, "-._~%!$&'()*+,;=")) result |= kHostByte;
  if (alnum || is_one_of(byte, ":.-_~!$&'()*+,;=")) result |= kLiteralByte;
  if (digit) result |= kDigitByte;
  return static_cast<std::uint8_t>(result);
}

constexpr std::array<std::uint8_t, 256> make_table() {
  std::array<std::uint8_t, 256> table{};
  for (unsigned value = 0; value < 256; ++value) table[value] = classify(value);
  return table;
}

}  // namespace byte_class_detail

inline constexpr std::array<std::uint8_t, 256> kByteClass = byte_class_detail::make_table();

/// Whether `byte` has one of the classes in `classes`.
constexpr bool has_class(char byte, std::uint8_t classes) noexcept {
  return (kByteClass[static_cast<unsigned char>(byte)] & classes) != 0;
}

/// Whether every byte of `text` has one of the classes in `classes`; true for no bytes.
constexpr bool all_have_class(std::string_view text, std::uint8_t classes) noexcept {
  for (const char byte : text) {
    if (!has_class(byte, classes)) return false;
  }
  return true;
}

/// How many bytes at the beginning of `text` have one of the classes in `classes`.
constexpr std::size_t count_leading(std::string_view text, std::uint8_t classes) noexcept {
  const auto class_of = [text](std::size_t at) {
    return kByteClass[static_cast<unsigned char>(text[at])];
  };
  std::size_t count = 0;
  // Four at once: this looks at a host for each request.
  for (; text.size() - count >= 4; count += 4) {
    const unsigned common =
        class_of(count) & class_of(count + 1) & class_of(count + 2) & class_of(count + 3);
    if ((common & classes) == 0) break;
  }
  while (count < text.size() && has_class(text[count], classes)) ++count;
  return count;
}

/// Without SP and HTAB at both ends (OWS, RFC 9110 section 5.6.3).
constexpr std::string_view trim_ows(std::string_view text) noexcept {
  // What everybody sends: one space, then text.
  if (text.size() >= 2 && text[0] == ' ' && text[1] > ' ' && text.back() > ' ') [[likely]] {
    return text.substr(1);
  }
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace pixel::edge
