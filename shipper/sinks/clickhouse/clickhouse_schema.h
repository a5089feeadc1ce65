// SPDX-License-Identifier: Apache-2.0
// Tables on the server: what their types are, whether they tell repeated inserts apart, and the
// statements that make them. Pure.
// Source: ClickHouse documentation, CREATE TABLE; MergeTree settings.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/encode/wire_column.h"
#include "shipper/sinks/clickhouse/clickhouse_config.h"

namespace pixel::shipper {

/// What a server says of itself.
struct ClickhouseServer {
  std::string version;
  std::set<std::string> settings;                   // Of those that we may use.
  std::map<std::string, std::uint64_t> merge_tree;  // The deduplication windows' defaults.
  std::set<std::string> types;                      // Of those that old servers lack.
  bool has_setting(const std::string& name) const { return settings.contains(name); }
  bool has_type(const std::string& name) const { return types.contains(name); }
};

/// What it says of one table.
struct ClickhouseTable {
  std::string engine;
  std::string engine_full;                     // With its settings.
  std::map<std::string, std::string> columns;  // Name -> type.
};

/// "Nullable(String)", "LowCardinality(Nullable(String))", "DateTime64(6, 'UTC')", ...; nothing
/// where it is a type that rows cannot go to in binary.
std::optional<WireColumn> parse_clickhouse_type(std::string_view type);

/// The types of the table's columns, in the order of the spec. An error that says which column is
/// missing or of another type, and what to do.
base::Result<std::vector<WireColumn>> match_columns(const TableSpec& spec,
                                                    const ClickhouseTable& table, bool is_binary);

/// How many of the latest inserts the table knows again by their token; 0: none.
std::uint64_t deduplication_window(const ClickhouseServer& server, const ClickhouseTable& table);

/// Quoted as a name or as a text.
std::string quote_name(std::string_view name);
std::string quote_text(std::string_view text);

std::string column_definition(const ColumnSpec& column, const ClickhouseServer& server);
std::string create_table_statement(const TableSpec& spec, const ClickhouseOptions& options,
                                   const ClickhouseServer& server);

}  // namespace pixel::shipper
