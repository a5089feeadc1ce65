// SPDX-License-Identifier: Apache-2.0
// COLD: see redshift_sql.h.
#include "shipper/sinks/redshift/redshift_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "shipper/transport/postgres_connection.h"

namespace pixel::shipper::redshift {
namespace {

constexpr std::string_view kCheckpoints = "pixeledge_checkpoint";
constexpr std::string_view kLoads = "pixeledge_loads";

// The Hacker Pixel's own, letter by letter: tools that read its table find what they know.
constexpr std::string_view kHpxTable =
    "create table if not exists pixels(id bigint identity, request_time timestamp, ip varchar(50), "
    "useragent varchar(MAX), url varchar(MAX), a varchar(MAX), b varchar(MAX), c varchar(MAX), d "
    "varchar(MAX), referrer varchar(max), cookie varchar(max))";
constexpr std::string_view kHpxColumns =
    "request_time, ip, useragent, url, a, b, c, d, referrer, cookie";
constexpr std::string_view kHpxOptions = "DELIMITER '\\t' TIMEFORMAT 'auto'";

std::string qualified(const RedshiftSettings& settings, std::string_view name) {
  return pg_name(settings.schema) + "." + pg_name(name);
}

std::string time_text(std::int64_t now_s) {
  std::string time = base::format_iso8601(now_s);
  time[10] = ' ';
  return pg_text(time.substr(0, 19));
}

bool takes(std::string_view stored, ColumnType type) {
  switch (type) {
    case ColumnType::kVarchar:
    case ColumnType::kUuid:
    case ColumnType::kInet:
      return stored.starts_with("character varying") || stored == "text";
    case ColumnType::kTimestamp:
      return stored.starts_with("timestamp");
    default:
      return stored == redshift_type(type);
  }
}

std::string columns_of(const TableSpec& table) {
  std::string columns;
  for (const ColumnSpec& column : table.columns) {
    columns += (columns.empty() ? "" : ", ") + pg_name(column.name);
  }
  return columns;
}

base::Status plan_table(const RedshiftSettings& settings, const TableSpec& table,
                        const StoredTables& stored, std::vector<std::string>& statements) {
  const std::string name = qualified(settings, table.name);
  const auto found = stored.find(table.name);
  std::string definitions;
  for (const ColumnSpec& column : table.columns) {
    const std::string definition =
        fmt::format("{} {}", pg_name(column.name), redshift_type(column.type));
    if (found == stored.end()) {
      definitions += (definitions.empty() ? "" : ", ") + definition;
      continue;
    }
    const auto there = found->second.find(column.name);
    if (there == found->second.end()) {
      statements.push_back(fmt::format("ALTER TABLE {} ADD COLUMN {}", name, definition));
    } else if (!takes(there->second, column.type)) {
      return base::Error{fmt::format(
          "column {} of table {}.{} is {} in the cluster and {} in the configuration; rename the "
          "column, or change the table by hand",
          column.name, settings.schema, table.name, there->second, redshift_type(column.type))};
    }
  }
  if (found == stored.end()) {
    statements.push_back(fmt::format("CREATE TABLE IF NOT EXISTS {} ({})", name, definitions));
  }
  return base::ok_status();
}

}  // namespace

std::string_view redshift_type(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::kVarchar:
      return "varchar(max)";
    case ColumnType::kInteger:
      return "bigint";
    case ColumnType::kDouble:
      return "double precision";
    case ColumnType::kBoolean:
      return "boolean";
    case ColumnType::kTimestamp:
      return "timestamptz";
    case ColumnType::kUuid:
      return "varchar(36)";
    case ColumnType::kInet:
      return "varchar(45)";
    case ColumnType::kJson:
      return "super";
  }
  return "varchar(max)";
}

std::string stored_tables_sql(const std::string& schema) {
  return fmt::format(
      "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a "
      "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
      pg_text(schema));
}

base::Result<std::vector<std::string>> plan_tables(const RedshiftSettings& settings,
                                                   const std::vector<TableSpec>& tables,
                                                   const StoredTables& stored) {
  std::vector<std::string> statements;
  if (settings.schema != "public") {
    // Whether it is there is not worth a question: nothing is in it where it is not.
    if (stored.empty()) {
      statements.push_back("CREATE SCHEMA IF NOT EXISTS " + pg_name(settings.schema));
    }
  }
  if (!stored.contains(std::string(kCheckpoints))) {
    statements.push_back(fmt::format(
        "CREATE TABLE IF NOT EXISTS {} (sink varchar(63) NOT NULL, checkpoint varchar(max) NOT "
        "NULL, updated_at timestamp NOT NULL)",
        qualified(settings, kCheckpoints)));
  }
  if (!stored.contains(std::string(kLoads))) {
    statements.push_back(fmt::format(
        "CREATE TABLE IF NOT EXISTS {} (sink varchar(63) NOT NULL, token varchar(16) NOT NULL, "
        "manifest varchar(1100) NOT NULL, files bigint, loaded_rows bigint, loaded_at timestamp "
        "NOT NULL)",
        qualified(settings, kLoads)));
  }
  if (settings.preset == RedshiftPreset::kHpx) {
    if (!stored.contains("pixels")) statements.emplace_back(kHpxTable);
    return statements;
  }
  for (const TableSpec& table : tables) {
    if (auto status = plan_table(settings, table, stored, statements); !status) {
      return status.error();
    }
  }
  return statements;
}

