// SPDX-License-Identifier: Apache-2.0
// Read-only SQL for people and pages at a PostgreSQL server or its relatives: one query, a bounded
// answer, as JSON. COLD; any thread, with a connection of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "shipper/transport/postgres_connection.h"

namespace pixel::shipper {

struct PgQueryLimits {
  std::size_t rows_max = 10'000;
  std::uint64_t timeout_ns = 30'000'000'000;
};

/// {"columns":[...],"rows":[[...],...],"truncated":false}. Numbers and booleans are JSON's own,
/// everything else is the server's text for it. One SELECT (or WITH, VALUES), in a read-only
/// transaction that the server ends when its time is over.
base::Result<std::string> answer_postgres_query(PostgresConnection& connection,
                                                std::string_view sql, const PgQueryLimits& limits);

/// The answer's rows as above. Pure.
std::string to_json(const PgTable& table, std::size_t rows_max);

}  // namespace pixel::shipper
