// SPDX-License-Identifier: Apache-2.0
// The limiter against a token bucket written out in fractions, and what a full table forgets.
#include "edge/policy/limiter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/prng.h"
#include "base/units.h"
#include "tests/unit/edge/policy/request.h"

namespace pixel::edge::test {
namespace {

constexpr SipBytes kKey{9, 8, 7, 6, 5, 4, 3, 2, 1, 2, 3, 4, 5, 6, 7, 8};
constexpr std::uint64_t kStart = 77 * base::kSecondNs;

IpAddress numbered(unsigned number) {
  return address_of_v4({10, static_cast<std::uint8_t>(number >> 16),
                        static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
}

int count_taken(Limiter& limiter, const IpAddress& address, int tries, std::uint64_t now_ns) {
  int taken = 0;
  for (int i = 0; i < tries; ++i) taken += limiter.try_take(address, now_ns) ? 1 : 0;
  return taken;
}

TEST(LimiterTest, ABurstThenOneForEachInterval) {
  Limiter limiter({.requests_per_second = 4, .burst = 10, .addresses_max = 64}, kKey);
  const IpAddress address = numbered(1);
  EXPECT_EQ(count_taken(limiter, address, 100, kStart), 10);
  constexpr std::uint64_t kInterval = base::kSecondNs / 4;
  EXPECT_FALSE(limiter.try_take(address, kStart + kInterval - 1));
  EXPECT_TRUE(limiter.try_take(address, kStart + kInterval));
  EXPECT_FALSE(limiter.try_take(address, kStart + kInterval));
  EXPECT_EQ(count_taken(limiter, address, 100, kStart + 3 * kInterval), 2);
  EXPECT_EQ(count_taken(limiter, address, 100, kStart + 1000 * kInterval), 10);
}

TEST(LimiterTest, RefusedRequestsTakeNothing) {
  Limiter limiter({.requests_per_second = 1, .burst = 1, .addresses_max = 64}, kKey);
  const IpAddress address = numbered(1);
  EXPECT_TRUE(limiter.try_take(address, kStart));
  for (std::uint64_t i = 1; i < 1000; ++i) {
    EXPECT_FALSE(limiter.try_take(address, kStart + i * base::kMillisecondNs));
  }
  EXPECT_TRUE(limiter.try_take(address, kStart + base::kSecondNs));
}

TEST(LimiterTest, AgreesWithATokenBucket) {
  base::Prng prng(20261120);
  for (int run = 0; run < 50; ++run) {
    const auto rate = static_cast<std::uint32_t>(1 + prng.below(10));
    const auto burst = static_cast<std::uint32_t>(1 + prng.below(20));
    Limiter limiter({.requests_per_second = rate, .burst = burst, .addresses_max = 64}, kKey);
    const std::uint64_t request_ns = base::kSecondNs / rate;
    std::uint64_t held_ns = burst * request_ns;  // Tokens, each of request_ns.
    std::uint64_t now_ns = kStart;
    for (int i = 0; i < 2000; ++i) {
      const std::uint64_t pause_ns = prng.below(3) == 0 ? prng.below(2 * request_ns) : 0;
      now_ns += pause_ns;
      held_ns = std::min(held_ns + pause_ns, burst * request_ns);
      const bool expected = held_ns >= request_ns;
      if (expected) held_ns -= request_ns;
      ASSERT_EQ(limiter.try_take(numbered(1), now_ns), expected) << rate << " " << burst;
    }
  }
}

TEST(LimiterTest, AddressesHaveTheirOwnBuckets) {
  Limiter limiter({.requests_per_second = 1, .burst = 3, .addresses_max = 65'536}, kKey);
  for (unsigned i = 0; i < 1000; ++i) {
    ASSERT_EQ(count_taken(limiter, numbered(i), 9, kStart), 3) << i;
  }
  for (unsigned i = 0; i < 1000; ++i) ASSERT_FALSE(limiter.try_take(numbered(i), kStart)) << i;
}

TEST(LimiterTest, ASlash64SharesABucket) {
  Limiter limiter({.requests_per_second = 1, .burst = 2, .addresses_max = 1024}, kKey);
  EXPECT_TRUE(limiter.try_take(address_of("2001:db8:0:1::1"), kStart));
  EXPECT_TRUE(limiter.try_take(address_of("2001:db8:0:1:ffff::2"), kStart));
  EXPECT_FALSE(limiter.try_take(address_of("2001:db8:0:1::3"), kStart));
  EXPECT_TRUE(limiter.try_take(address_of("2001:db8:0:2::1"), kStart));
}

TEST(LimiterTest, LoopbackIsAnAddressLikeOthers) {
  Limiter limiter({.requests_per_second = 1, .burst = 1, .addresses_max = 8}, kKey);
  EXPECT_TRUE(limiter.try_take(address_of("::1"), kStart));
  EXPECT_FALSE(limiter.try_take(address_of("::1"), kStart));
  EXPECT_TRUE(limiter.try_take(address_of("127.0.0.1"), kStart));
  EXPECT_FALSE(limiter.try_take(address_of("::ffff:127.0.0.1"), kStart));
}

TEST(LimiterTest, TheFirstInstantOfTheClockIsNoSpecialOne) {
  Limiter limiter({.requests_per_second = 1, .burst = 2, .addresses_max = 8}, kKey);
  EXPECT_EQ(count_taken(limiter, numbered(1), 5, 0), 2);
}

TEST(LimiterTest, MemoryIsRoundedUpAndFixed) {
  EXPECT_EQ(Limiter({.addresses_max = 1}, kKey).addresses_max(), 8U);
  EXPECT_EQ(Limiter({.addresses_max = 9}, kKey).addresses_max(), 16U);
  EXPECT_EQ(Limiter({.addresses_max = 65'536}, kKey).addresses_max(), 65'536U);
  EXPECT_EQ(Limiter({.addresses_max = 65'537}, kKey).addresses_max(), 131'072U);
}

// A flood of addresses that come once each does not set a refused one free.
TEST(LimiterTest, AFloodOfNewAddressesDoesNotFreeARefusedOne) {
  Limiter limiter({.requests_per_second = 1, .burst = 10, .addresses_max = 8}, kKey);
  const IpAddress refused = numbered(0);
  EXPECT_EQ(count_taken(limiter, refused, 20, kStart), 10);
  for (unsigned i = 1; i < 10'000; ++i) {
    EXPECT_TRUE(limiter.try_take(numbered(i), kStart));
    ASSERT_FALSE(limiter.try_take(refused, kStart)) << i;
  }
}

TEST(LimiterTest, AFullBucketIsForgottenFirst) {
  Limiter limiter({.requests_per_second = 1, .burst = 4, .addresses_max = 8}, kKey);
  for (unsigned i = 0; i < 8; ++i) count_taken(limiter, numbered(i), i == 3 ? 1 : 4, kStart);
  const std::uint64_t later = kStart + base::kSecondNs;  // Only 3 is full again.
  EXPECT_TRUE(limiter.try_take(numbered(100), later));
  for (unsigned i = 0; i < 8; ++i) {
    if (i == 3) continue;
    EXPECT_EQ(count_taken(limiter, numbered(i), 9, later), 1) << i;
  }
}

// With half as many addresses as there is room for, few sets overflow.
TEST(LimiterTest, AddressesSpreadOverTheSets) {
  Limiter limiter({.requests_per_second = 1, .burst = 1, .addresses_max = 4096}, kKey);
  for (unsigned i = 0; i < 2048; ++i) EXPECT_TRUE(limiter.try_take(numbered(i), kStart));
  int remembered = 0;
  for (unsigned i = 0; i < 2048; ++i) remembered += limiter.try_take(numbered(i), kStart) ? 0 : 1;
  EXPECT_GT(remembered, 1900);
}

}  // namespace
}  // namespace pixel::edge::test
