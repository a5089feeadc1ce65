// SPDX-License-Identifier: Apache-2.0
// COLD: see lineage_sql.h. Names of columns and tables are lower case letters, digits and '_'.
#include "shipper/encode/lineage_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pixel::shipper {
namespace {

// "SELECT _segment, _offset, count(*)" by place in one table.
base::Result<std::string> places_of(std::string_view schema, const TableSpec& table) {
  const std::size_t segment = table.find(ColumnSource::kSegment);
  const std::size_t offset = table.find(ColumnSource::kOffset);
  if (std::max(segment, offset) >= table.columns.size()) {
    return base::Error{fmt::format(
        "table {} has no lineage columns: nothing can be read back by segment", table.name)};
  }
  return fmt::format(
      "SELECT \"{}\" AS segment, \"{}\" AS place, count(*) AS copies FROM \"{}\".\"{}\" "
      "GROUP BY 1, 2",
      table.columns[segment].name, table.columns[offset].name, schema, table.name);
}

std::uint64_t number_of(const std::optional<std::string>& text) {
  std::uint64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

}  // namespace

// A line may be in several tables, and in each of them once.
base::Result<std::string> lineage_sql(std::string_view schema, std::span<const TableSpec> tables) {
  std::string places;
  for (const TableSpec& table : tables) {
    auto part = places_of(schema, table);
    if (!part) return part.error();
    if (!places.empty()) places += " UNION ALL ";
    places += *part;
  }
  return fmt::format(
      "SELECT segment, count(DISTINCT place) + sum(copies - 1), count(DISTINCT place) "
      "FROM ({}) AS places GROUP BY 1 ORDER BY 1",
      places);
}

base::Result<std::vector<Holding>> holdings_of(
    std::span<const std::vector<std::optional<std::string>>> rows) {
  std::vector<Holding> holdings;
  for (const auto& row : rows) {
    const auto segment = logfmt::parse_segment(row[0].value_or(""));
    if (!segment) {
      return base::Error{fmt::format("'{}' in _segment names no segment", row[0].value_or("NULL"))};
    }
    holdings.push_back({*segment, number_of(row[1]), number_of(row[2])});
  }
  return holdings;
}

}  // namespace pixel::shipper
