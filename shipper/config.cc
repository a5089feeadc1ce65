// SPDX-License-Identifier: Apache-2.0
// See config.h. COLD.
#include "shipper/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/address.h"
#include "base/hash.h"
#include "shipper/tables_config.h"

namespace pixel::shipper {
namespace {

constexpr std::array<std::string_view, 2> kWhenFull = {"keep", "drop_oldest"};
constexpr std::array<std::string_view, 4> kLogLevels = {"debug", "info", "warn", "error"};

// Names become directories, metric labels and table keys.
bool is_sink_name(std::string_view name) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 63 && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(), is_part);
}

void read_budget(base::ConfigSection& section, BudgetLimits& limits) {
  std::size_t when_full = 0;
  section.read_bytes("budget", limits.budget_bytes);
  section.read_bytes("min_free", limits.min_free_bytes);
  section.read_choice("when_full", kWhenFull, when_full);
  section.read_duration("last_chance", limits.last_chance_ns);
  bool enabled = true;
  section.read("enabled", enabled);
  if (when_full == 1 && !enabled) {
    section.fail("when_full", "\"keep\" where enabled is false: this shipper deletes nothing");
  }
  limits.when_full = when_full == 1 ? WhenFull::kDropOldest : WhenFull::kKeep;
}

void read_retention(base::ConfigSection section, RetentionLimits& limits, BudgetLimits& budget) {
  section.read("enabled", limits.enabled);
  section.read_duration("keep", limits.keep_ns);
  section.read_duration("manifest_keep", limits.manifest_keep_ns);
  if (limits.manifest_keep_ns < limits.keep_ns) {
    section.fail("manifest_keep", "at least as long as keep");
  }
  read_budget(section, budget);
  section.finish();
}

// All that decides what the sinks' rows look like: whatever is of no other part.
std::string rows_text(const base::ConfigSection& root) {
  static const std::set<std::string> kOther = {"spool",     "state", "admin", "log",
                                               "retention", "sink",  "test"};
  std::string text;
  for (const std::string& key : root.keys()) {
    if (!kOther.contains(key)) text += key + "=" + root.text(key) + "\n";
  }
  return text;
}

// Two sinks that write the same files would each cut off what the other wrote.
void refuse_shared_path(base::ConfigSection& section, const std::string& kind,
                        std::set<std::string>& names) {
  const bool is_local = kind == "file" || kind == "lake" || kind == "duckdb";
  const std::string path = section.text("path");
  // No name of a sink has a space.
  if (!is_local || path.empty() || names.insert(kind + " " + path).second) return;
  section.fail("path", "a path that no other sink of this kind has");
}

// The destination would refuse the table, again and again.
void refuse_reserved_columns(base::ConfigSection& section, std::size_t kind,
                             const std::vector<TableSpec>& tables) {
  const auto reserved = reserved_columns(kind);
  for (const TableSpec& table : tables) {
    for (const ColumnSpec& column : table.columns) {
      if (std::find(reserved.begin(), reserved.end(), column.name) == reserved.end()) continue;
      section.report("kind", fmt::format("'{}' is a column that {} has for its own: give that "
                                         "column of table {} another name",
                                         column.name, sink_kinds()[kind], table.name));
    }
  }
}

void read_sink_section(base::ConfigSection& section, const std::string& rows,
                       const std::vector<TableSpec>& tables, std::set<std::string>& names,
                       std::vector<SinkConfig>& sinks) {
  SinkConfig sink;
  sink.fingerprint = base::hash64(section.text() + "\n" + rows);
  sink.rows_fingerprint = base::hash64(section.text("tables") + "\n" + rows);
  std::size_t kind = 0;
  section.read("name", sink.name);
  if (!is_sink_name(sink.name)) {
    section.fail("name", "a name of lower case letters, digits, '_' and '-'");
  } else if (!names.insert(sink.name).second) {
    section.fail("name", "a name that no other sink has");
  }
  const auto kinds = sink_kinds();
  section.read_choice("kind", kinds, kind);
  sink.limits = standard_limits(kind);
  section.read_duration("flush_age", sink.limits.age_ns,
                        {base::kMillisecondNs, 3600 * base::kSecondNs});
  section.read("flush_rows", sink.limits.rows, {1, 1'000'000});
  section.read_bytes("flush_bytes", sink.limits.bytes, {base::kKiB, 512 * base::kMiB});
  section.read_duration("retry_first", sink.retry.first_ns,
                        {base::kMillisecondNs, 60 * base::kSecondNs});
  section.read_duration("retry_cap", sink.retry.cap_ns,
                        {base::kMillisecondNs, 3600 * base::kSecondNs});
  section.read("concurrency", sink.concurrency, {0, 64});
  section.read("rate_limit", sink.rows_per_second_max, {0, 1'000'000'000});
  sink.tables = read_sink_tables(section, tables);
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
    refuse_shared_path(section, kind_name, names);
    refuse_reserved_columns(section, kind, sink.tables);
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
  read_retention(root.section("retention"), config.retention, config.budget);
  config.tables = read_tables(root);
  config.tests = read_tests(root, config.tables);
  std::set<std::string> names;
  auto sinks = root.sections("sink");
  const std::string rows = rows_text(root);
  for (base::ConfigSection& section : sinks) {
    read_sink_section(section, rows, config.tables, names, config.sinks);
  }
  config.sources = read_sources(root, {config.spool, config.state});
  if (sinks.empty()) root.fail("sink", "at least one [[sink]]");
  root.finish();
  return config;
}

LoadedConfig load_config(const std::filesystem::path& path) {
  const auto reader = base::ConfigReader::from_file(path);
  LoadedConfig loaded;
  loaded.config = read_config(*reader);
  loaded.errors = reader->errors();
  return loaded;
}

}  // namespace pixel::shipper
