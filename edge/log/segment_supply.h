// SPDX-License-Identifier: Apache-2.0
// The two queues between one worker and the keeper: standby segments in, finished ones out. HOT on
// the worker's side: no lock, no system call.
//
// Writers and readers: the keeper pushes standby and pops retired; the worker does the opposite.
#pragma once

#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/spsc_ring.h"
#include "edge/log/mapped_segment.h"

namespace pixel::edge {

class SegmentSupply {
 public:
  /// More than the keeper ever lets exist for one worker: a push never fails for want of a slot.
  static constexpr std::size_t kSegmentsMax = 64;

  /// Keeper: offers a prepared segment.
  void offer(MappedSegment segment) { CHECK(standby_.try_push(std::move(segment))); }
  /// Keeper: the next segment to seal.
  std::optional<MappedSegment> try_collect() { return retired_.try_pop(); }
  /// Any thread: how many are ready; an approximation while others move.
  std::size_t standby_count() const noexcept { return standby_.size_approximate(); }

  /// Worker: nothing when no segment is ready (the disk is full, or the keeper is late).
  std::optional<MappedSegment> try_take() { return standby_.try_pop(); }
  /// Worker: gives a segment away for sealing (or, without lines, for discarding).
  void retire(MappedSegment segment) { CHECK(retired_.try_push(std::move(segment))); }

 private:
  base::SpscRing<MappedSegment, kSegmentsMax> standby_;
  base::SpscRing<MappedSegment, kSegmentsMax> retired_;
};

}  // namespace pixel::edge
