// SPDX-License-Identifier: Apache-2.0
// When each request of a thread is meant to be sent. Open loop: at a constant rate that no answer
// delays, which is what makes a stall of the server show in the latencies (no coordinated
// omission). Closed loop: at once. HOT; pure; one thread.
#pragma once

#include <cstdint>

namespace pixel::load {

class Schedule {
 public:
  /// Closed loop: always due.
  Schedule() = default;
  /// Thread `index` of `threads` that share `rate_per_second` evenly: the request k of this thread
  /// is meant for start_ns + (k * threads + index) / rate. REQUIRES: rate > 0, index < threads.
  Schedule(double rate_per_second, std::uint64_t start_ns, unsigned index,
           unsigned threads) noexcept
      : interval_ns_(1e9 * threads / rate_per_second),
        offset_ns_(1e9 * index / rate_per_second),
        start_ns_(start_ns) {}

  bool is_open_loop() const noexcept { return interval_ns_ > 0; }
  /// When the next request is meant to go; 0 in a closed loop.
  std::uint64_t next_ns() const noexcept { return is_open_loop() ? meant_ns(taken_) : 0; }
  bool due(std::uint64_t now_ns) const noexcept { return next_ns() <= now_ns; }

  /// Takes the next request's place and returns the time it is meant for: `now_ns` in a closed
  /// loop. REQUIRES: due(now_ns).
  std::uint64_t take(std::uint64_t now_ns) noexcept {
    const std::uint64_t meant = is_open_loop() ? meant_ns(taken_) : now_ns;
    ++taken_;
    return meant;
  }

  /// Requests meant for a time before `end_ns` that were not taken; 0 in a closed loop.
  std::uint64_t missed(std::uint64_t end_ns) const noexcept {
    std::uint64_t count = 0;
    if (!is_open_loop() || end_ns <= next_ns()) return 0;
    count = static_cast<std::uint64_t>(static_cast<double>(end_ns - next_ns()) / interval_ns_);
    return count + (meant_ns(taken_ + count) < end_ns ? 1 : 0);
  }

 private:
  // Each from the start, not from the one before: rounding does not add up.
  std::uint64_t meant_ns(std::uint64_t k) const noexcept {
    return start_ns_ +
           static_cast<std::uint64_t>(offset_ns_ + static_cast<double>(k) * interval_ns_);
  }

  double interval_ns_ = 0;
  double offset_ns_ = 0;
  std::uint64_t start_ns_ = 0;
  std::uint64_t taken_ = 0;
};

}  // namespace pixel::load
