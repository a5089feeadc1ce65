// SPDX-License-Identifier: Apache-2.0
// HOT: see query_names.h.
#include "edge/policy/query_names.h"

namespace pixel::edge {
namespace {

// -1: no hexadecimal digit.
int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char lower = static_cast<char>(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Takes the first decoded byte off `raw`; a '%' that begins no escape stands for itself. REQUIRES:
// raw is not empty.
char take_byte(std::string_view& raw) noexcept {
  const char first = raw.front();
  if (first == '%' && raw.size() >= 3) {
    const int high = hex_value(raw[1]);
    const int low = hex_value(raw[2]);
    if (high >= 0 && low >= 0) {
      raw.remove_prefix(3);
      return static_cast<char>(high * 16 + low);
    }
  }
  raw.remove_prefix(1);
  return first == '+' ? ' ' : first;
}

}  // namespace

std::optional<std::string_view> query_detail::value_if_decoded(std::string_view part,
                                                               std::string_view name) noexcept {
  for (const char byte : name) {
    if (part.empty() || part.front() == '=' || take_byte(part) != byte) return std::nullopt;
  }
  if (part.empty()) return part;
  if (part.front() != '=') return std::nullopt;
  return part.substr(1);
}

}  // namespace pixel::edge
