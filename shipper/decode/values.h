// SPDX-License-Identifier: Apache-2.0
// Text -> typed values, by hand: no locale, no allocation. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pixel::shipper {

/// An optional '-' and 1 to 19 digits that fit 64 bits; nothing else.
std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;

/// Decimal notation with an optional exponent; finite values only.
std::optional<double> parse_double(std::string_view text) noexcept;

/// true, false, 1, 0, yes, no, on, off (lower case).
std::optional<bool> parse_boolean(std::string_view text) noexcept;

/// "2026-11-20" and "18:52:00" -> microseconds since 1970 UTC. A calendar that does not exist
/// (month 13, 30 February, 24:00:00) is nothing; second 60 is.
std::optional<std::int64_t> parse_date_time(std::string_view date, std::string_view time) noexcept;

/// ISO 8601 "2026-11-20T18:52:00[.123456][Z]" (or a space for T), or Unix time in seconds or, from
/// 12 digits on, milliseconds -> microseconds.
std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept;

/// 32 hexadecimal digits with or without the four dashes of RFC 9562 -> 36 lower case characters at
/// `out`; false where it is something else.
bool write_uuid(std::string_view text, char* out) noexcept;

/// An IPv4 or IPv6 address as RFC 4291 and dotted decimal write it, without port, zone or brackets.
bool is_ip_address(std::string_view text) noexcept;

}  // namespace pixel::shipper
