// SPDX-License-Identifier: Apache-2.0
// How long a worker waits for more completions before it handles what is there, and how many the
// kernel may hand over at once. HOT; pure.
//
// Since Linux 6.13 a deferring ring runs at most max(20, wanted) completions per enter. A worker
// that finds as many as it may get asks for more: at 1024 busy connections a request then costs
// 0.94 of the minimal responder's CPU time, 1.17 with 20 (bench/compare, docs/PERFORMANCE.md).
//
// Waiting on purpose saves wake-ups where there is little to do (at 80k requests/s an eighth of the
// CPU time for 0.17 ms of latency) but costs throughput where there is much: the clients then wait
// too. So it is off unless it is asked for, and never delays a lone connection.
#pragma once

#include <algorithm>
#include <cstdint>

#include "edge/net/ring.h"

namespace pixel::edge {

class WaitPolicy {
 public:
  explicit WaitPolicy(std::uint32_t batch_wait_us_max) : batch_wait_us_max_(batch_wait_us_max) {}

  /// After each loop.
  void observe(std::uint32_t completions) noexcept {
    average_x16_ = (average_x16_ * 7 + completions * 16) / 8;
    // A half more while there is no end of them, a quarter less than there were otherwise: what is
    // asked for is then there, and asking for it seldom waits.
    pass_ = completions >= pass_ ? std::min(pass_ + pass_ / 2, kPassMax)
                                 : std::max(completions - completions / 4, kPassMin);
  }

  Wait next(std::uint32_t open_connections, std::uint64_t timeout_ns) const noexcept {
    const std::uint32_t average = average_x16_ / 16;
    if (batch_wait_us_max_ != 0 && average >= kBatchAverageMin) {
      const std::uint32_t wanted =
          std::min(std::clamp(2 * average, kPassMin, kPassMax), std::max(open_connections, 1U));
      const std::uint32_t wait_us =
          average < kBusyAverageMin ? batch_wait_us_max_ / 2 : batch_wait_us_max_;
      return {wanted, wait_us, timeout_ns};
    }
    if (pass_ > kPassMin) return {pass_, kPassWaitUs, timeout_ns};
    return {1, 0, timeout_ns};
  }

 private:
  static constexpr std::uint32_t kBatchAverageMin = 2;
  static constexpr std::uint32_t kBusyAverageMin = 8;
  static constexpr std::uint32_t kPassMin = 20;  // What an enter hands over without being asked.
  static constexpr std::uint32_t kPassMax = 256;
  static constexpr std::uint32_t kPassWaitUs = 1;  // The shortest; 0 would wait for all of them.

  std::uint32_t batch_wait_us_max_;
  std::uint32_t average_x16_ = 0;
  std::uint32_t pass_ = kPassMin;
};

}  // namespace pixel::edge
