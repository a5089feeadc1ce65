// SPDX-License-Identifier: Apache-2.0
// COLD: see duckdb_restore.h.
#include "shipper/sinks/duckdb/duckdb_restore.h"

#include <fmt/format.h>

#include <algorithm>

#include "shipper/sinks/duckdb/duckdb_rows.h"

namespace pixel::shipper::duckdb {
namespace {

constexpr std::string_view kStaging = "pixeledge_restore";

std::string column_list(const TableSpec& table) {
  std::string names;
  for (const ColumnSpec& column : table.columns) {
    names += (names.empty() ? "" : ", ") + quote_name(column.name);
  }
  return names;
}

}  // namespace

base::Status add_missing_rows(Connection& connection, const TableSpec& table,
                              const RowBlock& rows) {
  if (rows.row_count == 0) return base::ok_status();
  const std::size_t segment = table.find(ColumnSource::kSegment);
  const std::size_t offset = table.find(ColumnSource::kOffset);
  if (std::max(segment, offset) == table.columns.size()) {
    return base::Error{fmt::format(
        "table {} has no lineage columns: which rows are there cannot be told", table.name)};
  }
  const std::string target = quote_name(table.name);
  const std::string columns = column_list(table);
  const std::string segment_name = quote_name(table.columns[segment].name);
  const std::string offset_name = quote_name(table.columns[offset].name);
  auto made = connection.execute(
      fmt::format("CREATE TEMP TABLE {} AS SELECT {} FROM {} LIMIT 0", kStaging, columns, target));
  if (!made) return made;
  TableSpec staging = table;
  staging.name = kStaging;
  if (auto staged = append_rows(connection, staging, rows); !staged) return staged;
  auto added = connection.execute(
      fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} AS given WHERE NOT EXISTS (SELECT 1 FROM "
                  "{} AS stored WHERE stored.{} = given.{} AND stored.{} = given.{})",
                  target, columns, columns, kStaging, target, segment_name, segment_name,
                  offset_name, offset_name));
  if (!added) return added;
  return connection.execute(fmt::format("DROP TABLE {}", kStaging));
}

}  // namespace pixel::shipper::duckdb
