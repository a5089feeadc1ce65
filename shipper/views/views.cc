// SPDX-License-Identifier: Apache-2.0
// See views.h. COLD.
#include "shipper/views/views.h"

#include <fmt/format.h>

#include <algorithm>

namespace pixel::shipper {
namespace {

constexpr std::string_view kNeeds = "-- needs: ";

// The comments of a file say what its view needs: "requests(c_ip, sc_bytes), events(path)".
struct Parts {
  std::string needs;
  std::string sql;
};

Parts split(std::string_view text) {
  Parts parts;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.starts_with(kNeeds)) {
      parts.needs += line.substr(kNeeds.size());
      parts.needs += ' ';
    } else if (!line.starts_with("--") && !line.empty()) {
      parts.sql += line;
      parts.sql += '\n';
    }
  }
  return parts;
}

const TableSpec* find_table(const std::vector<TableSpec>& tables, std::string_view name) {
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [name](const TableSpec& table) { return table.name == name; });
  return found == tables.end() ? nullptr : &*found;
}

// Words and brackets, one after the other; the rest separates.
bool are_there(std::string_view needs, const std::vector<TableSpec>& tables) {
  const TableSpec* table = nullptr;
  while (!needs.empty()) {
    const std::size_t end = needs.find_first_of("(), ");
    const std::string_view word = needs.substr(0, end);
    const char separator = end == std::string_view::npos ? ' ' : needs[end];
    needs.remove_prefix(end == std::string_view::npos ? needs.size() : end + 1);
    if (separator == '(') {
      table = find_table(tables, word);
      if (table == nullptr) return false;
      continue;
    }
    if (word.empty()) continue;
    const bool has = table != nullptr &&
                     std::any_of(table->columns.begin(), table->columns.end(),
                                 [word](const ColumnSpec& column) { return column.name == word; });
    if (!has) return false;
  }
  return true;
}

// @schema@, @record:key@ and @utc:column@ differ between the dialects; all else is the same SQL.
// DuckDB's timestamps are of UTC; PostgreSQL's are instants, which it shows in the time zone of who
// asks.
std::string written_for(SqlDialect dialect, std::string_view sql, std::string_view schema) {
  std::string out;
  while (true) {
    const std::size_t begin = sql.find('@');
    out += sql.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    const std::size_t end = sql.find('@', begin + 1);
    const std::string_view word = sql.substr(begin + 1, end - begin - 1);
    sql.remove_prefix(end + 1);
    if (word == "schema") {
      out += schema;
      continue;
    }
    const std::string_view key = word.substr(word.find(':') + 1);
    if (word.starts_with("utc:")) {
      out += dialect == SqlDialect::kDuckdb ? std::string(key)
                                            : fmt::format("({} AT TIME ZONE 'UTC')", key);
      continue;
    }
    out += dialect == SqlDialect::kDuckdb ? fmt::format("json_extract_string(record, '$.{}')", key)
                                          : fmt::format("(CAST(record AS jsonb) ->> '{}')", key);
  }
}

}  // namespace

std::vector<ViewStatement> view_statements(SqlDialect dialect, const std::vector<TableSpec>& tables,
                                           std::string_view schema) {
  std::vector<ViewStatement> statements;
  for (const ViewSource& source : view_sources()) {
    const Parts parts = split(source.text);
    if (!are_there(parts.needs, tables) || find_table(tables, source.name) != nullptr) continue;
    statements.push_back({std::string(source.name), written_for(dialect, parts.sql, schema)});
  }
  return statements;
}

}  // namespace pixel::shipper
