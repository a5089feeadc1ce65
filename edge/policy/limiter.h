// SPDX-License-Identifier: Apache-2.0
// Requests per second by address: a token bucket for each of a fixed number of addresses. Built at
// boot (COLD); try_take is HOT. One worker's.
//
// A bucket holds `burst` requests and gains `requests_per_second`; a request takes one or is
// refused; a refused one takes nothing. An unknown address has a full bucket. IPv6 addresses of one
// /64 share a bucket, for that is what one subscriber has. Buckets are kept as the time when they
// will be full again (the generic cell rate algorithm, ITU-T I.371 annex A: the same decisions, one
// number), in sets of eight. In a full set the bucket is forgotten that is full soonest: one that
// is full already is no loss, and a flood of new addresses cannot push out one that is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "edge/client/ip_address.h"
#include "edge/policy/siphash.h"

namespace pixel::edge {

struct LimiterOptions {
  std::uint32_t requests_per_second = 1;  // REQUIRES: 1 to 1e9.
  std::uint32_t burst = 1;                // REQUIRES: at least 1.
  std::uint32_t addresses_max = 65'536;   // Rounded up to 8 times a power of two. REQUIRES: > 0.
};

class Limiter {
 public:
  /// COLD: 16 bytes for each address. `key` is secret: it chooses the sets.
  Limiter(const LimiterOptions& options, const SipBytes& key);
  ~Limiter();
  Limiter(const Limiter&) = delete;
  Limiter& operator=(const Limiter&) = delete;

  /// Whether a request at `now_ns` (monotonic) is within the limit; then it is counted.
  bool try_take(const IpAddress& address, std::uint64_t now_ns) noexcept;

  std::size_t addresses_max() const noexcept { return (set_mask_ + 1) * kSetBuckets; }

 private:
  static constexpr std::size_t kSetBuckets = 8;  // Two cache lines, which x86 fetches as a pair.
  struct Bucket {
    std::uint64_t key;      // 0: unused.
    std::uint64_t full_ns;  // When it holds `burst` again; in the past: it does.
  };
  struct alignas(128) Set {
    Bucket buckets[kSetBuckets];
  };

  Set& set_of(std::uint64_t key) noexcept;

  std::uint64_t request_ns_;  // In which one request is gained.
  std::uint64_t ahead_ns_;    // How far from full a bucket may be that still holds one.
  std::uint64_t secret_[2];
  std::size_t set_mask_;
  std::unique_ptr<Set[]> sets_;
};

}  // namespace pixel::edge
