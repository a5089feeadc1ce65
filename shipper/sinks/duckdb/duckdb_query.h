// SPDX-License-Identifier: Apache-2.0
// Read-only SQL for people and pages: one SELECT, a bounded answer, as JSON. COLD; any thread, with
// a connection of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"
#include "shipper/sinks/duckdb/duckdb_handle.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper::duckdb {

struct QueryLimits {
  std::size_t rows_max = 10'000;
  std::uint64_t timeout_ns = 30'000'000'000;
};

/// {"columns":[...],"rows":[[...],...],"truncated":false}. Numbers and booleans are JSON's own,
/// everything else is DuckDB's text for it. Anything but one SELECT (or DESCRIBE, SHOW, SUMMARIZE)
/// is an error, and so is a query that takes longer than the limit. What the query may reach is
/// decided by the options of the connection's database.
base::Result<QueryAnswer> answer_query(Connection& connection, std::string_view sql,
                                       const QueryLimits& limits);

/// Counts per segment over the tables (by name; views will do). An error when one has no lineage
/// (_segment and _offset).
base::Result<std::vector<Holding>> read_holdings(Connection& connection,
                                                 const std::vector<TableSpec>& tables);

}  // namespace pixel::shipper::duckdb
