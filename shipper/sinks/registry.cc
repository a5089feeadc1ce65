// SPDX-License-Identifier: Apache-2.0
// See registry.h. COLD.
#include "shipper/sinks/registry.h"

#include <utility>

#include "base/assert.h"
#include "shipper/sinks/clickhouse/clickhouse_sink.h"
#include "shipper/sinks/duckdb/duckdb_sink.h"
#include "shipper/sinks/file/file_sink.h"
#include "shipper/sinks/http/http_sink.h"
#include "shipper/sinks/http/slack_sink.h"
#include "shipper/sinks/lake/lake_sink.h"
#include "shipper/sinks/postgres/postgres_sink.h"
#include "shipper/sinks/redshift/redshift_sink.h"
#include "shipper/sinks/s3/s3_sink.h"
#include "shipper/sinks/stdout/stdout_sink.h"

namespace pixel::shipper {
namespace {

struct SinkKind {
  std::string_view name;
  SinkMaker (*read)(base::ConfigSection&);
  BatchLimits limits = {};  // Where the section names none.
  std::span<const std::string_view> reserved_columns = {};
};

// Sinks whose state lies at the destination under their name.
template <class Settings, auto kRead, auto kCreate>
SinkMaker read_named_sink(base::ConfigSection& section) {
  Settings settings;
  kRead(section, settings);
  return [settings](const SinkContext& context) {
    return kCreate(context.name, context.tables, settings);
  };
}

// Sinks that are alone at their destination.
template <class Settings, auto kRead, auto kCreate>
SinkMaker read_nameless_sink(base::ConfigSection& section) {
  Settings settings;
  kRead(section, settings);
  return [settings](const SinkContext& context) { return kCreate(context.tables, settings); };
}

SinkMaker read_file_sink(base::ConfigSection& section) {
  FileSinkOptions options;
  read_file_sink_config(section, options);
  return [options](const SinkContext& context) {
    FileSinkOptions full = options;
    full.name = context.name;
    full.state_directory = context.state_directory;
    full.tables = context.tables;
    return make_file_sink(full);
  };
}

SinkMaker read_stdout_sink(base::ConfigSection& section) {
  StdoutOptions options;
  read_stdout_config(section, options);
  return [options](const SinkContext& context) {
    StdoutOptions full = options;
    full.name = context.name;
    full.tables = context.tables;
    return make_stdout_sink(full);
  };
}

SinkMaker read_http_sink(base::ConfigSection& section) {
  HttpSection options;
  read_http_sink_config(section, options);
  return [options](const SinkContext& context) {
    HttpSection full = options;
    full.http.name = full.slack.name = context.name;
    full.http.tables = full.slack.tables = context.tables;
    full.slack.state_directory = context.state_directory;
    return full.is_slack ? make_slack_sink(full.slack) : make_http_sink(full.http);
  };
}

SinkMaker read_clickhouse_sink(base::ConfigSection& section) {
  ClickhouseOptions options;
  read_clickhouse_config(section, options);
  return [options](const SinkContext& context) {
    ClickhouseOptions full = options;
    full.name = context.name;
    full.tables = context.tables;
    return make_clickhouse_sink(full);
  };
}

// Few requests of what most receivers take at once; inserts as ClickHouse's makers advise (10,000
// to 100,000 rows, about one a second).
constexpr BatchLimits kHttpLimits = {2'000, base::kMiB, base::kSecondNs};
constexpr BatchLimits kClickhouseLimits = {100'000, 64 * base::kMiB, base::kSecondNs};

// PostgreSQL 15, section 5.5 (System Columns); Redshift, CREATE TABLE (reserved column names).
constexpr std::string_view kPostgresColumns[] = {"tableoid", "xmin", "cmin",
                                                 "xmax",     "cmax", "ctid"};
constexpr std::string_view kRedshiftColumns[] = {"oid",  "tableoid", "xmin", "cmin",
                                                 "xmax", "cmax",     "ctid"};

constexpr SinkKind kKinds[] = {
    {"duckdb", read_named_sink<DuckdbSettings, read_duckdb_settings, create_duckdb_sink>},
    {"lake", read_nameless_sink<LakeSettings, read_lake_settings, create_lake_sink>},
    {"file", read_file_sink},
    {"postgres",
     read_named_sink<PostgresSettings, read_postgres_settings, create_postgres_sink>,
     {},
     kPostgresColumns},
    {"redshift",
     read_named_sink<RedshiftSettings, read_redshift_settings, create_redshift_sink>,
     {},
     kRedshiftColumns},
    {"s3", read_nameless_sink<S3SinkSettings, read_s3_sink_config, create_s3_sink>},
    {"stdout", read_stdout_sink},
    {"http", read_http_sink, kHttpLimits},
    {"clickhouse", read_clickhouse_sink, kClickhouseLimits},
};

}  // namespace

std::span<const std::string_view> sink_kinds() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> list;
    for (const SinkKind& kind : kKinds) list.push_back(kind.name);
    return list;
  }();
  return names;
}

BatchLimits standard_limits(std::size_t kind) {
  CHECK(kind < std::size(kKinds));
  return kKinds[kind].limits;
}

std::span<const std::string_view> reserved_columns(std::size_t kind) {
  CHECK(kind < std::size(kKinds));
  return kKinds[kind].reserved_columns;
}

SinkMaker read_sink(std::size_t kind, base::ConfigSection& section) {
  CHECK(kind < std::size(kKinds));
  return kKinds[kind].read(section);
}

}  // namespace pixel::shipper