std::string copy_sql(const RedshiftSettings& settings, const std::vector<TableSpec>& tables,
                     const TableLoad& load, std::string_view into) {
  const bool is_hpx = settings.preset == RedshiftPreset::kHpx;
  const TableSpec& table = tables[load.table];
  std::string target = is_hpx ? "pixels" : qualified(settings, table.name);
  if (!into.empty()) target = into;
  const std::string role = settings.iam_role == "default" ? "default" : pg_text(settings.iam_role);
  std::string sql = fmt::format("COPY {} ({}) FROM 's3://{}/{}' IAM_ROLE {} MANIFEST ", target,
                                is_hpx ? std::string(kHpxColumns) : columns_of(table),
                                settings.store.bucket, load.manifest.key, role);
  sql += is_hpx ? kHpxOptions : "JSON 'auto' TIMEFORMAT 'auto'";
  if (settings.gzip) sql += " GZIP";
  if (!settings.copy_region.empty()) sql += " REGION " + pg_text(settings.copy_region);
  if (!settings.options.empty()) sql += " " + settings.options;
  return sql;
}

// Redshift enforces no unique key: the lock on the table keeps a second row out.
std::string read_checkpoint_sql(const RedshiftSettings& settings, std::string_view sink,
                                std::string_view empty, std::int64_t now_s) {
  const std::string table = qualified(settings, kCheckpoints);
  return fmt::format(
      "BEGIN; LOCK {0}; INSERT INTO {0} SELECT {1}, {2}, {3} WHERE NOT EXISTS (SELECT 1 FROM {0} "
      "WHERE sink = {1}); COMMIT; SELECT checkpoint FROM {0} WHERE sink = {1}",
      table, pg_text(sink), pg_text(empty), "CAST(" + time_text(now_s) + " AS timestamp)");
}

std::string move_checkpoint_sql(const RedshiftSettings& settings, std::string_view sink,
                                std::string_view from, std::string_view to, std::int64_t now_s) {
  return fmt::format(
      "BEGIN; UPDATE {} SET checkpoint = {}, updated_at = {} WHERE sink = {} AND checkpoint = {}",
      qualified(settings, kCheckpoints), pg_text(to), time_text(now_s), pg_text(sink),
      pg_text(from));
}

std::string note_load_sql(const RedshiftSettings& settings, std::string_view sink,
                          std::string_view token, const TableLoad& load, std::int64_t now_s) {
  return fmt::format("INSERT INTO {} VALUES ({}, {}, {}, {}, {}, {})", qualified(settings, kLoads),
                     pg_text(sink), pg_text(token), pg_text(load.manifest.key), load.files.size(),
                     load.rows, time_text(now_s));
}

std::string loaded_tokens_sql(const RedshiftSettings& settings, std::string_view sink,
                              std::int64_t since_s) {
  return fmt::format("SELECT DISTINCT token FROM {} WHERE sink = {} AND loaded_at >= {}",
                     qualified(settings, kLoads), pg_text(sink), time_text(since_s));
}

std::string load_errors_sql(std::string_view token) {
  return fmt::format(
      "SELECT TRIM(filename), line_number, TRIM(err_reason) FROM stl_load_errors WHERE filename "
      "LIKE {} ORDER BY starttime DESC LIMIT 1",
      pg_text("%/" + std::string(token) + "/%"));
}

std::string restore_sql(const RedshiftSettings& settings, const TableSpec& table,
                        std::string_view staging) {
  const std::string columns = columns_of(table);
  const std::string segment = pg_name(table.columns[table.find(ColumnSource::kSegment)].name);
  const std::string offset = pg_name(table.columns[table.find(ColumnSource::kOffset)].name);
  return fmt::format(
      "INSERT INTO {0} ({1}) SELECT {1} FROM {2} s WHERE NOT EXISTS (SELECT 1 FROM {0} t WHERE "
      "t.{3} = s.{3} AND t.{4} = s.{4})",
      qualified(settings, table.name), columns, staging, segment, offset);
}

}  // namespace pixel::shipper::redshift
