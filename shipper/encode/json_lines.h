// SPDX-License-Identifier: Apache-2.0
// Rows -> JSON lines (RFC 8259, one object per row, a newline after each). Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/decode/row_block.h"
#include "shipper/encode/byte_buffer.h"
#include "shipper/encode/value_text.h"

namespace pixel::shipper {

/// Changes whenever the same rows would become other bytes. Sinks whose batches are journaled pass
/// it on as their encoder_version.
inline constexpr std::uint32_t kJsonLinesVersion = 1;

/// Writes rows with the column names as keys, in their order. NULL is null, a timestamp the text
/// "2026-11-20T18:52:00Z" (with six decimals where it has any). One thread; reuses its memory.
class JsonLines {
 public:
  /// `label`: first in each object as "_table", where it is not empty.
  explicit JsonLines(std::span<const ColumnSpec> columns, std::string_view label = "");

  /// The lines of rows [from, to); valid until the next call. REQUIRES: rows of these columns.
  std::string_view encode(const RowBlock& rows, std::size_t from, std::size_t to);
  std::string_view encode(const RowBlock& rows) { return encode(rows, 0, rows.row_count); }

 private:
  // Padded to whole blocks of 16, which copy faster than a size that only the run knows.
  struct Key {
    std::string before_value;  // `,"name":`, with the opening quote of a text.
    std::size_t value_bytes = 0;
    std::string null_pair;  // `,"name":null`
    std::size_t null_bytes = 0;
    ColumnType type = ColumnType::kVarchar;
  };
  char* write_row(std::size_t row, char* out);
  char* write_value(ColumnType type, const Cell& cell, char* out);

  std::vector<Key> keys_;
  std::vector<const Cell*> cells_;  // First cell of each column of the block at hand.
  std::size_t fixed_bytes_ = 0;     // Of a row without its texts, at most.
  ByteBuffer buffer_;
  TimestampText timestamps_{TimestampText::Style::kIso};
};

/// Whole JSON lines as one JSON array in place of what `out` held.
void to_json_array(std::string_view lines, std::string& out);

}  // namespace pixel::shipper
