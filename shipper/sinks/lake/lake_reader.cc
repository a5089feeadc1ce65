// SPDX-License-Identifier: Apache-2.0
// COLD: see lake_reader.h.
#include "shipper/sinks/lake/lake_reader.h"

#include <fmt/format.h>

#include "shipper/sinks/duckdb/duckdb_rows.h"
#include "shipper/sinks/lake/lake_encoder.h"

namespace pixel::shipper::lake {
namespace {

std::string define_table(const LakeSettings& settings, const std::vector<ColumnSpec>& columns,
                         const std::vector<std::filesystem::path>& files) {
  const std::string name = duckdb::quote_name(settings.table);
  if (!files.empty()) {
    return fmt::format(
        "CREATE VIEW {} AS SELECT * FROM read_parquet({}, hive_partitioning = true, "
        "union_by_name = true, hive_types = {{'date': DATE, 'hour': BIGINT}})",
        name, path_list(files));
  }
  std::string definitions;
  for (const ColumnSpec& column : columns) {
    if (!is_written(column)) continue;
    definitions +=
        fmt::format("{} {}, ", duckdb::quote_name(column.name), duckdb::sql_type(column.type));
  }
  return fmt::format("CREATE TABLE {} ({}\"date\" DATE, \"hour\" BIGINT)", name, definitions);
}

}  // namespace

base::Result<LakeReader> open_reader(const LakeSettings& settings,
                                     const std::vector<ColumnSpec>& columns,
                                     const std::vector<std::filesystem::path>& files) {
  auto database = duckdb::Database::open(
      ":memory:", {{"threads", std::to_string(settings.query_threads)},
                   {"memory_limit", fmt::format("{}B", settings.memory_bytes)},
                   {"temp_directory", ""},
                   {"autoinstall_known_extensions", "false"},
                   {"autoload_known_extensions", "false"}});
  if (!database) return database.error();
  auto connection = database->connect();
  if (!connection) return connection.error();
  const std::string table_folder = (settings.path / settings.table / "").string();
  const std::string statements[] = {
      define_table(settings, columns, files),
      fmt::format("SET allowed_directories = [{}]", duckdb::quote_text(table_folder)),
      "SET enable_external_access = false", "SET lock_configuration = true"};
  for (const std::string& statement : statements) {
    if (auto done = connection->execute(statement); !done) return done.error();
  }
  return LakeReader{std::move(*database), std::move(*connection)};
}

}  // namespace pixel::shipper::lake
