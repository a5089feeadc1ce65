// SPDX-License-Identifier: Apache-2.0
// COLD: takes the memory of limiter.h.
#include <bit>
#include <cstring>

#include "base/assert.h"
#include "base/units.h"
#include "edge/policy/limiter.h"

namespace pixel::edge {

Limiter::Limiter(const LimiterOptions& options, const SipBytes& key) {
  CHECK(options.requests_per_second > 0 && options.requests_per_second <= base::kSecondNs);
  CHECK(options.burst > 0 && options.addresses_max > 0);
  request_ns_ = base::kSecondNs / options.requests_per_second;
  ahead_ns_ = request_ns_ * (options.burst - 1);
  std::memcpy(secret_, key.data(), sizeof secret_);
  const std::size_t sets = std::bit_ceil((options.addresses_max + kSetBuckets - 1) / kSetBuckets);
  set_mask_ = sets - 1;
  sets_ = std::make_unique<Set[]>(sets);
}

Limiter::~Limiter() = default;

}  // namespace pixel::edge
