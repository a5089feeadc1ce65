// SPDX-License-Identifier: Apache-2.0
// Rows that may be stored already: only those that are not become rows. COLD; the delivering
// thread.
#pragma once

#include "base/result.h"
#include "shipper/decode/row_block.h"
#include "shipper/sinks/duckdb/duckdb_handle.h"

namespace pixel::shipper::duckdb {

/// Adds those rows whose place (_segment and _offset) the table does not hold, in the connection's
/// transaction. An error where the table has no lineage: nobody could tell.
base::Status add_missing_rows(Connection& connection, const TableSpec& table, const RowBlock& rows);

}  // namespace pixel::shipper::duckdb
