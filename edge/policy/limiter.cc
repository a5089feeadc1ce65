// SPDX-License-Identifier: Apache-2.0
// HOT: see limiter.h.
#include "edge/policy/limiter.h"

#include <algorithm>
#include <cstring>

namespace pixel::edge {
namespace {

std::uint64_t load_big_endian(const std::uint8_t* bytes, std::size_t count) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

// An IPv4 address, or the /64 of an IPv6 one; never 0. The IPv4 ones lie in 0:ffff::/32, which is
// no address of anybody.
std::uint64_t key_of(const IpAddress& address) noexcept {
  if (address.is_v4()) return 0xffffULL << 32 | load_big_endian(address.bytes.data() + 12, 4);
  const std::uint64_t network = load_big_endian(address.bytes.data(), 8);
  return network == 0 ? 1 : network;  // ::/64 holds ::1; 0:0:0:1::/64 is nobody's.
}

}  // namespace

// A keyed mix, not a PRF: what it chooses cannot be seen from outside, and addresses that share a
// set can at worst make it forget.
Limiter::Set& Limiter::set_of(std::uint64_t key) noexcept {
  std::uint64_t mixed = (key ^ secret_[0]) * (secret_[1] | 1);
  mixed ^= mixed >> 32;
  mixed *= 0x9E3779B97F4A7C15ULL;
  return sets_[(mixed >> 32) & set_mask_];
}

bool Limiter::try_take(const IpAddress& address, std::uint64_t now_ns) noexcept {
  const std::uint64_t key = key_of(address);
  Set& set = set_of(key);
  Bucket* soonest = &set.buckets[0];
  Bucket* bucket = nullptr;
  for (Bucket& one : set.buckets) {
    if (one.key == key) bucket = &one;
    if (one.full_ns < soonest->full_ns) soonest = &one;
  }
  if (bucket == nullptr) {
    bucket = soonest;
    *bucket = {key, now_ns};
  }
  const std::uint64_t full_ns = std::max(bucket->full_ns, now_ns);
  if (full_ns - now_ns > ahead_ns_) return false;
  bucket->full_ns = full_ns + request_ns_;
  return true;
}

}  // namespace pixel::edge
