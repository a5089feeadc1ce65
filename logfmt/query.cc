// SPDX-License-Identifier: Apache-2.0
// See query.h.
#include "logfmt/query.h"

#include "logfmt/unescape.h"

namespace pixel::logfmt {
namespace {

// Takes the first decoded byte off `raw`. REQUIRES: raw is not empty.
char take_byte(std::string_view& raw) {
  const char first = raw[0];
  if (const int byte = leading_percent_byte(raw); byte >= 0) {
    raw.remove_prefix(3);
    return static_cast<char>(byte);
  }
  raw.remove_prefix(1);
  return first == '+' ? ' ' : first;
}

bool decodes_to(std::string_view raw, std::string_view name) {
  while (!raw.empty() && !name.empty()) {
    if (take_byte(raw) != name[0]) return false;
    name.remove_prefix(1);
  }
  return raw.empty() && name.empty();
}

}  // namespace

std::optional<std::string_view> find_query_parameter(std::string_view query,
                                                     std::string_view name) {
  std::optional<std::string_view> found;
  for_each_query_parameter(query, [&](std::string_view raw_name, std::string_view value) {
    if (!found && decodes_to(raw_name, name)) found = value;
  });
  return found;
}

std::string decode_query_value(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  while (!raw.empty()) out += take_byte(raw);
  return out;
}

}  // namespace pixel::logfmt
