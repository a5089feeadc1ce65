// SPDX-License-Identifier: Apache-2.0
// See table_tests.h: reading [[test]]. COLD.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "shipper/decode/columns.h"
#include "shipper/decode/json_text.h"
#include "shipper/table_tests.h"
#include "shipper/tables_config.h"

namespace pixel::shipper {
namespace {

constexpr std::array<std::string_view, 3> kOutcomes = {"rows", "filtered", "dead_letter"};

// An ordinary request: what `fields` does not say.
constexpr std::array<std::string_view, logfmt::kFieldCount> kUsualFields = {
    "2026-11-20",
    "18:52:00",
    "FRA1",
    "431",
    "192.0.2.7",
    "GET",
    "d111111abcdef8.cloudfront.net",
    "/p.gif",
    "200",
    "-",
    "Mozilla/5.0",
    "-",
    "-",
    "Hit",
    "AAAAAAAAAAAAAAAAAAAAAA",
    "pixel.example.com",
    "https",
    "531",
    "0.001",
    "-",
    "TLSv1.3",
    "TLS_AES_128_GCM_SHA256",
    "Hit",
    "HTTP/1.1",
    "-",
    "-",
    "50123",
    "0.001",
    "Hit",
    "image/gif",
    "43",
    "-",
    "-"};

// "sc_status" -> its place in the line; date and time have names of their own here.
std::optional<std::size_t> field_place(std::string_view name) {
  if (name == "date") return 0;
  if (name == "time") return 1;
  for (const ColumnSpec& column : source_columns(logfmt::SegmentKind::kAccess)) {
    if (column.name == name && column.source == ColumnSource::kField) {
      return static_cast<std::size_t>(column.field);
    }
  }
  return std::nullopt;
}

void report_unknown_field(base::ConfigSection& fields, const std::string& name) {
  std::vector<std::string> known = {"date", "time"};
  for (const ColumnSpec& column : source_columns(logfmt::SegmentKind::kAccess)) {
    if (column.source == ColumnSource::kField) known.push_back(column.name);
  }
  const std::string nearest = base::nearest_word(name, known);
  fields.report(name, nearest.empty() ? "unknown field"
                                      : fmt::format("unknown field; did you mean '{}'?", nearest));
}

std::string scalar_text(const base::ConfigScalar& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  return fmt::format("{}", std::get<double>(value));
}

std::string read_access_fields(base::ConfigSection fields) {
  std::vector<std::string> values(kUsualFields.begin(), kUsualFields.end());
  for (const std::string& name : fields.keys()) {
    const auto place = field_place(name);
    if (!place) {
      report_unknown_field(fields, name);
      continue;
    }
    base::ConfigScalar value;
    fields.read(name, value);
    values[*place] = scalar_text(value);
    if (values[*place].find_first_of("\t\r\n") != std::string::npos) {
      fields.fail(name, "a field without tabs and line breaks");
    }
  }
  fields.finish();
  std::string line;
  for (const std::string& value : values) line += (line.empty() ? "" : "\t") + value;
  return line;
}

// Members in the order of the format; the first four are always there.
std::string read_event_fields(base::ConfigSection fields) {
  std::string line =
      "{\"id\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"n\":0,\"seq\":0,\"time\":\"2026-11-20T18:52:00Z\"";
  constexpr std::array<std::string_view, 10> texts = {"client", "host",    "path",       "query",
                                                      "type",   "visitor", "user_agent", "referer",
                                                      "fault",  "encoding"};
  for (const std::string_view name : texts) {
    if (!fields.has(name)) continue;
    std::string value;
    fields.read(name, value);
    line += fmt::format(",\"{}\":\"", name);
    append_json_escaped(line, value);
    line += '"';
  }
  std::string record = "{}";
  fields.read("record", record);
  if (!is_json(record) || record.find('\n') != std::string::npos) {
    fields.fail("record", "a JSON value on one line");
  }
  fields.finish();
  return line + ",\"record\":" + record + "}";
}

void read_lines(base::ConfigSection& section, TableTest& test) {
  logfmt::SegmentKind source{};
  read_source(section, source);
  std::vector<std::string> lines;
  if (section.has("line")) section.read("line", lines.emplace_back());
  std::vector<std::string> more;
  section.read("lines", more);
  lines.insert(lines.end(), more.begin(), more.end());
  if (section.has("fields")) {
    base::ConfigSection fields = section.section("fields");
    lines.push_back(source == logfmt::SegmentKind::kAccess ? read_access_fields(fields)
                                                           : read_event_fields(fields));
  }
  if (lines.empty()) section.fail("line", "line, lines or fields: what to decode");
  for (std::string& line : lines) {
    while (line.ends_with('\n')) line.pop_back();
    if (line.find('\n') != std::string::npos) section.fail("line", "one line");
    test.lines.emplace_back(source, std::move(line));
  }
}

void check_column(base::ConfigSection& section, std::string_view key, const TableSpec& table,
                  const std::string& name) {
  std::vector<std::string> known;
  for (const ColumnSpec& column : table.columns) known.push_back(column.name);
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const std::string nearest = base::nearest_word(name, known);
  section.report(key, fmt::format("table {} has no column '{}'{}", table.name, name,
                                  nearest.empty() ? std::string()
                                                  : fmt::format("; did you mean '{}'?", nearest)));
}

ExpectedRow read_row(base::ConfigSection& section, const std::vector<TableSpec>& tables) {
  ExpectedRow row;
  section.read("table", row.table);
  const auto table = std::find_if(tables.begin(), tables.end(),
                                  [&row](const TableSpec& each) { return each.name == row.table; });
  if (table == tables.end()) section.fail("table", "the name of a table");
  base::ConfigSection columns = section.section("columns");
  for (const std::string& name : columns.keys()) {
    auto& [column, value] = row.values.emplace_back(name, base::ConfigScalar{});
    columns.read(name, value);
    if (table != tables.end()) check_column(columns, name, *table, column);
  }
  section.read("nulls", row.nulls);
  for (const std::string& name : row.nulls) {
    if (table != tables.end()) check_column(section, "nulls", *table, name);
  }
  section.finish();
  return row;
}

TableTest read_test(base::ConfigSection& section, const std::vector<TableSpec>& tables) {
  TableTest test;
  section.read("name", test.name);
  if (test.name.empty()) section.fail("name", "a name");
  read_lines(section, test);
  std::size_t outcome = 0;
  section.read_choice("expected", kOutcomes, outcome);
  test.outcome = static_cast<TableTest::Outcome>(outcome);
  section.read("reason", test.reason);
  for (base::ConfigSection& row : section.numbered_sections("row")) {
    test.rows.push_back(read_row(row, tables));
  }
  if (test.outcome == TableTest::Outcome::kRows && test.rows.empty()) {
    section.fail("expected", "[[test.row]], or \"filtered\" or \"dead_letter\"");
  }
  if (test.outcome != TableTest::Outcome::kRows && !test.rows.empty()) {
    section.report("expected", "a line that becomes no row has no [[test.row]]");
  }
  section.finish();
  return test;
}

}  // namespace

std::vector<TableTest> read_tests(base::ConfigSection& root, const std::vector<TableSpec>& tables) {
  std::vector<TableTest> tests;
  std::set<std::string> names;
  for (base::ConfigSection& section : root.numbered_sections("test")) {
    tests.push_back(read_test(section, tables));
    if (!tests.back().name.empty() && !names.insert(tests.back().name).second) {
      section.fail("name", "a name that no other test has");
    }
  }
  return tests;
}

}  // namespace pixel::shipper
