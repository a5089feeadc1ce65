// SPDX-License-Identifier: Apache-2.0
// Runs on the worker thread, once per group: see disk_lane.h.
#include "edge/log/disk_lane.h"

#include <algorithm>

namespace pixel::edge {

void DiskLane::begin(const MappedSegment& segment) noexcept {
  CHECK(has_place() && (count_ == 0 || at(count_ - 1).retired));
  // The header lines are in the file already.
  at(count_++) = {segment, -1, segment.position, segment.position, false};
  changed_ = true;
}

void DiskLane::retire(const MappedSegment& segment) noexcept {
  CHECK(count_ != 0 && !at(count_ - 1).retired);
  at(count_ - 1).segment = segment;
  at(count_ - 1).retired = true;
  changed_ = true;
}

void DiskLane::mark(std::uint64_t position, std::uint64_t lines) noexcept {
  if (count_ != 0 && !at(count_ - 1).retired) at(count_ - 1).segment.position = position;
  for (std::size_t i = 0; i < count_; ++i) at(i).marked = at(i).segment.position;
  marked_lines_ = lines;
  changed_ = false;
}

bool DiskLane::is_saved() const noexcept {
  for (std::size_t i = 0; i < count_; ++i) {
    if (at(i).saved != at(i).marked) return false;
  }
  return true;
}

void DiskLane::save(std::uint32_t number, std::uint64_t bytes) noexcept {
  CHECK(number < count_ && bytes <= at(number).marked - at(number).saved);
  at(number).saved += bytes;
}

void DiskLane::show(const DiskSegment& shown) noexcept {
  const std::uint64_t index = shown.segment.id.index;
  if (slot_.segment_index.load(std::memory_order_relaxed) != index) {
    // 0 first: nobody may take the old segment's position for the new one's (control_page.h,
    // invariant 3).
    slot_.position.store(0, std::memory_order_release);
    slot_.segment_index.store(index, std::memory_order_release);
  }
  slot_.position.store(shown.saved, std::memory_order_release);
}

void DiskLane::give_away_first() noexcept {
  supply_.retire(at(0).segment);
  at(0) = {};
  first_ = (first_ + 1) % kSegmentsMax;
  --count_;
}

}  // namespace pixel::edge
