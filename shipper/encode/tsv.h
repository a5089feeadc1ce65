// SPDX-License-Identifier: Apache-2.0
// Rows -> TabSeparated text as ClickHouse reads it. Pure.
// Source: ClickHouse documentation, Formats, TabSeparated: escapes, \N for NULL.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "shipper/decode/row_block.h"
#include "shipper/encode/byte_buffer.h"
#include "shipper/encode/value_text.h"
#include "shipper/encode/wire_column.h"

namespace pixel::shipper {

/// Times are written as Unix time: a date would be read in the server's time zone where the column
/// names none. One thread; reuses its memory.
class Tsv {
 public:
  /// `wire`: the destination's columns, one for each.
  Tsv(std::span<const ColumnSpec> columns, std::span<const WireColumn> wire);

  /// The chosen rows, in the order given; valid until the next call. A NULL for a column that has
  /// none becomes its type's zero. REQUIRES: rows of these columns.
  std::string_view encode(const RowBlock& rows, std::span<const std::uint32_t> chosen);

 private:
  struct Column {
    ColumnType type;
    WireColumn wire;
  };
  char* write_cell(const Column& column, const Cell& cell, char* out);
  char* write_time(const WireColumn& wire, std::int64_t us, char* out);
  char* write_text(const Column& column, std::string_view text, char* out);

  std::vector<Column> columns_;
  ByteBuffer buffer_;
  TimestampText timestamps_{TimestampText::Style::kUnix};
};

}  // namespace pixel::shipper
