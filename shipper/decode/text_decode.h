// SPDX-License-Identifier: Apache-2.0
// Field bytes -> text a warehouse takes: %XX undone, and what is not UTF-8, or is NUL, replaced by
// U+FFFD (databases refuse either; the line itself stays in the log). Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/find_byte.h"
#include "shipper/decode/row_block.h"
#include "shipper/decode/text_arena.h"

namespace pixel::shipper {

/// Bytes of the longest well-formed UTF-8 prefix without NUL (RFC 3629: no surrogates, nothing
/// above U+10FFFF, shortest form).
std::size_t valid_text_prefix(std::string_view text) noexcept;

/// `text` itself where it is valid, else a copy in `arena` with one U+FFFD for each maximal bad
/// part (Unicode 15, section 3.9).
std::string_view make_valid_text(std::string_view text, TextArena& arena);

/// Undoes %XX once; a '%' without two hexadecimal digits stays. The result lies in `text` where
/// nothing was encoded, else in `arena`. It may hold any byte.
std::string_view percent_decode(std::string_view text, TextArena& arena);

/// True where a value was encoded twice, as far as it shows: it has a '%', and every one begins a
/// "%25XX". A value with any byte that is encoded once ("%20") was not.
bool is_encoded_twice(std::string_view text) noexcept;

/// percent_decode, once or twice.
std::string_view log_decode(std::string_view text, DecodeMode mode, TextArena& arena);

/// log_text() of a field whose first '%' lies at `first`.
std::string_view encoded_log_text(std::string_view field, std::size_t first, DecodeMode mode,
                                  bool is_plain, TextArena& arena);

/// log_decode, then make_valid_text, in one pass where that can be. `is_plain`: no byte of the
/// field is NUL or above 127. Most fields have no '%': for them it is no call.
inline std::string_view log_text(std::string_view field, DecodeMode mode, bool is_plain,
                                 TextArena& arena) {
  const std::size_t first = base::find_byte(field, '%');
  if (first != std::string_view::npos) {
    return encoded_log_text(field, first, mode, is_plain, arena);
  }
  return is_plain ? field : make_valid_text(field, arena);
}

/// application/x-www-form-urlencoded: as percent_decode, and '+' is a space.
std::string_view form_decode(std::string_view text, TextArena& arena);

}  // namespace pixel::shipper
