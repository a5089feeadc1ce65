// SPDX-License-Identifier: Apache-2.0
// Counts of values in log-linear buckets: 128 steps per power of two, so a value read back differs
// from the recorded one by less than 0.4 %. HOT to record; one thread writes; merge when it ended.
#pragma once

#include <cstdint>
#include <vector>

namespace pixel::load {

class Histogram {
 public:
  /// Larger values are recorded as this one (in nanoseconds: 73 minutes).
  static constexpr std::uint64_t kValueMax = (std::uint64_t{1} << 42) - 1;

  Histogram();

  void record(std::uint64_t value) noexcept;
  /// Adds all of `other`'s values.
  void merge(const Histogram& other) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  /// Exact; 0 when nothing was recorded.
  std::uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }
  std::uint64_t max() const noexcept { return max_; }
  double mean() const noexcept;
  /// The smallest value that at least `percent` of all values do not exceed; 0 when empty.
  /// REQUIRES: 0 <= percent <= 100.
  std::uint64_t percentile(double percent) const noexcept;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = UINT64_MAX;
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace pixel::load
