// SPDX-License-Identifier: Apache-2.0
// The parts of a raw query and their names. HOT; pure; borrows.
#pragma once

#include <string_view>

namespace pixel::edge {

/// One part, raw: "name=value". `value` is empty without '='.
struct QueryPart {
  std::string_view text;
  std::string_view name;
  std::string_view value;
};

/// Takes the first part and the '&' behind it off `query`. REQUIRES: query is not empty.
QueryPart take_query_part(std::string_view& query) noexcept;

/// Whether a raw name is `name` once decoded: %XX is a byte, '+' a space; case matters.
bool names_parameter(std::string_view raw_name, std::string_view name) noexcept;

}  // namespace pixel::edge
