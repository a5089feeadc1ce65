// SPDX-License-Identifier: Apache-2.0
// How long to wait before the next attempt: exponential with full jitter, capped, without end.
// Pure. Source of full jitter: AWS Architecture Blog, "Exponential Backoff And Jitter", 2015.
#pragma once

#include <cstdint>

#include "base/prng.h"
#include "base/units.h"

namespace pixel::shipper {

/// The cap bounds how late a sink goes on after a fault: 3 s of pause and 2 s to catch up are 5 s.
struct RetryLimits {
  std::uint64_t first_ns = 100 * base::kMillisecondNs;  // Most before the second attempt.
  std::uint64_t cap_ns = 3 * base::kSecondNs;
};

/// The pause after the `failures`-th failure in a row (from 1): uniform from 1 ms to
/// first_ns * 2^(failures - 1) or cap_ns, whichever is less.
std::uint64_t retry_delay_ns(const RetryLimits& limits, std::uint64_t failures, base::Prng& prng);

}  // namespace pixel::shipper
