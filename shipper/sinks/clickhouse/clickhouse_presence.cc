// SPDX-License-Identifier: Apache-2.0
// See clickhouse_presence.h.
#include "shipper/sinks/clickhouse/clickhouse_presence.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace pixel::shipper {
namespace {

constexpr std::int64_t kMicro = 1'000'000;

const std::string& name_of(const TableSpec& spec, ColumnSource source) {
  return spec.columns[spec.find(source)].name;
}

// Whole seconds around the rows' times; "" where the table has none.
std::string time_condition(const TableSpec& spec, const RowBlock& rows) {
  const std::size_t place = spec.find(ColumnSource::kRequestTime);
  if (place == spec.columns.size()) return "";
  std::int64_t first = INT64_MAX;
  std::int64_t last = INT64_MIN;
  for (std::size_t row = 0; row < rows.row_count; ++row) {
    const Cell& cell = rows.columns[place][row];
    if (cell.null || cell.integer < 0) return "";
    first = std::min(first, cell.integer);
    last = std::max(last, cell.integer);
  }
  return fmt::format("{0} >= toDateTime({1}) AND {0} <= toDateTime({2}) AND ",
                     quote_name(spec.columns[place].name), first / kMicro, last / kMicro + 1);
}

}  // namespace

bool can_check_presence(const TableSpec& spec) {
  return spec.find(ColumnSource::kSegment) < spec.columns.size() &&
         spec.find(ColumnSource::kOffset) < spec.columns.size();
}

std::string presence_condition(const TableSpec& spec, const RowBlock& rows, const Batch& batch) {
  const std::string segment = quote_name(name_of(spec, ColumnSource::kSegment));
  const std::string offset = quote_name(name_of(spec, ColumnSource::kOffset));
  std::string places;
  for (const Range& range : batch.ranges) {
    places +=
        fmt::format("{}({} = {} AND {} >= {} AND {} < {})", places.empty() ? "" : " OR ", segment,
                    quote_text(to_text(range.segment)), offset, range.from, offset, range.to);
  }
  return fmt::format("{}({})", time_condition(spec, rows), places);
}

base::Status leave_missing(ClickhouseClient& client, const std::string& table,
                           const TableSpec& spec, const RowBlock& rows, const Batch& batch,
                           const std::string& query_id, std::vector<std::uint32_t>& chosen) {
  if (chosen.empty()) return base::ok_status();
  const auto running = client.rows_again(fmt::format(
      "SELECT count() FROM system.processes WHERE query_id = {}", quote_text(query_id)));
  if (!running) return running.error();
  if (running->size() != 1 || running->front().front() != "0") {
    return base::Error{"an insert of the same rows still runs on the server"};
  }
  const std::string condition = presence_condition(spec, rows, batch);
  const auto count =
      client.rows_again(fmt::format("SELECT count() FROM {} WHERE {}", table, condition));
  if (!count) return count.error();
  if (count->size() == 1 && count->front().front() == "0") return base::ok_status();
  const auto present = client.rows_again(fmt::format(
      "SELECT DISTINCT {}, {} FROM {} WHERE {}", quote_name(name_of(spec, ColumnSource::kSegment)),
      quote_name(name_of(spec, ColumnSource::kOffset)), table, condition));
  if (!present) return present.error();
  std::set<std::pair<std::string, std::string>> places;
  for (const auto& row : *present) places.emplace(row[0], row[1]);
  const auto& segments = rows.columns[spec.find(ColumnSource::kSegment)];
  const auto& offsets = rows.columns[spec.find(ColumnSource::kOffset)];
  std::erase_if(chosen, [&](std::uint32_t row) {
    return places.contains(
        {std::string(segments[row].text()), fmt::format("{}", offsets[row].integer)});
  });
  return base::ok_status();
}

}  // namespace pixel::shipper
