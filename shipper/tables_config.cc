// SPDX-License-Identifier: Apache-2.0
// See tables_config.h. COLD.
#include "shipper/tables_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "shipper/column_config.h"
#include "shipper/decode/columns.h"
#include "shipper/transform/rules_builder.h"
#include "shipper/transform_config.h"

namespace pixel::shipper {
namespace {

constexpr std::array<std::string_view, 2> kSources = {"requests", "events"};
constexpr std::array<logfmt::SegmentKind, 2> kSourceKinds = {logfmt::SegmentKind::kAccess,
                                                             logfmt::SegmentKind::kEvents};
constexpr std::size_t kColumnsMax = 1000;

// Claims of the tables before, by what they are made of.
using Claims = std::map<logfmt::SegmentKind, std::vector<RulesBuilder::Claim>>;

void add_parameters(base::ConfigSection& section, const std::vector<std::string>& parameters,
                    DecodeMode decode, std::set<std::string>& names,
                    std::vector<ColumnSpec>& columns) {
  for (const std::string& parameter : parameters) {
    ColumnSpec column = parameter_column(parameter);
    column.decode_mode = decode;
    add_column(section, "params", std::move(column), names, columns);
  }
}

std::vector<TableSpec> read_default_tables(base::ConfigSection& root) {
  std::set<std::string> names;
  for (const ColumnSpec& column : standard_columns({})) names.insert(column.name);
  std::vector<ColumnSpec> parameters;
  base::ConfigSection columns = root.section("columns");
  std::vector<std::string> params = {"a", "b", "c", "d"};
  columns.read("params", params);
  add_parameters(columns, params, DecodeMode::kOnce, names, parameters);
  columns.finish();
  for (base::ConfigSection& section : root.sections("column")) {
    read_column(section, {}, names, parameters);
  }
  return {requests_table(parameters), events_table()};
}

void read_fields(base::ConfigSection& section, const ColumnDefaults& defaults,
                 std::set<std::string>& names, std::vector<ColumnSpec>& columns) {
  std::vector<std::string> wanted = {"*"};
  section.read("fields", wanted);
  std::vector<ColumnSpec> fields = source_columns(defaults.source);
  std::vector<std::string> known;
  for (ColumnSpec& field : fields) {
    field.decode_mode = defaults.decode;
    known.push_back(field.name);
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto found = std::find(known.begin(), known.end(), wanted[i]);
    if (found != known.end()) {
      add_column(section, "fields", fields[static_cast<std::size_t>(found - known.begin())], names,
                 columns);
    } else if (wanted[i] == "*") {
      for (const ColumnSpec& field : fields) {
        if (names.insert(field.name).second) columns.push_back(field);
      }
    } else {
      const std::string nearest = base::nearest_word(wanted[i], known);
      section.report_element_at(
          "fields", i, 0,
          fmt::format("unknown field '{}'{}", wanted[i],
                      nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest)));
    }
  }
}

std::vector<ColumnSpec> read_columns(base::ConfigSection& section, const ColumnDefaults& defaults) {
  std::vector<ColumnSpec> columns;
  std::set<std::string> names;
  bool has_lineage = true;
  section.read("lineage", has_lineage);
  const std::vector<ColumnSpec> lineage = lineage_columns();
  if (has_lineage) {
    for (const ColumnSpec& column : lineage) names.insert(column.name);
  }
  // A column of the table's own stands in for the field of its name; so it is read first.
  std::vector<ColumnSpec> own;
  std::vector<std::string> params;
  section.read("params", params);
  add_parameters(section, params, defaults.decode, names, own);
  for (base::ConfigSection& column : section.numbered_sections("column")) {
    read_column(column, defaults, names, own);
  }
  read_fields(section, defaults, names, columns);
  columns.insert(columns.end(), own.begin(), own.end());
  if (has_lineage) columns.insert(columns.end(), lineage.begin(), lineage.end());
  if (columns.empty()) section.fail("fields", "at least one column");
  if (columns.size() > kColumnsMax) section.report("column", "more than 1000 columns");
  return columns;
}

void read_table_name(base::ConfigSection& section, std::set<std::string>& names,
                     std::string& name) {
  section.read("name", name);
  if (!is_column_name(name)) {
    section.fail("name", "a name of lower case letters, digits and '_'");
  } else if (!names.insert(name).second) {
    section.fail("name", "a name that no other table has");
  }
}

TableSpec read_table(base::ConfigSection& section, std::set<std::string>& names, Claims& claims) {
  TableSpec table;
  ColumnDefaults defaults;
  read_table_name(section, names, table.name);
  read_source(section, defaults.source);
  read_decode_mode(section, defaults.decode);
  table.source = defaults.source;
  RulesBuilder rules(defaults.source, defaults.decode, read_columns(section, defaults));
  std::string where;
  section.read("where", where);
  if (section.has("where")) {
    if (const auto fault = rules.where(where)) {
      section.report_at("where", fault->offset, fault->message);
    }
  }
  bool is_exclusive = false;
  section.read("exclusive", is_exclusive);
  if (is_exclusive) rules.be_exclusive();
  if (is_exclusive && !section.has("where")) {
    section.report("exclusive", "without where it leaves nothing to the tables after this one");
  }
  read_transforms(section, rules);
  section.finish();
  std::vector<RulesBuilder::Claim>& earlier = claims[table.source];
  rules.exclude(earlier);
  for (RulesBuilder::Claim& claim : rules.claims()) earlier.push_back(std::move(claim));
  rules.finish(table);
  return table;
}

}  // namespace

std::size_t read_source(base::ConfigSection& section, logfmt::SegmentKind& source) {
  std::size_t choice = 0;
  section.read_choice("source", kSources, choice);
  source = kSourceKinds[choice];
  return choice;
}

std::vector<TableSpec> read_tables(base::ConfigSection& root) {
  auto sections = root.numbered_sections("table");
  if (sections.empty()) return read_default_tables(root);
  for (const char* key : {"columns", "column"}) {
    if (!root.has(key)) continue;
    root.report(key, "is for the default tables; with [[table]] write [[table.column]], or params");
  }
  std::vector<TableSpec> tables;
  std::set<std::string> names;
  Claims claims;
  for (base::ConfigSection& section : sections) {
    tables.push_back(read_table(section, names, claims));
  }
  return tables;
}

std::vector<TableSpec> read_sink_tables(base::ConfigSection& sink,
                                        const std::vector<TableSpec>& all) {
  std::vector<std::string> wanted;
  sink.read("tables", wanted);
  if (!sink.has("tables")) return all;
  std::vector<std::string> known;
  for (const TableSpec& table : all) known.push_back(table.name);
  if (wanted.empty()) sink.fail("tables", "the names of tables");
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (std::find(known.begin(), known.end(), wanted[i]) != known.end()) continue;
    const std::string nearest = base::nearest_word(wanted[i], known);
    sink.report_element_at(
        "tables", i, 0,
        fmt::format("there is no table '{}'{}", wanted[i],
                    nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest)));
  }
  std::vector<TableSpec> tables;
  for (const TableSpec& table : all) {
    if (std::find(wanted.begin(), wanted.end(), table.name) != wanted.end()) {
      tables.push_back(table);
    }
  }
  return tables;
}

}  // namespace pixel::shipper
