// SPDX-License-Identifier: Apache-2.0
// The parts of a raw query and their names. HOT; pure; borrows.
#pragma once

#include <optional>
#include <string_view>

namespace pixel::edge {

/// Takes the first part, "name=value", and the '&' behind it off `query`. REQUIRES: query is not
/// empty.
inline std::string_view take_query_part(std::string_view& query) noexcept {
  const std::size_t end = query.find('&');
  const std::string_view part = query.substr(0, end);
  query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
  return part;
}

namespace query_detail {
std::optional<std::string_view> value_if_decoded(std::string_view part,
                                                 std::string_view name) noexcept;
}  // namespace query_detail

/// The raw value of a part, if its name, once decoded (%XX is a byte, '+' a space; case matters),
/// is `name`; empty without '='. Nothing if it is called otherwise. REQUIRES: name is not empty.
inline std::optional<std::string_view> value_if_named(std::string_view part,
                                                      std::string_view name) noexcept {
  // Most parts are called otherwise, and their first byte says so: no '=' is searched for.
  if (part.empty()) return std::nullopt;
  const char first = part.front();
  if (first != name.front() && first != '%' && first != '+') return std::nullopt;
  return query_detail::value_if_decoded(part, name);
}

}  // namespace pixel::edge
