// SPDX-License-Identifier: Apache-2.0
// What is read back: an answer to one SELECT as JSON, and what lies there by segment. COLD; any
// thread, with a connection of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/sinks/sink.h"
#include "shipper/transport/postgres_connection.h"

namespace pixel::shipper::postgres {

struct QueryLimits {
  std::size_t rows_max = 10'000;
  std::uint64_t timeout_ns = 30'000'000'000;
};

/// {"columns":[...],"rows":[[...],...],"truncated":false}. Numbers and booleans are JSON's own,
/// everything else is the server's text for it. One SELECT (or WITH, VALUES, TABLE), in a read-only
/// transaction that the server ends when its time is over.
base::Result<QueryAnswer> answer_query(PostgresConnection& connection, std::string_view sql,
                                       const QueryLimits& limits);

/// Counts per segment over the tables of one schema. An error when one has no lineage (_segment and
/// _offset).
base::Result<std::vector<Holding>> read_holdings(PostgresConnection& connection,
                                                 const std::string& schema,
                                                 const std::vector<TableSpec>& tables);

/// The answer's rows as above. Pure.
std::string to_json(const PgTable& table, std::size_t rows_max);

}  // namespace pixel::shipper::postgres
