// SPDX-License-Identifier: Apache-2.0
// COLD: see lake_restore.h.
#include "shipper/sinks/lake/lake_restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

namespace pixel::shipper::lake {
namespace {

// "<segment>/<offset>" as one text: what a row's place is called here.
using Places = std::set<std::string>;

std::string place_of(std::string_view segment, std::int64_t offset) {
  return fmt::format("{}/{}", segment, offset);
}

base::Result<Places> held_places(LakeReader& reader, const TableSpec& table, const Batch& batch,
                                 const std::string& segment, const std::string& offset) {
  std::set<std::string> segments;
  for (const Range& range : batch.ranges) segments.insert(to_text(range.segment));
  std::string names;
  for (const std::string& name : segments) {
    names += (names.empty() ? "" : ", ") + duckdb::quote_text(name);
  }
  if (names.empty()) return Places();
  const auto found = reader.connection.read_texts(
      fmt::format("SELECT {} || '/' || CAST({} AS VARCHAR) FROM {} WHERE {} IN ({})", segment,
                  offset, duckdb::quote_name(table.name), segment, names));
  if (!found) return found.error();
  Places places;
  for (const auto& row : found->rows) places.insert(row[0].value_or(""));
  return places;
}

}  // namespace

base::Result<std::vector<RowBlock>> missing_rows(LakeReader& reader,
                                                 const std::vector<TableSpec>& tables,
                                                 const Batch& batch) {
  std::vector<RowBlock> missing(tables.size());
  for (std::size_t t = 0; t < tables.size(); ++t) {
    const TableSpec& table = tables[t];
    const RowBlock& rows = batch.tables[t];
    const std::size_t segment = table.find(ColumnSource::kSegment);
    const std::size_t offset = table.find(ColumnSource::kOffset);
    if (std::max(segment, offset) == table.columns.size()) {
      return base::Error{fmt::format(
          "table {} has no lineage columns: which rows are there cannot be told", table.name)};
    }
    const auto held =
        held_places(reader, table, batch, duckdb::quote_name(table.columns[segment].name),
                    duckdb::quote_name(table.columns[offset].name));
    if (!held) return held.error();
    missing[t].columns.resize(rows.columns.size());
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      const Cell& where = rows.columns[segment][row];
      if (held->contains(place_of(where.text(), rows.columns[offset][row].integer))) continue;
      for (std::size_t i = 0; i < rows.columns.size(); ++i) {
        missing[t].columns[i].push_back(rows.columns[i][row]);
      }
      ++missing[t].row_count;
    }
  }
  return missing;
}

}  // namespace pixel::shipper::lake
