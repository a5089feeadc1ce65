// SPDX-License-Identifier: Apache-2.0
// Undoes percent-encoding. COLD: for tools and tests; the shipper decodes into its own arena.
#pragma once

#include <string>
#include <string_view>

namespace pixel::logfmt {

/// The value of a hexadecimal digit of either case; -1 for any other character.
constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// The byte that `text` begins with as %XX, or -1 where it does not.
constexpr int leading_percent_byte(std::string_view text) noexcept {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = hex_digit(text[1]);
  const int low = hex_digit(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/// Decodes each %XX once; a '%' not followed by two hexadecimal digits stays as it is.
std::string unescape(std::string_view text);
/// The same, appended to `out` without allocating when it has room.
void unescape_append(std::string_view text, std::string& out);

}  // namespace pixel::logfmt
