// SPDX-License-Identifier: Apache-2.0
// The thread that seals: everything that waits for the disk, apart from the keeper's loop so that
// no slow fdatasync keeps standby segments from the workers. COLD.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "edge/log/keeper_status.h"
#include "edge/log/seal.h"

namespace pixel::edge {

class Sealer {
 public:
  /// `totals` outlives the sealer.
  Sealer(Spool spool, std::string distribution, KeeperTotals& totals);
  ~Sealer();
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  void start();
  /// Takes a retired segment: sealed, or unlinked when it has no lines. Any thread.
  void give(SealJob job);
  /// Seals what was given (one last attempt for those that failed), then ends the thread.
  void stop();

 private:
  void run();
  void handle(SealJob job);
  void postpone(SealJob job, const std::string& cause);
  bool wait_for_work(std::unique_lock<std::mutex>& lock);

  const Spool spool_;
  const std::string distribution_;
  KeeperTotals& totals_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<SealJob> waiting_;  // Guarded by mutex_.
  bool stopping_ = false;        // Guarded by mutex_.
  // The thread's own: failed ones to try again, and when.
  std::deque<SealJob> failed_;
  std::uint64_t retry_at_ns_ = 0;
  std::thread thread_;
};

}  // namespace pixel::edge
