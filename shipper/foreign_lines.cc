// SPDX-License-Identifier: Apache-2.0
// See foreign_lines.h. COLD.
#include "shipper/foreign_lines.h"

#include <algorithm>

#include "shipper/segment_lines.h"

namespace pixel::shipper {
namespace {

// Lines before `position`; comment lines count for nothing, as everywhere.
std::uint64_t passed_lines(FileStore& store, const logfmt::SegmentId& segment,
                           const SegmentEntry& entry, const SegmentExtent& extent,
                           const Position& position) {
  if (segment.index != position.index) return segment.index < position.index ? extent.lines : 0;
  if (position.offset >= extent.bytes) return extent.lines;
  std::uint64_t lines = 0;
  const auto count = [&lines](std::uint64_t, std::string_view text) {
    while (!text.empty()) {
      const std::size_t newline = text.find('\n');
      if (text.front() != '#' && newline > 0) ++lines;
      text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    }
    return base::ok_status();
  };
  // What cannot be read now is still to come, as far as can be said.
  if (!read_lines(store, {segment, entry, position.offset}, count)) return 0;
  return std::min(lines, extent.lines);
}

}  // namespace

void add_foreign_lines(const std::filesystem::path& spool, const CatalogueSnapshot& catalogue,
                       SinkHoldings& held) {
  if (catalogue.foreign == nullptr || held.checkpoint == nullptr) return;
  FileStore store(spool);
  for (const auto& [lane, retired] : catalogue.foreign->retired) {
    if (held.wanted.has(lane.kind)) held.foreign_retired[lane] = retired;
  }
  for (const auto& [lane, segments] : catalogue.foreign->lanes) {
    if (!held.wanted.has(lane.kind)) continue;
    const auto place = held.checkpoint->lanes.find(lane);
    const Position position = place == held.checkpoint->lanes.end() ? Position{} : place->second;
    for (const auto& [index, entry] : segments) {
      const logfmt::SegmentId segment{lane, index};
      const SegmentExtent extent = entry.origin->extent();
      held.foreign.push_back(
          {segment, extent.lines, passed_lines(store, segment, entry, extent, position)});
    }
  }
}

}  // namespace pixel::shipper
