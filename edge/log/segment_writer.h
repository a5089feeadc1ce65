// SPDX-License-Identifier: Apache-2.0
// Appends lines to the worker's segment and publishes them. HOT: no lock, no system call, no
// allocation; a line costs a copy and one store.
//
// Writers and readers: one worker thread calls everything here. Followers in other processes read
// the file; the keeper reads the control slot.
// Invariants:
//  1. The newline is stored with release after the line's bytes: it is the commit of the line.
//  2. The control slot's position is stored with release after the newlines it covers, and before
//     the answers of those lines are submitted.
//  3. Bytes after position are NUL until a line is copied there.
// With a DiskLane a line is committed in private memory, and what this says of publishing is the
// lane's to do, once the disk has the line.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/assert.h"
#include "edge/log/disk_lane.h"
#include "edge/log/segment_supply.h"
#include "logfmt/control_page.h"

namespace pixel::edge {

class SegmentWriter {
 public:
  /// `segment_age_s`: a segment with lines is retired when its first line is this old. `disk`: the
  /// lane where answers wait for the disk, else null. All of them outlive the writer.
  SegmentWriter(SegmentSupply& supply, logfmt::ControlSlot& slot, std::uint32_t segment_age_s,
                DiskLane* disk = nullptr)
      : supply_(supply), slot_(slot), segment_age_s_(segment_age_s), disk_(disk) {}

  /// Makes room for a line of up to `bytes` (newline included), taking the next segment when the
  /// current one has too little. False: no segment is ready; nothing was written.
  bool try_reserve(std::size_t bytes) {
    if (segment_.base != nullptr && segment_.position + bytes <= segment_.capacity) return true;
    return rotate_for(bytes);
  }

  /// The sequence of the next line.
  std::uint64_t next_sequence() const noexcept { return lines_; }

  /// Commits one line (without newline). REQUIRES: try_reserve(line.size() + 1) was true.
  void append(std::string_view line, std::int64_t unix_seconds) noexcept {
    char* const at = segment_.base + segment_.position;
    DCHECK(segment_.position + line.size() < segment_.capacity);
    if (segment_.lines == 0) segment_.first_line_at = unix_seconds;
    std::memcpy(at, line.data(), line.size());
    // release; pairs with followers' reads of the file (invariant 1).
    std::atomic_ref<char>(at[line.size()]).store('\n', std::memory_order_release);
    segment_.position += line.size() + 1;
    ++segment_.lines;
    ++lines_;
  }

  /// Makes all appended lines visible to readers of the control page. Call once per batch, before
  /// the answers are submitted. REQUIRES: no DiskLane.
  void publish() noexcept {
    slot_.lines.store(lines_, std::memory_order_release);
    // Without a segment the slot keeps saying how far the last one went.
    if (segment_.base == nullptr) return;
    slot_.position.store(segment_.position, std::memory_order_release);
  }

  /// Once a second: retires the segment when it is too old or a UTC hour has begun since its first
  /// line; takes the first segment at boot, or a new one when the disk has room again.
  void tick(std::int64_t unix_seconds) noexcept;

  /// Drain: gives the segment away. Afterwards try_reserve is false.
  void finish() noexcept;

  bool has_segment() const noexcept { return segment_.base != nullptr; }

  // With a DiskLane only:

  /// All lines so far are the next group's.
  void mark() noexcept { disk_->mark(segment_.position, lines_); }
  /// The disk takes nothing: there is no place for a line until resume(). Either may be repeated.
  void suspend() noexcept;
  void resume() noexcept;

 private:
  [[gnu::cold, gnu::noinline]] bool rotate_for(std::size_t bytes) noexcept;
  void retire(logfmt::SealReason reason) noexcept;
  bool take_next() noexcept;

  SegmentSupply& supply_;
  logfmt::ControlSlot& slot_;
  const std::uint32_t segment_age_s_;
  DiskLane* const disk_;
  MappedSegment segment_;
  std::uint64_t lines_ = 0;
  char* suspended_base_ = nullptr;  // The segment's, while it takes no lines.
  bool suspended_ = false;
  bool finished_ = false;
};

}  // namespace pixel::edge
