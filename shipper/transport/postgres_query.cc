// SPDX-License-Identifier: Apache-2.0
// COLD: see postgres_query.h.
#include "shipper/transport/postgres_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace pixel::shipper {
namespace {

// Numbers of types in pg_type.dat; they never change.
constexpr Oid kBool = 16;
constexpr Oid kNumbers[] = {20, 21, 23, 26, 700, 701, 1700};  // Integers, oid, floats, numeric.

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_value(const std::optional<std::string>& value, Oid type) {
  if (!value) return "null";
  if (type == kBool) return *value == "t" ? "true" : "false";
  if (std::find(std::begin(kNumbers), std::end(kNumbers), type) == std::end(kNumbers)) {
    return json_text(*value);
  }
  // JSON has no Infinity and no NaN.
  return value->find_first_of("IN") == std::string::npos ? *value : "null";
}

PgResult<PgTable> fetch(PostgresConnection& connection, std::string_view sql,
                        const PgQueryLimits& limits) {
  const std::uint64_t timeout_ms =
      std::max<std::uint64_t>(1, limits.timeout_ns / base::kMillisecondNs);
  auto begun = connection.run(
      fmt::format("BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout TO {}", timeout_ms));
  if (!begun) return begun;
  // A cursor takes nothing but a query, and alone in its message nothing can follow it.
  auto declared = connection.run_single(fmt::format("DECLARE answer CURSOR FOR {}", sql));
  if (!declared) return declared;
  return connection.run(fmt::format("FETCH {} FROM answer", limits.rows_max + 1));
}

}  // namespace

std::string to_json(const PgTable& table, std::size_t rows_max) {
  std::string json = "{\"columns\":[";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    json += (i == 0 ? "" : ",") + json_text(table.columns[i]);
  }
  json += "],\"rows\":[";
  const std::size_t row_count = std::min(table.rows.size(), rows_max);
  for (std::size_t row = 0; row < row_count; ++row) {
    json += row == 0 ? "[" : ",[";
    for (std::size_t i = 0; i < table.types.size(); ++i) {
      if (i != 0) json += ',';
      json += json_value(table.rows[row][i], table.types[i]);
    }
    json += ']';
  }
  json += fmt::format("],\"truncated\":{}}}", table.rows.size() > rows_max);
  return json;
}

base::Result<std::string> answer_postgres_query(PostgresConnection& connection,
                                                std::string_view sql, const PgQueryLimits& limits) {
  auto table = fetch(connection, sql, limits);
  if (!table) return table.error().to_error();
  return to_json(*table, limits.rows_max);
}

}  // namespace pixel::shipper
