// SPDX-License-Identifier: Apache-2.0
// The control page: a small mapped file in active/ that says how far each lane has published. A
// hint for followers and the source of the edge's counters; recovery of lines never needs it.
//
// Writers and readers: a slot is stored by its worker only; any process maps it read-only and
// loads. Slots [0, workers) are those of access lanes, [workers, 2 * workers) of events lanes.
// Its owner holds flock(LOCK_EX) on the file as long as it lives: a lock that can be taken means
// that the process is gone and its segments may be recovered.
// Invariants:
//  1. `position` is stored with release after the newline it covers: who loads it with acquire
//     finds every line before it.
//  2. `answers` <= `lines` at every moment (answers is stored after lines).
//  3. A slot's segment_index and position belong together only if segment_index reads the same
//     before and after position and position is not 0 (nothing written yet, or a change of segments
//     is under way); readers retry, or use the NUL rule (segment_scan.h).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "base/result.h"
#include "base/unique_fd.h"
#include "logfmt/segment_name.h"

namespace pixel::logfmt {

struct alignas(128) ControlHeader {
  std::uint64_t magic;  // kControlMagic.
  std::uint32_t version;
  std::uint32_t boot;
  std::uint16_t node;
  std::uint16_t worker_count;
  std::uint32_t pid;
  std::int64_t started_at;         // Unix seconds.
  std::uint16_t lanes_per_worker;  // 1: access; 2: access and events. Version 1 has 0: means 1.
};
static_assert(offsetof(ControlHeader, lanes_per_worker) == 32);
/// Of the control page alone; segments and manifests have kFormatVersion. Version 1 is read too.
inline constexpr std::uint32_t kControlVersion = 2;
inline constexpr std::uint64_t kControlMagic = 0x31304C5443584950;  // "PIXCTL01".

/// One lane's. All counters are totals of this process life. In the slot of an events lane `lines`
/// counts events, `unlogged` those that an answered request lost for want of a place; `answers`,
/// `refused` and `heartbeat_ns` stay 0: a request is answered once, by its access lane.
struct alignas(128) ControlSlot {
  std::atomic<std::uint64_t> segment_index;  // Of the segment being written.
  std::atomic<std::uint64_t> position;       // Published bytes of it.
  std::atomic<std::uint64_t> lines;          // Published; the next line's sequence.
  std::atomic<std::uint64_t> answers;        // Handed to the kernel after their lines.
  std::atomic<std::uint64_t> unlogged;       // Answers given without a line.
  std::atomic<std::uint64_t> refused;        // 503 for want of a place for the line.
  std::atomic<std::uint64_t> heartbeat_ns;   // CLOCK_MONOTONIC of the last loop.
};
static_assert(sizeof(ControlHeader) == 128 && sizeof(ControlSlot) == 128);
static_assert(offsetof(ControlSlot, position) == 8 && offsetof(ControlSlot, heartbeat_ns) == 48);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// A mapped control page. Move-only; unmaps on destruction.
class ControlPage {
 public:
  /// Creates the file with `worker_count * lanes_per_worker` (1 or 2) slots and takes its lock.
  /// COLD.
  static base::Result<ControlPage> create(const std::filesystem::path& path, std::uint16_t node,
                                          std::uint32_t boot, std::uint16_t worker_count,
                                          std::uint16_t lanes_per_worker = 1);
  /// Maps an existing one read-only; an error where magic, version or size do not fit.
  static base::Result<ControlPage> open(const std::filesystem::path& path);

  ControlPage(ControlPage&& other) noexcept;
  ControlPage& operator=(ControlPage&& other) noexcept;
  ~ControlPage();

  const ControlHeader& header() const noexcept;
  /// By worker; empty where this process has no lanes of that kind.
  std::span<const ControlSlot> slots(SegmentKind kind = SegmentKind::kAccess) const noexcept;
  /// How every reader finds a lane's slot; null where this page has none for it.
  const ControlSlot* find_slot(const LaneId& lane) const noexcept;
  /// The writer's. REQUIRES: made by create(), with a lane of that kind for that worker.
  ControlSlot& slot(SegmentKind kind, std::size_t worker) noexcept;
  ControlSlot& slot(std::size_t worker) noexcept { return slot(SegmentKind::kAccess, worker); }
  /// open() only: true when no living process holds the lock.
  bool owner_is_gone() const;

 private:
  ControlPage(base::UniqueFd fd, void* memory, std::size_t bytes, bool writable) noexcept;
  base::UniqueFd fd_;
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
  bool writable_ = false;
};

}  // namespace pixel::logfmt
