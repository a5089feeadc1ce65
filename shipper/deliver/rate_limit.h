// SPDX-License-Identifier: Apache-2.0
// At most so many rows a second: a bucket that holds one second's worth. Pure; one thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/units.h"

namespace pixel::shipper {

class RateLimit {
 public:
  /// 0: no limit.
  explicit RateLimit(std::uint64_t rows_per_second)
      : rate_(static_cast<double>(rows_per_second)), left_(rate_) {}

  /// When the next batch may go: now, or a later time. A batch may be larger than the bucket; then
  /// the bucket owes, and the next one waits for that.
  std::uint64_t ready_at_ns(std::uint64_t now_ns) {
    if (rate_ == 0) return now_ns;
    refill(now_ns);
    if (left_ > 0) return now_ns;
    const double wait_s = (1 - left_) / rate_;
    return now_ns + static_cast<std::uint64_t>(wait_s * static_cast<double>(base::kSecondNs)) + 1;
  }

  /// A batch went.
  void take(std::uint64_t rows, std::uint64_t now_ns) {
    if (rate_ == 0) return;
    refill(now_ns);
    left_ -= static_cast<double>(rows);
  }

 private:
  void refill(std::uint64_t now_ns) {
    const std::uint64_t passed_ns = last_ns_ == 0 || now_ns < last_ns_ ? 0 : now_ns - last_ns_;
    last_ns_ = now_ns;
    const double gained =
        rate_ * static_cast<double>(passed_ns) / static_cast<double>(base::kSecondNs);
    left_ = std::min(left_ + gained, rate_);
  }

  const double rate_;
  double left_;
  std::uint64_t last_ns_ = 0;
};

}  // namespace pixel::shipper
