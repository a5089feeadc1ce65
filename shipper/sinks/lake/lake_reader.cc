// SPDX-License-Identifier: Apache-2.0
// COLD: see lake_reader.h.
#include "shipper/sinks/lake/lake_reader.h"

#include <fmt/format.h>

#include "shipper/sinks/duckdb/duckdb_rows.h"
#include "shipper/sinks/lake/lake_encoder.h"

namespace pixel::shipper::lake {
namespace {

std::string define_table(const ReadTable& table) {
  const std::string name = duckdb::quote_name(table.spec->name);
  if (!table.files.empty()) {
    return fmt::format(
        "CREATE VIEW {} AS SELECT * FROM read_parquet({}, hive_partitioning = true, "
        "union_by_name = true, hive_types = {{'date': DATE, 'hour': BIGINT}})",
        name, path_list(table.files));
  }
  std::string definitions;
  for (const ColumnSpec& column : table.spec->columns) {
    if (!is_written(column)) continue;
    definitions +=
        fmt::format("{} {}, ", duckdb::quote_name(column.name), duckdb::sql_type(column.type));
  }
  return fmt::format("CREATE TABLE {} ({}\"date\" DATE, \"hour\" BIGINT)", name, definitions);
}

}  // namespace

base::Result<LakeReader> open_reader(const LakeSettings& settings,
                                     const std::vector<ReadTable>& tables) {
  auto database = duckdb::Database::open(
      ":memory:", {{"threads", std::to_string(settings.query_threads)},
                   {"memory_limit", fmt::format("{}B", settings.memory_bytes)},
                   {"temp_directory", ""},
                   {"autoinstall_known_extensions", "false"},
                   {"autoload_known_extensions", "false"}});
  if (!database) return database.error();
  auto connection = database->connect();
  if (!connection) return connection.error();
  std::vector<std::string> statements;
  std::string folders;
  for (const ReadTable& table : tables) {
    statements.push_back(define_table(table));
    const std::string folder = (settings.path / table.spec->name / "").string();
    folders += (folders.empty() ? "" : ", ") + duckdb::quote_text(folder);
  }
  statements.push_back(fmt::format("SET allowed_directories = [{}]", folders));
  statements.push_back("SET enable_external_access = false");
  statements.push_back("SET lock_configuration = true");
  for (const std::string& statement : statements) {
    if (auto done = connection->execute(statement); !done) return done.error();
  }
  return LakeReader{std::move(*database), std::move(*connection)};
}

}  // namespace pixel::shipper::lake
