// SPDX-License-Identifier: Apache-2.0
// See retry.h.
#include "shipper/deliver/retry.h"

#include <algorithm>

namespace pixel::shipper {

std::uint64_t retry_delay_ns(const RetryLimits& limits, std::uint64_t failures, base::Prng& prng) {
  std::uint64_t most = limits.first_ns;
  for (std::uint64_t i = 1; i < failures && most < limits.cap_ns; ++i) most *= 2;
  most = std::max(std::min(most, limits.cap_ns), base::kMillisecondNs);
  return base::kMillisecondNs + prng.below(most - base::kMillisecondNs + 1);
}

}  // namespace pixel::shipper
