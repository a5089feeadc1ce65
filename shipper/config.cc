// SPDX-License-Identifier: Apache-2.0
// See config.h. COLD.
#include "shipper/config.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/address.h"
#include "shipper/decode/columns.h"

namespace pixel::shipper {
namespace {

constexpr std::array<std::string_view, 5> kTypes = {"varchar", "integer", "double", "boolean",
                                                    "timestamp"};
constexpr std::array<ColumnType, 5> kTypeValues = {ColumnType::kVarchar, ColumnType::kInteger,
                                                   ColumnType::kDouble, ColumnType::kBoolean,
                                                   ColumnType::kTimestamp};
constexpr std::array<std::string_view, 2> kOnError = {"dead_letter", "null"};
constexpr std::array<std::string_view, 4> kLogLevels = {"debug", "info", "warn", "error"};

// Names become directories, metric labels and table keys.
bool is_sink_name(std::string_view name) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 63 && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(), is_part);
}

void read_retention(base::ConfigSection section, RetentionLimits& limits) {
  section.read("enabled", limits.enabled);
  section.read_duration("keep", limits.keep_ns);
  section.read_duration("manifest_keep", limits.manifest_keep_ns);
  if (limits.manifest_keep_ns < limits.keep_ns) {
    section.fail("manifest_keep", "at least as long as keep");
  }
  section.finish();
}

// Adds the column unless its name is taken or impossible.
void add_parameter(base::ConfigSection& section, std::string_view key, ColumnSpec spec,
                   std::set<std::string>& names, std::vector<ColumnSpec>& parameters) {
  if (!is_column_name(spec.name)) {
    section.fail(key, "column names of lower case letters, digits and '_'");
  } else if (!names.insert(spec.name).second) {
    section.fail(key, "a name that no other column has (\"" + spec.name + "\" is taken)");
  } else {
    parameters.push_back(std::move(spec));
  }
}

void read_typed_column(base::ConfigSection& section, std::set<std::string>& names,
                       std::vector<ColumnSpec>& parameters) {
  ColumnSpec spec;
  spec.source = ColumnSource::kQuery;
  std::size_t type = 0;
  std::size_t on_error = 0;
  section.read("name", spec.name);
  spec.parameter = spec.name;
  section.read("param", spec.parameter);
  section.read_choice("type", kTypes, type);
  section.read_choice("on_error", kOnError, on_error);
  spec.type = kTypeValues[type];
  spec.null_on_error = on_error == 1;
  add_parameter(section, "name", std::move(spec), names, parameters);
  section.finish();
}

std::vector<TableSpec> read_tables(base::ConfigSection root) {
  std::set<std::string> names;
  for (const ColumnSpec& column : standard_columns({})) names.insert(column.name);
  std::vector<ColumnSpec> parameters;
  base::ConfigSection columns = root.section("columns");
  std::vector<std::string> params = {"a", "b", "c", "d"};
  columns.read("params", params);
  for (const std::string& param : params) {
    add_parameter(columns, "params", parameter_column(param), names, parameters);
  }
  columns.finish();
  for (base::ConfigSection& section : root.sections("column")) {
    read_typed_column(section, names, parameters);
  }
  return {requests_table(parameters)};
}

void read_sink_section(base::ConfigSection& section, std::set<std::string>& names,
                       std::vector<SinkConfig>& sinks) {
  SinkConfig sink;
  std::size_t kind = 0;
  section.read("name", sink.name);
  if (!is_sink_name(sink.name)) {
    section.fail("name", "a name of lower case letters, digits, '_' and '-'");
  } else if (!names.insert(sink.name).second) {
    section.fail("name", "a name that no other sink has");
  }
  section.read_duration("flush_age", sink.limits.age_ns,
                        {base::kMillisecondNs, 3600 * base::kSecondNs});
  section.read("flush_rows", sink.limits.rows, {1, 1'000'000});
  section.read_bytes("flush_bytes", sink.limits.bytes, {base::kKiB, 512 * base::kMiB});
  const auto kinds = sink_kinds();
  section.read_choice("kind", kinds, kind);
  std::string kind_name;
  if (section.has("kind")) {
    section.read("kind", kind_name);
  } else {
    section.fail("kind", "the kind of the sink, such as \"file\"");
  }
  // Without a known kind, nobody knows its keys.
  const bool is_known = std::find(kinds.begin(), kinds.end(), kind_name) != kinds.end();
  if (is_known) {
    sink.kind = kind_name;
    sink.make = read_sink(kind, section);
    section.finish();
    sinks.push_back(std::move(sink));
  }
}

}  // namespace

Config read_config(base::ConfigReader& reader) {
  Config config;
  if (!reader.errors().empty()) return config;  // Not read, or not TOML: nothing to look at.
  base::ConfigSection root = reader.root();
  base::ConfigSection spool = root.section("spool");
  spool.read("path", config.spool);
  spool.finish();
  base::ConfigSection state = root.section("state");
  state.read("path", config.state);
  state.finish();
  base::ConfigSection admin = root.section("admin");
  admin.read("listen", config.admin);
  if (!config.admin.empty() && !base::parse_host_port(config.admin)) {
    admin.fail("listen", "host:port, such as \"127.0.0.1:9181\", or nothing");
  }
  admin.finish();
  base::ConfigSection log = root.section("log");
  std::size_t level = 1;
  log.read_choice("level", kLogLevels, level);
  config.log_level = kLogLevels[level];
  log.finish();
  read_retention(root.section("retention"), config.retention);
  config.tables = read_tables(root);
  std::set<std::string> names;
  auto sinks = root.sections("sink");
  for (base::ConfigSection& section : sinks) read_sink_section(section, names, config.sinks);
  config.sources = read_sources(root, {config.spool, config.state});
  if (sinks.empty()) root.fail("sink", "at least one [[sink]]");
  root.finish();
  return config;
}

}  // namespace pixel::shipper
