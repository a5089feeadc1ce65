// SPDX-License-Identifier: Apache-2.0
// The keeper: does for all workers what may stall. Standby segments ahead, pages touched ahead of
// each writer, their hash and write-back behind it, retired segments to the sealer. COLD; a thread
// of its own.
//
// It has a descriptor table of its own (where the system allows it): a worker that copies the
// process's table never holds a segment open after the keeper has closed it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "edge/log/keeper_status.h"
#include "edge/log/pretouch.h"
#include "edge/log/sealer.h"
#include "edge/log/segment_file.h"
#include "edge/log/segment_supply.h"
#include "logfmt/control_page.h"

namespace pixel::edge {

/// More standby segments than this help nobody.
inline constexpr std::uint32_t kStandbySegmentsMax = 16;

struct KeeperOptions {
  Spool spool;
  std::string distribution;  // In sealed file names.
  std::uint16_t node = 0;
  std::uint32_t boot = 0;
  std::uint64_t segment_bytes = 64ULL * 1024 * 1024;
  std::uint32_t standby_segments = 2;  // Per lane; 1 to kStandbySegmentsMax.
  std::uint64_t window_bytes = 4ULL * 1024 * 1024;
  Durability durability = Durability::kProcess;
};

/// What one writer shares with the keeper. Both outlive it. 0: as KeeperOptions says.
struct KeeperLane {
  SegmentSupply* supply = nullptr;
  const logfmt::ControlSlot* slot = nullptr;
  logfmt::SegmentKind kind = logfmt::SegmentKind::kAccess;
  std::uint64_t segment_bytes = 0;
  std::uint32_t standby_segments = 0;
};

class Keeper {
 public:
  /// The first lane of a kind is worker 0's, the second one worker 1's, and so on. status() has
  /// them in the same order.
  Keeper(KeeperOptions options, const std::vector<KeeperLane>& lanes);
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// Starts the thread and waits for its first pass. A full disk is no error here: it is counted
  /// and tried again until there is room. Any other failure to make segments is.
  base::Status start();

  /// Seals every retired segment, removes unused standby segments and ends the thread.
  /// REQUIRES: the workers have given their segments away and touch their supply no more.
  void stop();

  /// Any thread.
  KeeperStatus status() const;

 private:
  struct LiveSegment {
    SegmentFile file;
    TouchState touch;
    HashedPart hashed;
  };
  struct Lane {
    KeeperLane shared;
    logfmt::LaneId id;
    std::uint32_t next_index = 0;
    std::deque<LiveSegment> live;  // Standby, active, and retired but not yet collected.
    bool has_unoffered = false;    // The newest of them waits for its folder's sync.
    std::uint64_t seen_index = 0;
    std::uint64_t seen_position = 0;
    std::atomic<bool> active_has_room{false};
  };

  /// What one look at the lanes found.
  struct Look {
    std::uint64_t moved_bytes = 0;  // Written by the workers since the last one.
    bool wants_another = false;     // Soon: a segment is missing or changing.
  };

  void run();
  Look pass();
  void collect(Lane& lane);
  bool refill(Lane& lane);
  bool add_standby(Lane& lane);
  base::Result<LiveSegment, SegmentFileError> make_segment(const Lane& lane);
  bool offer_newest(Lane& lane);
  void fail_allocation(const SegmentFileError& error);
  void follow(Lane& lane, Look& look);
  void take_care(LiveSegment& live, std::uint64_t position);
  bool wait(const Look& look);
  void finish();
  void finish_lane(Lane& lane);

  const KeeperOptions options_;
  KeeperTotals totals_;
  Sealer sealer_;
  std::deque<Lane> lanes_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;         // Guarded by mutex_.
  bool first_pass_done_ = false;  // Guarded by mutex_.
  // The thread's own.
  PopulateBy populate_by_;
  std::uint64_t sleep_ns_ = 0;
  std::uint64_t allocate_at_ns_ = 0;  // Not before: the last attempt failed.
  std::uint64_t complain_at_ns_ = 0;
  bool allocation_fails_ = false;
  std::string fatal_cause_;  // Of the first pass; read by start() after first_pass_done_.
};

}  // namespace pixel::edge
