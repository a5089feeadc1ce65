// SPDX-License-Identifier: Apache-2.0
// Reads segments again, from their first line on: what replay, audit and test share. COLD; blocks;
// any thread with a store of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/deliver/checkpoint.h"
#include "shipper/tail/catalogue.h"
#include "shipper/tail/lane_kinds.h"
#include "shipper/tail/segment_store.h"

namespace pixel::shipper {

/// Which segments.
struct Selection {
  std::optional<std::int64_t> from_s;       // Unix seconds; segments with any line at or after it,
  std::optional<std::int64_t> to_s;         // and before it.
  std::vector<logfmt::SegmentId> segments;  // Only these; empty: all.
  bool operator==(const Selection&) const = default;
};

/// A segment and how much of it is meant.
struct SelectedSegment {
  logfmt::SegmentId segment;
  SegmentEntry entry;
  std::uint64_t until = 0;  // Only bytes before it.
};

/// Those of these kinds with data that are selected, as far as `reached` goes: what lies beyond it
/// is still to be delivered in the usual way. In the order of their lanes.
std::vector<SelectedSegment> select_segments(const CatalogueSnapshot& catalogue, LaneKinds kinds,
                                             const Checkpoint& reached, const Selection& selection);

/// Those that are selected and reached, but have no data any more.
std::vector<logfmt::SegmentId> select_gone_segments(const CatalogueSnapshot& catalogue,
                                                    LaneKinds kinds, const Checkpoint& reached,
                                                    const Selection& selection);

/// Whole lines at `offset` of the segment; an error ends the reading.
using LinesVisitor = std::function<base::Status(std::uint64_t offset, std::string_view text)>;

/// Calls `visit` for all whole published lines before `selected.until`, a megabyte at a time.
base::Status read_lines(SegmentStore& store, const SelectedSegment& selected,
                        const LinesVisitor& visit);

}  // namespace pixel::shipper
