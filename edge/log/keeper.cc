// SPDX-License-Identifier: Apache-2.0
// COLD: see keeper.h. The loop; its end is keeper_end.cc.
#include "edge/log/keeper.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/assert.h"
#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/file.h"
#include "base/thread_name.h"
#include "base/units.h"
#include "logfmt/format.h"

namespace pixel::edge {
namespace {

// At most so long as a quarter of the window lasts at the pace of the last look: of 4 MiB 13 ms at
// 80 MB/s. Each wake-up costs the worker that shares the core 10 us. Idle, there are 20 a second.
constexpr std::uint64_t kSleepBusyNs = 1 * base::kMillisecondNs;
constexpr std::uint64_t kSleepQuietNs = 5 * base::kMillisecondNs;
constexpr std::uint64_t kSleepIdleNs = 50 * base::kMillisecondNs;
constexpr std::uint64_t kAllocateRetryNs = 100 * base::kMillisecondNs;
constexpr std::uint64_t kComplainNs = 10 * base::kSecondNs;
// A worker with less space than this is about to run out.
constexpr std::uint64_t kRoomBytes = 16 * base::kKiB;
// Sealing so far behind means that the disk is stuck: no more segments, rather than no more
// descriptors.
constexpr std::uint64_t kUnsealedMax = 256;

}  // namespace

Keeper::Keeper(KeeperOptions options, const std::vector<KeeperLane>& lanes)
    : options_(std::move(options)),
      sealer_(options_.spool, options_.distribution, totals_),
      populate_by_(options_.durability == Durability::kProcess ? PopulateBy::kTwoAdvices
                                                               : PopulateBy::kAdvice) {
  for (const KeeperLane& shared : lanes) {
    const auto worker = std::count_if(lanes_.begin(), lanes_.end(), [&](const Lane& before) {
      return before.id.kind == shared.kind;
    });
    Lane& lane = lanes_.emplace_back();
    lane.shared = shared;
    lane.id = {shared.kind, options_.node, options_.boot, static_cast<std::uint16_t>(worker)};
    if (shared.segment_bytes == 0) lane.shared.segment_bytes = options_.segment_bytes;
    if (shared.standby_segments == 0) lane.shared.standby_segments = options_.standby_segments;
    const std::uint32_t standby = lane.shared.standby_segments;
    CHECK(standby >= 1 && standby <= kStandbySegmentsMax);
  }
}

Keeper::~Keeper() { stop(); }

base::Status Keeper::start() {
  thread_ = std::thread([this] { run(); });
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return first_pass_done_; });
  }
  if (fatal_cause_.empty()) return base::ok_status();
  stop();
  return base::Error{fatal_cause_};
}

void Keeper::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Keeper::run() {
  base::name_this_thread("edge-keeper");
  // Refused in some containers: then all threads share one table, and nobody holds copies.
  ::unshare(CLONE_FILES);
  // From here, so that the sealer shares this table: it closes what is opened here.
  sealer_.start();
  Look look = pass();
  {
    const std::lock_guard lock(mutex_);
    first_pass_done_ = true;
  }
  changed_.notify_all();
  while (wait(look)) look = pass();
  finish();
}

// One look at every lane.
Keeper::Look Keeper::pass() {
  Look look;
  for (Lane& lane : lanes_) {
    collect(lane);
    if (refill(lane)) look.wants_another = true;
    follow(lane, look);
  }
  totals_.passes.fetch_add(1, std::memory_order_relaxed);
  return look;
}

void Keeper::collect(Lane& lane) {
  while (const auto retired = lane.shared.supply->try_collect()) {
    const auto at = std::find_if(lane.live.begin(), lane.live.end(), [&](const LiveSegment& live) {
      return live.file.mapped.id == retired->id;
    });
    CHECK(at != lane.live.end());
    sealer_.give(
        {std::move(at->file.fd), std::move(at->file.path), *retired, std::move(at->hashed)});
    lane.live.erase(at);
  }
}

// One at a time, except at boot: where segments fill faster than they are made, the other lanes
// and the sealing must have their turn too. True when the lane wants another one.
bool Keeper::refill(Lane& lane) {
  const auto wants = [&] {
    return lane.shared.supply->standby_count() < lane.shared.standby_segments &&
           base::monotonic_ns() >= allocate_at_ns_;
  };
  const bool is_boot = totals_.passes.load(std::memory_order_relaxed) == 0;
  while (wants() && add_standby(lane) && is_boot) {
  }
  return wants();
}

bool Keeper::add_standby(Lane& lane) {
  if (lane.has_unoffered) return offer_newest(lane);
  if (totals_.unsealed_segments.load(std::memory_order_relaxed) >= kUnsealedMax) {
    fail_allocation({0, "sealing is far behind: is the disk stuck?"});
    return false;
  }
  auto live = make_segment(lane);
  if (!live) {
    fail_allocation(live.error());
    return false;
  }
  ++lane.next_index;
  totals_.created_segments.fetch_add(1, std::memory_order_relaxed);
  lane.live.push_back(std::move(live).value());
  lane.has_unoffered = true;
  return offer_newest(lane);
}

