// SPDX-License-Identifier: Apache-2.0
// See query_data.h. HOT by thread; pure.
#include "edge/events/query_data.h"

namespace pixel::edge {
namespace {

constexpr std::string_view kName = "data";

// -1 where `c` is no hexadecimal digit.
int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::optional<std::string_view> find_data_parameter(std::string_view query) noexcept {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size() < query.size() ? pair.size() + 1 : pair.size());
    if (!pair.starts_with(kName)) continue;
    if (pair.size() == kName.size()) return pair.substr(pair.size());
    if (pair[kName.size()] == '=') return pair.substr(kName.size() + 1);
  }
  return std::nullopt;
}

std::size_t decode_parameter(std::string_view raw, char* out) noexcept {
  const char* const begin = out;
  for (std::size_t at = 0; at < raw.size(); ++at) {
    char c = raw[at];
    if (c == '%' && at + 2 < raw.size()) {
      const int high = digit_of(raw[at + 1]);
      const int low = digit_of(raw[at + 2]);
      if (high >= 0 && low >= 0) {
        c = static_cast<char>(high * 16 + low);
        at += 2;
      }
    }
    *out++ = c == ' ' ? '+' : c;
  }
  return static_cast<std::size_t>(out - begin);
}

}  // namespace pixel::edge
