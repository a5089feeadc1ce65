// SPDX-License-Identifier: Apache-2.0
// See registry.h. COLD.
#include "shipper/sinks/registry.h"

#include <utility>

#include "base/assert.h"
#include "shipper/sinks/duckdb/duckdb_sink.h"
#include "shipper/sinks/file/file_sink.h"
#include "shipper/sinks/lake/lake_sink.h"
#include "shipper/sinks/postgres/postgres_sink.h"
#include "shipper/sinks/redshift/redshift_sink.h"
#include "shipper/sinks/s3/s3_sink.h"

namespace pixel::shipper {
namespace {

struct SinkKind {
  std::string_view name;
  SinkMaker (*read)(base::ConfigSection&);
};

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

SinkMaker read_duckdb_sink(base::ConfigSection& section) {
  DuckdbSettings settings;
  read_duckdb_settings(section, settings);
  return [settings](const SinkContext& context) {
    return create_duckdb_sink(context.name, context.tables, settings);
  };
}

SinkMaker read_lake_sink(base::ConfigSection& section) {
  LakeSettings settings;
  read_lake_settings(section, settings);
  return
      [settings](const SinkContext& context) { return create_lake_sink(context.tables, settings); };
}

SinkMaker read_postgres_sink(base::ConfigSection& section) {
  PostgresSettings settings;
  read_postgres_settings(section, settings);
  return [settings](const SinkContext& context) {
    return create_postgres_sink(context.name, context.tables, settings);
  };
}

SinkMaker read_s3_sink(base::ConfigSection& section) {
  S3SinkSettings settings;
  read_s3_sink_config(section, settings);
  return
      [settings](const SinkContext& context) { return create_s3_sink(context.tables, settings); };
}

SinkMaker read_redshift_sink(base::ConfigSection& section) {
  RedshiftSettings settings;
  read_redshift_settings(section, settings);
  return [settings](const SinkContext& context) {
    return create_redshift_sink(context.name, context.tables, settings);
  };
}

constexpr SinkKind kKinds[] = {
    {"duckdb", read_duckdb_sink},
    {"lake", read_lake_sink},
    {"file", read_file_sink},
    {"postgres", read_postgres_sink},
    {"redshift", read_redshift_sink},
    {"s3", read_s3_sink},
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

SinkMaker read_sink(std::size_t kind, base::ConfigSection& section) {
  CHECK(kind < std::size(kKinds));
  return kKinds[kind].read(section);
}

}  // namespace pixel::shipper
