// SPDX-License-Identifier: Apache-2.0
// Errors of the policy's options, as an operator reads them: "key: what was expected". COLD.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "base/result.h"

namespace pixel::edge {

template <class... Arguments>
base::Error option_error(std::string_view key, fmt::format_string<Arguments...> format,
                         Arguments&&... arguments) {
  return base::Error{
      fmt::format("{}: {}", key, fmt::format(format, std::forward<Arguments>(arguments)...))};
}

/// A token (RFC 6265 section 4.1.1, RFC 9110 section 5.6.2).
inline bool is_cookie_name(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  for (const char byte : name) {
    const bool alnum = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z');
    if (!alnum && kMarks.find(byte) == std::string_view::npos) return false;
  }
  return !name.empty();
}

}  // namespace pixel::edge
