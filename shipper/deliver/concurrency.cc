// SPDX-License-Identifier: Apache-2.0
// See concurrency.h.
#include "shipper/deliver/concurrency.h"

#include <algorithm>
#include <cmath>

namespace pixel::shipper {
namespace {

constexpr double kWeight = 0.4;          // Of the newest latency; RFC 6298's idea, quicker.
constexpr double kDeviations = 4;        // Beyond them a latency is a sign of load.
constexpr double kFloorOfAverage = 0.5;  // But never less than half as long again.
constexpr double kShrinkOverload = 0.5;  //
constexpr double kShrinkLatency = 0.9;   //
}  // namespace

void Concurrency::acked(std::uint64_t latency_ns, std::uint32_t under_way, std::uint64_t now_ns) {
  const auto latency = static_cast<double>(latency_ns);
  const bool is_first = average_ns_ == 0;
  const double allowed =
      average_ns_ + std::max(kDeviations * deviation_ns_, kFloorOfAverage * average_ns_);
  const bool is_slow = !is_first && latency > allowed;
  if (is_first) {
    average_ns_ = latency;
    deviation_ns_ = latency / 2;
  } else {
    deviation_ns_ += kWeight * (std::abs(latency - average_ns_) - deviation_ns_);
    average_ns_ += kWeight * (latency - average_ns_);
  }
  if (is_slow) {
    shrink(kShrinkLatency, now_ns);
  } else if (under_way >= window()) {
    // By one per window: 1/w for each of w acks.
    window_ = std::min(window_ + 1 / std::floor(window_), static_cast<double>(most_));
  }
}

void Concurrency::overloaded(std::uint64_t now_ns) { shrink(kShrinkOverload, now_ns); }

// Once per latency: all that were under way together tell of the same load.
void Concurrency::shrink(double factor, std::uint64_t now_ns) {
  const bool is_same_load =
      has_shrunk_ && now_ns < shrunk_at_ns_ + static_cast<std::uint64_t>(average_ns_);
  if (is_same_load) return;
  has_shrunk_ = true;
  shrunk_at_ns_ = now_ns;
  window_ = std::max(window_ * factor, 1.0);
}

}  // namespace pixel::shipper
