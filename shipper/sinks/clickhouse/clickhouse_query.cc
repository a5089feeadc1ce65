// SPDX-License-Identifier: Apache-2.0
// See clickhouse_query.h.
#include "shipper/sinks/clickhouse/clickhouse_query.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "shipper/sinks/clickhouse/clickhouse_presence.h"

namespace pixel::shipper {
namespace {

std::uint64_t number_of(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Every row of every table as segment, offset and the table's number.
std::string all_places(const ClickhouseOptions& options) {
  std::string sql;
  for (std::size_t i = 0; i < options.tables.size(); ++i) {
    const TableSpec& spec = options.tables[i];
    sql += fmt::format("{}SELECT toString({}) AS s, toInt64({}) AS o, {} AS t FROM {}.{}",
                       sql.empty() ? "" : " UNION ALL ",
                       quote_name(spec.columns[spec.find(ColumnSource::kSegment)].name),
                       quote_name(spec.columns[spec.find(ColumnSource::kOffset)].name), i,
                       quote_name(options.database), quote_name(spec.name));
  }
  return sql;
}

}  // namespace

base::Result<std::vector<Holding>> read_clickhouse_holdings(ClickhouseClient& client,
                                                            const ClickhouseOptions& options) {
  for (const TableSpec& spec : options.tables) {
    if (!can_check_presence(spec)) {
      return base::Error{"table " + spec.name + " has no columns _segment and _offset"};
    }
  }
  const auto rows = client.rows(
      fmt::format("SELECT s, count(), uniqExact(o, t), uniqExact(o) FROM ({}) GROUP BY s",
                  all_places(options)));
  if (!rows) return rows.error();
  std::vector<Holding> holdings;
  for (const auto& row : *rows) {
    const auto segment = row.size() == 4 ? logfmt::parse_segment(row[0]) : std::nullopt;
    if (!segment) return base::Error{"a row's _segment is no segment"};
    const std::uint64_t duplicates = number_of(row[1]) - number_of(row[2]);
    const std::uint64_t distinct = number_of(row[3]);
    holdings.push_back({*segment, distinct + duplicates, distinct});
  }
  return holdings;
}

base::Result<QueryAnswer> ask_clickhouse(ClickhouseClient& client, const ClickhouseOptions& options,
                                         std::string_view sql) {
  const auto text = client.query(sql, {{"readonly", "2"},
                                       {"database", options.database},
                                       {"default_format", "JSONCompact"},
                                       {"output_format_json_quote_64bit_integers", "0"},
                                       {"max_result_rows", "10000"},
                                       {"result_overflow_mode", "break"},
                                       {"max_execution_time", "30"}});
  if (!text) return text.error();
  const auto json = nlohmann::ordered_json::parse(*text, nullptr, false);
  if (!json.is_object() || !json.contains("meta") || !json.contains("data")) {
    return base::Error{"the server's answer is not JSON: leave FORMAT out of the query"};
  }
  nlohmann::ordered_json answer;
  answer["columns"] = nlohmann::ordered_json::array();
  for (const auto& column : json["meta"]) answer["columns"].push_back(column["name"]);
  answer["rows"] = json["data"];
  return QueryAnswer{answer.dump()};
}

}  // namespace pixel::shipper
