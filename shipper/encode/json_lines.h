// SPDX-License-Identifier: Apache-2.0
// Rows -> JSON lines (RFC 8259, one object per row, a newline after each). Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/decode/row_block.h"

namespace pixel::shipper {

/// Writes rows with the column names as keys, in their order. NULL is null, a timestamp the text
/// "2026-11-20T18:52:00Z" (with six decimals where it has any). One thread; reuses its memory.
class JsonLines {
 public:
  /// `label`: first in each object as "_table", where it is not empty.
  explicit JsonLines(std::span<const ColumnSpec> columns, std::string_view label = "");

  /// The lines of all rows; valid until the next call. REQUIRES: rows of these columns.
  std::string_view encode(const RowBlock& rows);

 private:
  char* write_cell(std::size_t column, const Cell& cell, char* out);
  void make_room(std::size_t used, std::size_t bytes);

  std::vector<ColumnType> types_;
  std::vector<std::string> keys_;  // ,"name": and what stands before it
  std::vector<char> buffer_;
  std::int64_t last_second_ = -1;  // Of the timestamp in last_text_.
  std::string last_text_;
};

}  // namespace pixel::shipper
