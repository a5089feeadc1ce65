// SPDX-License-Identifier: Apache-2.0
// COLD: see duckdb_schema.h.
#include "shipper/sinks/duckdb/duckdb_schema.h"

#include <fmt/format.h>

#include <map>

#include "base/clock.h"
#include "shipper/sinks/duckdb/duckdb_rows.h"

namespace pixel::shipper::duckdb {
namespace {

std::string column_definition(const ColumnSpec& column) {
  return fmt::format("{} {}", quote_name(column.name), sql_type(column.type));
}

base::Result<std::map<std::string, std::string>> stored_columns(Connection& connection,
                                                                const std::string& table) {
  auto found = connection.read_texts(
      fmt::format("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = {} AND "
                  "schema_name = current_schema() AND database_name = current_database()",
                  quote_text(table)));
  if (!found) return found.error();
  std::map<std::string, std::string> types;
  for (const auto& row : found->rows) types[row[0].value_or("")] = row[1].value_or("");
  return types;
}

}  // namespace

base::Status ensure_table(Connection& connection, const TableSpec& table) {
  std::string definitions;
  for (const ColumnSpec& column : table.columns) {
    if (!definitions.empty()) definitions += ", ";
    definitions += column_definition(column);
  }
  if (auto made = connection.execute(
          fmt::format("CREATE TABLE IF NOT EXISTS {} ({})", quote_name(table.name), definitions));
      !made) {
    return made;
  }
  auto stored = stored_columns(connection, table.name);
  if (!stored) return stored.error();
  for (const ColumnSpec& column : table.columns) {
    const auto found = stored->find(column.name);
    if (found != stored->end() && found->second == sql_type(column.type)) continue;
    if (found != stored->end()) {
      return base::Error{fmt::format(
          "column {} of table {} is {} in the database and {} in the configuration; rename the "
          "column, or change the table by hand",
          column.name, table.name, found->second, sql_type(column.type))};
    }
    auto added = connection.execute(fmt::format("ALTER TABLE {} ADD COLUMN {}",
                                                quote_name(table.name), column_definition(column)));
    if (!added) return added;
  }
  return base::ok_status();
}

base::Status ensure_checkpoint_table(Connection& connection) {
  return connection.execute(
      "CREATE TABLE IF NOT EXISTS pixeledge_checkpoint "
      "(sink VARCHAR PRIMARY KEY, checkpoint VARCHAR NOT NULL, updated_at TIMESTAMP NOT NULL)");
}

base::Result<Checkpoint> read_checkpoint(Connection& connection, const std::string& sink) {
  auto found = connection.read_texts(
      fmt::format("SELECT checkpoint FROM pixeledge_checkpoint WHERE sink = {}", quote_text(sink)));
  if (!found) return found.error();
  if (found->rows.empty()) return Checkpoint{};
  return parse_checkpoint(found->rows[0][0].value_or(""));
}

base::Status write_checkpoint(Connection& connection, const std::string& sink,
                              const Checkpoint& checkpoint) {
  const auto now = static_cast<std::int64_t>(base::realtime_ns() / 1'000'000'000);
  return connection.execute(fmt::format(
      "INSERT OR REPLACE INTO pixeledge_checkpoint VALUES ({}, {}, CAST({} AS "
      "TIMESTAMP))",
      quote_text(sink), quote_text(to_text(checkpoint)), quote_text(base::format_iso8601(now))));
}

}  // namespace pixel::shipper::duckdb
