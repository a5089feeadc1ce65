// SPDX-License-Identifier: Apache-2.0
// Steps one pipeline on a thread of its own: a sink that blocks or is down holds back no other.
// COLD.
#pragma once

#include <atomic>
#include <thread>

#include "shipper/deliver/pipeline.h"
#include "shipper/tail/catalogue.h"

namespace pixel::shipper {

class Runner {
 public:
  /// Both outlive it.
  Runner(Pipeline& pipeline, Catalogue& catalogue) : pipeline_(pipeline), catalogue_(catalogue) {}
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// `ending`: kNever to run until stop(), kWhenDrained to end by itself.
  void start(Pipeline::Ending ending);
  /// Asks it to deliver what was read and end; gives up on a sink that has not taken it when
  /// `grace_ns` is over (the lines are still in the log).
  void stop(std::uint64_t grace_ns);
  /// Waits for the end.
  void join();
  bool is_done() const noexcept { return done_.load(std::memory_order_acquire); }

 private:
  void run(Pipeline::Ending ending);

  Pipeline& pipeline_;
  Catalogue& catalogue_;
  std::atomic<bool> done_{false};
  std::atomic<std::uint64_t> stop_until_ns_{0};  // 0: not asked to stop.
  std::thread thread_;
};

}  // namespace pixel::shipper
