// SPDX-License-Identifier: Apache-2.0
// Parameters of a query string as clients write them: a=1&b=2. Pure; borrows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pixel::logfmt {

/// The raw value (still percent-encoded) of the first parameter called `name`, "" for `a` without
/// '='; nothing when absent. Names are compared after decoding. `query` has no leading '?'.
std::optional<std::string_view> find_query_parameter(std::string_view query, std::string_view name);

/// Calls visit(name, value), both raw, for each parameter in order; empty parts are skipped.
template <class Visit>
void for_each_query_parameter(std::string_view query, Visit&& visit) {
  while (!query.empty()) {
    const std::size_t amp = query.find('&');
    const std::string_view part = query.substr(0, amp);
    query.remove_prefix(amp == std::string_view::npos ? query.size() : amp + 1);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    visit(part.substr(0, equals),
          equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1));
  }
}

/// application/x-www-form-urlencoded: '+' is a space, %XX a byte.
std::string decode_query_value(std::string_view raw);

}  // namespace pixel::logfmt
