// SPDX-License-Identifier: Apache-2.0
// COLD: the end of the keeper's life. The workers have ended: their side of the supply is ours.
#include "base/diagnostics.h"
#include "edge/log/keeper.h"

namespace pixel::edge {

void Keeper::finish() {
  for (Lane& lane : lanes_) finish_lane(lane);
  sealer_.stop();
}

void Keeper::finish_lane(Lane& lane) {
  collect(lane);
  if (lane.has_unoffered) lane.shared.supply->offer(lane.live.back().file.mapped);
  // Standby segments have no lines and the highest indexes of the lane: removing them leaves no
  // gap.
  while (const auto unused = lane.shared.supply->try_take()) lane.shared.supply->retire(*unused);
  collect(lane);
  for (LiveSegment& live : lane.live) {
    // A worker that ended without giving its segment away. The file is whole; recovery seals it.
    spdlog::error("{} was not given back; the next start seals it", live.file.path.string());
    totals_.abandoned_segments.fetch_add(1, std::memory_order_relaxed);
    unmap_segment(live.file.mapped);
  }
  lane.live.clear();
}

}  // namespace pixel::edge
