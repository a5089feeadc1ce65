// SPDX-License-Identifier: Apache-2.0
// How long a worker waits for more completions before it handles what is there. HOT; pure.
//
// Waiting on purpose saves wake-ups where there is little to do: at 80k requests/s an eighth of the
// CPU time, for 0.17 ms of latency. Where there is much to do the clients wait too, and throughput
// is lost (docs/PERFORMANCE.md). So it is off unless it is asked for; it follows an average of
// completions per loop, never delays a lone connection, and never asks for more than the open
// connections can send.
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
  }

  Wait next(std::uint32_t open_connections, std::uint64_t timeout_ns) const noexcept {
    const std::uint32_t average = average_x16_ / 16;
    if (batch_wait_us_max_ == 0 || average < kBatchAverageMin) return {1, 0, timeout_ns};
    const std::uint32_t wanted =
        std::min(std::clamp(2 * average, kBatchMin, kBatchMax), std::max(open_connections, 1U));
    const std::uint32_t wait_us =
        average < kBusyAverageMin ? batch_wait_us_max_ / 2 : batch_wait_us_max_;
    return {wanted, wait_us, timeout_ns};
  }

 private:
  static constexpr std::uint32_t kBatchAverageMin = 2;
  static constexpr std::uint32_t kBusyAverageMin = 8;
  static constexpr std::uint32_t kBatchMin = 20;
  static constexpr std::uint32_t kBatchMax = 256;

  std::uint32_t batch_wait_us_max_;
  std::uint32_t average_x16_ = 0;
};

}  // namespace pixel::edge
