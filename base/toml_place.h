// SPDX-License-Identifier: Apache-2.0
// Where in a TOML file a byte of a string's value stands: escapes and the four kinds of quotes make
// that another place than the byte's own number. Pure; COLD. Source: TOML 1.0, "String".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pixel::base {

/// Both from 1; a column counts characters (code points), as TOML parsers and editors do.
struct TomlPlace {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool operator==(const TomlPlace&) const = default;
};

/// `begin` is where the string's opening quote stands in `text`; `offset` a byte of its value. An
/// offset at or beyond the value's end is its closing quote. `begin` itself where no string is.
TomlPlace place_in_string(std::string_view text, const TomlPlace& begin, std::size_t offset);

}  // namespace pixel::base
