// SPDX-License-Identifier: Apache-2.0
// COLD: see postgres_query.h.
#include "shipper/sinks/postgres/postgres_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "shipper/sinks/postgres/postgres_schema.h"
#include "shipper/sinks/postgres/postgres_verdict.h"

namespace pixel::shipper::postgres {
namespace {

// Numbers of types in pg_type.dat; they never change.
constexpr Oid kBool = 16;
constexpr Oid kNumbers[] = {20,  21,  23,  26,
                            700, 701, 1700};  // int8, int2, int4, oid, floats, numeric

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

// "SELECT _segment, _offset, count(*)" by place in one table.
base::Result<std::string> places_of(const std::string& schema, const TableSpec& table) {
  const std::size_t segment = table.find(ColumnSource::kSegment);
  const std::size_t offset = table.find(ColumnSource::kOffset);
  if (std::max(segment, offset) >= table.columns.size()) {
    return base::Error{fmt::format(
        "table {} has no lineage columns: nothing can be read back by segment", table.name)};
  }
  return fmt::format("SELECT {} AS segment, {} AS place, count(*) AS copies FROM {} GROUP BY 1, 2",
                     pg_name(table.columns[segment].name), pg_name(table.columns[offset].name),
                     qualified(schema, table.name));
}

std::uint64_t number_of(const std::optional<std::string>& text) {
  std::uint64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

PgResult<PgTable> fetch(PostgresConnection& connection, std::string_view sql,
                        const QueryLimits& limits) {
  auto begun =
      connection.run(fmt::format("BEGIN TRANSACTION READ ONLY; SET LOCAL "
                                 "statement_timeout = {}",
                                 std::max<std::uint64_t>(1, limits.timeout_ns / 1'000'000)));
  if (!begun) return begun;
  // A cursor takes nothing but a query, and alone in its message nothing can follow it.
  auto declared = connection.run_single(fmt::format("DECLARE answer NO SCROLL CURSOR FOR {}", sql));
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

base::Result<QueryAnswer> answer_query(PostgresConnection& connection, std::string_view sql,
                                       const QueryLimits& limits) {
  auto table = fetch(connection, sql, limits);
  if (!table) return table.error().to_error();
  return QueryAnswer{to_json(*table, limits.rows_max)};
}

base::Result<std::vector<Holding>> read_holdings(PostgresConnection& connection,
                                                 const std::string& schema,
                                                 const std::vector<TableSpec>& tables) {
  std::string places;
  for (const TableSpec& table : tables) {
    auto part = places_of(schema, table);
    if (!part) return part.error();
    if (!places.empty()) places += " UNION ALL ";
    places += *part;
  }
  // A line may be in several tables, and in each of them once.
  auto table = connection.run(
      fmt::format("SELECT segment, count(DISTINCT place) + sum(copies - 1), count(DISTINCT place) "
                  "FROM ({}) AS places GROUP BY 1 ORDER BY 1",
                  places));
  if (!table) return base::Error{explain(table.error())};
  std::vector<Holding> holdings;
  for (const auto& row : table->rows) {
    const auto segment = logfmt::parse_segment(row[0].value_or(""));
    if (!segment) {
      return base::Error{fmt::format("'{}' in _segment names no segment", row[0].value_or("NULL"))};
    }
    holdings.push_back({*segment, number_of(row[1]), number_of(row[2])});
  }
  return holdings;
}

}  // namespace pixel::shipper::postgres
