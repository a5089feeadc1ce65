// SPDX-License-Identifier: Apache-2.0
// One lane of a worker whose answers wait for the disk (log.durability = "disk"): what of its
// segments is in memory only, what is being written, what is published. HOT by thread, once per
// group; no allocation, no system call.
//
// Lines are collected in private memory and written to their file, each write with its own sync
// (RWF_DSYNC), a group at a time. Not in the mapped file with a sync of it: that write-protects the
// page being written, and the fault that follows waits for the file system's journal. At 100k
// lines/s beside a sync loop on ext4 (Linux 6.18, 4 s) a writer into the map stood still for 0.3 to
// 2.0 s, one into memory for 0.02 s.
//
// Writers and readers: the worker calls everything; followers and the keeper read the control slot.
// Invariants:
//  1. saved <= marked <= position for each segment; the kernel reads [saved, marked) only.
//  2. The control slot says only what is saved, and names a segment only when all lines of the ones
//     before it are: a follower that finds it left reads the old one to its end.
//  3. A segment goes to the keeper when it is retired and all of it is saved: nobody cuts or unmaps
//     what is still to be written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "edge/log/segment_supply.h"
#include "logfmt/control_page.h"

namespace pixel::edge {

/// A segment that is not given away yet.
struct DiskSegment {
  MappedSegment segment;
  int fd = -1;               // The worker's own; -1: not opened yet.
  std::uint64_t saved = 0;   // On the disk up to here.
  std::uint64_t marked = 0;  // The group under way reaches to here.
  bool retired = false;

  bool is_finished() const noexcept { return retired && saved == segment.position; }
};

class DiskLane {
 public:
  /// A writer that is so many segments ahead of the disk gets no further one.
  static constexpr std::size_t kSegmentsMax = 8;

  /// Both outlive the lane.
  DiskLane(SegmentSupply& supply, logfmt::ControlSlot& slot) : supply_(supply), slot_(slot) {}
  DiskLane(const DiskLane&) = delete;
  DiskLane& operator=(const DiskLane&) = delete;

  // --- The writer's side (segment_writer.h).

  bool has_place() const noexcept { return count_ < kSegmentsMax; }
  /// The writer goes on in this one. REQUIRES: has_place(), and the last one was retired.
  void begin(const MappedSegment& segment) noexcept;
  /// The newest one gets no more lines.
  void retire(const MappedSegment& segment) noexcept;
  /// All up to `position` of the newest segment, and `lines` of the lane, is the next group's.
  /// REQUIRES: no group is under way.
  void mark(std::uint64_t position, std::uint64_t lines) noexcept;

  // --- The group's side (dispatch_disk.h).

  /// Whether segments came or went that no group has seen.
  bool has_changed() const noexcept { return changed_; }
  /// Whether all that was marked is on the disk.
  bool is_saved() const noexcept;
  /// Calls `visit(number, segment)` for each segment that the group has bytes in; numbers are valid
  /// until publish().
  template <class Visit>
  void for_each_unsaved(Visit&& visit) {
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (at(i).saved != at(i).marked) visit(i, at(i));
    }
  }
  /// So many more bytes of that segment are on the disk.
  void save(std::uint32_t number, std::uint64_t bytes) noexcept;
  /// Shows followers the group, and gives away what is finished: `close(fd)` for each of those.
  /// REQUIRES: is_saved().
  template <class Close>
  void publish(Close&& close) {
    DCHECK(is_saved());
    slot_.lines.store(marked_lines_, std::memory_order_release);
    while (count_ != 0 && at(0).is_finished()) {
      show(at(0));
      if (at(0).fd >= 0) close(at(0).fd);
      give_away_first();
    }
    if (count_ != 0) show(at(0));
  }

 private:
  DiskSegment& at(std::size_t number) noexcept {
    return segments_[(first_ + number) % kSegmentsMax];
  }
  const DiskSegment& at(std::size_t number) const noexcept {
    return segments_[(first_ + number) % kSegmentsMax];
  }
  void show(const DiskSegment& shown) noexcept;
  void give_away_first() noexcept;

  SegmentSupply& supply_;
  logfmt::ControlSlot& slot_;
  std::array<DiskSegment, kSegmentsMax> segments_;  // A ring, oldest first.
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::uint64_t marked_lines_ = 0;
  bool changed_ = false;
};

}  // namespace pixel::edge
