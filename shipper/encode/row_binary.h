// SPDX-License-Identifier: Apache-2.0
// Rows -> RowBinary as ClickHouse reads it: values one after the other, nothing between them, a
// NULL flag before each nullable one. Pure. Source: ClickHouse documentation, Formats,
// RowBinary.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/decode/row_block.h"
#include "shipper/encode/byte_buffer.h"
#include "shipper/encode/wire_column.h"

namespace pixel::shipper {

/// True where values of a column can be written as the wire type.
bool fits_wire(ColumnType type, const WireColumn& wire) noexcept;

/// "column status: 70000 does not fit the column's type"; "" where it fits, or where only the
/// server can tell.
std::string why_unfit(const ColumnSpec& column, const WireColumn& wire, const Cell& cell);

/// One thread; reuses its memory.
class RowBinary {
 public:
  /// REQUIRES: fits_wire for each pair.
  RowBinary(std::span<const ColumnSpec> columns, std::span<const WireColumn> wire);

  struct Unfit {
    std::uint32_t row = 0;
    std::string reason;  // See why_unfit.
  };

  /// The chosen rows, in the order given; valid until the next call. A row with a value that its
  /// column cannot hold is left out and named in unfit(). A NULL for a column that has none becomes
  /// its type's zero. REQUIRES: rows of these columns.
  std::string_view encode(const RowBlock& rows, std::span<const std::uint32_t> chosen);
  const std::vector<Unfit>& unfit() const noexcept { return unfit_; }

 private:
  struct Column {
    std::string name;
    ColumnType type;
    WireColumn wire;
  };
  bool write_row(const RowBlock& rows, std::uint32_t row, char*& out);

  std::vector<Column> columns_;
  std::vector<Unfit> unfit_;  // Of the last call.
  ByteBuffer buffer_;
};

}  // namespace pixel::shipper
