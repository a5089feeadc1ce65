// SPDX-License-Identifier: Apache-2.0
// See lake_columns.h.
#include "shipper/sinks/lake/lake_columns.h"

#include <fmt/format.h>

#include <string_view>

#include "shipper/sinks/duckdb/duckdb_rows.h"
#include "shipper/sinks/lake/lake_encoder.h"

namespace pixel::shipper::lake {
namespace {

std::string column_key(const TableSpec& table, const ColumnSpec& column) {
  return table.name + "." + column.name;
}

}  // namespace

base::Status check_columns(const TableSpec& table) {
  for (const ColumnSpec& column : table.columns) {
    if (is_written(column) && (column.name == "date" || column.name == "hour")) {
      return base::Error{fmt::format(
          "column {}.{}: the lake's folders already have this name; call the column otherwise",
          table.name, column.name)};
    }
  }
  if (table.find(ColumnSource::kRequestTime) < table.columns.size()) return base::ok_status();
  return base::Error{fmt::format(
      "table {}: the lake is ordered by hour and needs a column with the request's time",
      table.name)};
}

base::Status check_types(const std::vector<TableSpec>& tables, const ColumnTypes& written) {
  for (const TableSpec& table : tables) {
    for (const ColumnSpec& column : table.columns) {
      const auto known = written.find(column_key(table, column));
      const std::string_view type = duckdb::sql_type(column.type);
      if (known == written.end() || known->second == type) continue;
      return base::Error{
          fmt::format("column {} of table {} is {} in the lake and {} in the "
                      "configuration; rename the column",
                      column.name, table.name, known->second, type)};
    }
  }
  return base::ok_status();
}

void add_types(const std::vector<TableSpec>& tables, ColumnTypes& types) {
  for (const TableSpec& table : tables) {
    for (const ColumnSpec& column : table.columns) {
      if (is_written(column)) types[column_key(table, column)] = duckdb::sql_type(column.type);
    }
  }
}

}  // namespace pixel::shipper::lake