// A segment with its name, whose first pages are there.
base::Result<Keeper::LiveSegment, SegmentFileError> Keeper::make_segment(const Lane& lane) {
  auto file = create_segment_file(options_.spool, {lane.id, lane.next_index},
                                  lane.shared.segment_bytes, options_.durability);
  if (!file) return file.error();
  LiveSegment live{std::move(file).value(), {}, {}};
  MappedSegment& mapped = live.file.mapped;
  if (lane.id.kind == logfmt::SegmentKind::kAccess) {
    // It is in the file already; in private memory it is not.
    live.hashed.hasher.update(logfmt::kAccessHeader);
    live.hashed.end = mapped.position;
  }
  int error = touch_ahead(mapped.base, mapped.capacity, mapped.position, options_.window_bytes,
                          live.touch, populate_by_);
  if (error == 0) error = name_segment_file(live.file);
  if (error == 0) return live;
  discard_segment_file(live.file);
  return SegmentFileError{error, base::errno_error("populate", live.file.path, error).message};
}

// Where lines must survive a loss of power, so must the name of their file: recovery removes what
// has none yet, and a file's own sync may leave its name in memory. A segment that has a name is
// never given up for that: followers may have it open.
bool Keeper::offer_newest(Lane& lane) {
  if (options_.durability == Durability::kDisk) {
    if (const auto synced = base::sync_directory(options_.spool.active()); !synced) {
      fail_allocation({0, synced.error().message});
      return false;
    }
  }
  if (allocation_fails_) spdlog::info("segments can be made again");
  allocation_fails_ = false;
  lane.has_unoffered = false;
  lane.shared.supply->offer(lane.live.back().file.mapped);
  return true;
}

void Keeper::fail_allocation(const SegmentFileError& error) {
  const std::uint64_t now_ns = base::monotonic_ns();
  totals_.fail_allocation(error.message);
  allocate_at_ns_ = now_ns + kAllocateRetryNs;
  if (!allocation_fails_ || now_ns >= complain_at_ns_) {
    spdlog::error("{}; trying again every {}", error.message,
                  base::format_duration_ns(kAllocateRetryNs));
    complain_at_ns_ = now_ns + kComplainNs;
  }
  allocation_fails_ = true;
  if (totals_.passes.load(std::memory_order_relaxed) == 0 && !error.disk_full()) {
    fatal_cause_ = error.message;
  }
}

// Looks how far the worker has published, and takes care of what is ahead of it and behind.
void Keeper::follow(Lane& lane, Look& look) {
  const logfmt::ControlSlot& slot = *lane.shared.slot;
  // acquire; both pair with the writer's release. Read again: see control_page.h, invariant 3.
  const std::uint64_t index = slot.segment_index.load(std::memory_order_acquire);
  const std::uint64_t position = slot.position.load(std::memory_order_acquire);
  // The worker is just changing segments; an events segment is as empty before its first line.
  if (slot.segment_index.load(std::memory_order_acquire) != index ||
      (position == 0 && lane.id.kind == logfmt::SegmentKind::kAccess)) {
    look.wants_another = true;
    return;
  }
  const auto at = std::find_if(lane.live.begin(), lane.live.end(), [&](const LiveSegment& live) {
    return live.file.mapped.id.index == index;
  });
  if (at == lane.live.end()) {
    lane.active_has_room.store(false, std::memory_order_relaxed);
    return;
  }
  const std::uint64_t capacity = at->file.mapped.capacity;
  lane.active_has_room.store(position + kRoomBytes <= capacity, std::memory_order_relaxed);
  const std::uint64_t before = lane.seen_index == index ? lane.seen_position : 0;
  const std::uint64_t moved_bytes = position > before ? position - before : 0;
  lane.seen_index = index;
  lane.seen_position = position;
  look.moved_bytes += moved_bytes;
  if (moved_bytes != 0) take_care(*at, std::min(position, capacity));
}

// The hash now, while the bytes are in the processor's cache: read back when the segment is sealed
// they cost three times as much.
void Keeper::take_care(LiveSegment& live, std::uint64_t position) {
  char* const base = live.file.mapped.base;
  const int error = touch_ahead(base, live.file.mapped.capacity, position, options_.window_bytes,
                                live.touch, populate_by_);
  if (error != 0) totals_.pretouch_errors.fetch_add(1, std::memory_order_relaxed);
  live.hashed.hasher.update({base + live.hashed.end, position - live.hashed.end});
  live.hashed.end = position;
  if (options_.durability == Durability::kProcess) {
    write_behind(live.file.fd.get(), base, position, live.touch);
  } else {
    // What is published is on the disk: its writer is done with it.
    release_behind(base, position, live.touch);
  }
}

// Sleeps as long as the traffic allows; false when it is time to stop.
bool Keeper::wait(const Look& look) {
  if (look.wants_another) {
    sleep_ns_ = kSleepBusyNs;
  } else if (look.moved_bytes > 0) {
    const std::uint64_t quarter_bytes = options_.window_bytes / 4;
    sleep_ns_ =
        std::clamp(sleep_ns_ * quarter_bytes / look.moved_bytes, kSleepBusyNs, kSleepQuietNs);
  } else {
    sleep_ns_ = std::clamp(sleep_ns_ * 2, kSleepQuietNs, kSleepIdleNs);
  }
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::nanoseconds(sleep_ns_), [this] { return stopping_; });
  return !stopping_;
}

KeeperStatus Keeper::status() const {
  KeeperStatus status = totals_.read();
  status.free_bytes = free_bytes(options_.spool.active());
  for (const Lane& lane : lanes_) {
    const std::size_t standby = lane.shared.supply->standby_count();
    const bool active = lane.active_has_room.load(std::memory_order_relaxed);
    status.lanes.push_back({lane.id.kind, lane.id.worker, standby, standby > 0 || active});
  }
  return status;
}

}  // namespace pixel::edge
