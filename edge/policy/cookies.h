// SPDX-License-Identifier: Apache-2.0
// One cookie out of a Cookie header. HOT; pure; borrows. Other people's cookies hold what the
// grammar forbids (JSON, spaces), so pairs are told apart by ';' alone (which no browser sends
// inside a value) and only the pair that is asked for is held to RFC 6265 section 4.1.1.
#pragma once

#include <optional>
#include <string_view>

namespace pixel::edge {

/// The value of the first pair called `name` (compared byte by byte) whose value is made of
/// cookie-octets, without the double quotes that may stand around it. Nothing when there is none;
/// an empty value is a value. REQUIRES: `name` is not empty.
std::optional<std::string_view> find_cookie(std::string_view header,
                                            std::string_view name) noexcept;

/// Whether there is a pair called `name`, whatever its value.
bool has_cookie(std::string_view header, std::string_view name) noexcept;

}  // namespace pixel::edge
