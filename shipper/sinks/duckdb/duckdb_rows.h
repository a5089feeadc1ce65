// SPDX-License-Identifier: Apache-2.0
// Decoded rows -> DuckDB's vectors, one column at a time. Warm: every cell passes here once.
// The delivering thread; borrows the rows for the call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"
#include "shipper/sinks/duckdb/duckdb_handle.h"

namespace pixel::shipper::duckdb {

/// DuckDB's type of a column: VARCHAR, BIGINT, DOUBLE, BOOLEAN, TIMESTAMP (UTC).
std::string_view sql_type(ColumnType type) noexcept;
OwnedType logical_type(ColumnType type);

/// Some rows of a block: all of them from `first`, or those whose numbers `selection` lists.
struct RowSlice {
  const RowBlock* rows = nullptr;
  const std::uint32_t* selection = nullptr;  // Nothing: the rows themselves, in order.
  std::size_t first = 0;
  std::size_t count = 0;  // At most duckdb_vector_size().
};

/// Writes the slice's cells of one column into a vector of logical_type(type). Text that is not
/// UTF-8 is repaired: DuckDB trusts its VARCHARs.
void fill_vector(duckdb_vector vector, ColumnType type, const CellColumn& cells,
                 const RowSlice& slice);

/// Appends all rows to a table in the connection's transaction, through DuckDB's appender; columns
/// of the stored table that `table` does not name become NULL.
base::Status append_rows(Connection& connection, const TableSpec& table, const RowBlock& rows);

}  // namespace pixel::shipper::duckdb
