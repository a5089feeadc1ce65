// SPDX-License-Identifier: Apache-2.0
// A text -> the cell of a typed column. Pure but for the arena; any thread.
#pragma once

#include <string_view>

#include "shipper/decode/row_block.h"
#include "shipper/decode/text_arena.h"

namespace pixel::shipper {

inline void set_text(Cell& cell, std::string_view text) noexcept {
  cell.null = false;
  cell.data = text.data();
  cell.size = static_cast<std::uint32_t>(text.size());
}

inline void set_integer(Cell& cell, std::int64_t value) noexcept {
  cell.null = false;
  cell.size = 0;
  cell.integer = value;
}

/// False where the text is no value of the type; the cell is NULL then. `text` must live as long as
/// the cell and, for a text column, be valid text.
bool convert_text(ColumnType type, std::string_view text, TextArena& arena, Cell& cell);

/// A raw JSON value: a JSON column keeps it as it stands, any other takes what a string says, a
/// number's digits, true or false; JSON's null is NULL, and an object or array the text of itself
/// for a text column, no value for another.
bool convert_json(ColumnType type, std::string_view value, TextArena& arena, Cell& cell);

/// Completes "not ...": "an integer".
std::string_view expected_value(ColumnType type) noexcept;

/// The default as a cell; its text is copied to `arena`. NULL where there is none.
Cell default_cell(const ColumnSpec& column, TextArena& arena);

}  // namespace pixel::shipper
