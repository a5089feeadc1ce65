// SPDX-License-Identifier: Apache-2.0
// How many batches may be under way at once: additive increase while the window is full and nothing
// suffers, multiplicative decrease when the destination says that it has too much to do or takes
// much longer than it used to. Pure; one thread. After TCP's AIMD (RFC 5681 section 3.1), with
// latency as the second sign, as no queue of ours tells it otherwise.
#pragma once

#include <cstdint>

namespace pixel::shipper {

class Concurrency {
 public:
  /// Starts at 1, stays within 1 and `most`. REQUIRES: most >= 1.
  explicit Concurrency(std::uint32_t most) : most_(most) {}

  std::uint32_t window() const noexcept { return static_cast<std::uint32_t>(window_); }
  /// Smoothed; 0 before the first.
  std::uint64_t latency_ns() const noexcept { return static_cast<std::uint64_t>(average_ns_); }

  /// A batch was taken after `latency_ns`, with `under_way` of them (it included) at its end.
  void acked(std::uint64_t latency_ns, std::uint32_t under_way, std::uint64_t now_ns);
  /// The destination refused for now because of load, or did not answer in time.
  void overloaded(std::uint64_t now_ns);

 private:
  void shrink(double factor, std::uint64_t now_ns);

  const std::uint32_t most_;
  double window_ = 1;
  double average_ns_ = 0;    // Exponentially weighted.
  double deviation_ns_ = 0;  // Mean deviation, likewise.
  std::uint64_t shrunk_at_ns_ = 0;
  bool has_shrunk_ = false;
};

}  // namespace pixel::shipper
