// SPDX-License-Identifier: Apache-2.0
// Any bytes -> the inside of a JSON string (RFC 8259, section 7). HOT by thread; pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace pixel::edge {

/// No byte becomes more than this many.
inline constexpr std::size_t kJsonGrowth = 6;

/// Writes `raw` escaped, and returns where it ends: quotes, backslashes and bytes below space as
/// escapes, UTF-8 as it is, each byte that is none as U+FFFD. Where that takes more than `room`
/// bytes it ends with the last character that fits, and `raw` is left with what did not.
char* write_json_text(std::string_view& raw, char* out, std::size_t room) noexcept;

/// The bytes that write_json_text would write without a bound.
std::size_t json_text_bytes(std::string_view raw) noexcept;

}  // namespace pixel::edge
