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

QueryPart take_query_part(std::string_view& query) noexcept {
  const std::size_t end = query.find('&');
  const std::string_view text = query.substr(0, end);
  query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {text, text, {}};
  return {text, text.substr(0, equals), text.substr(equals + 1)};
}

bool names_parameter(std::string_view raw_name, std::string_view name) noexcept {
  if (raw_name.size() < name.size()) return false;  // Decoding never grows.
  while (!raw_name.empty() && !name.empty()) {
    if (take_byte(raw_name) != name.front()) return false;
    name.remove_prefix(1);
  }
  return raw_name.empty() && name.empty();
}

}  // namespace pixel::edge
