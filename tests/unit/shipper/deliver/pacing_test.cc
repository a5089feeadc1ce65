// SPDX-License-Identifier: Apache-2.0
// What decides when and how many: concurrency, rate limit, latency buckets.
#include <gtest/gtest.h>

#include "shipper/deliver/concurrency.h"
#include "shipper/deliver/pipeline_status.h"
#include "shipper/deliver/rate_limit.h"

namespace pixel::shipper {
namespace {

constexpr std::uint64_t kMs = base::kMillisecondNs;

TEST(Concurrency, GrowsByOnePerWindowWhileItIsFull) {
  Concurrency concurrency(4);
  EXPECT_EQ(concurrency.window(), 1U);
  std::uint64_t now_ns = 0;
  std::uint32_t acks = 0;
  while (concurrency.window() < 4 && acks < 100) {
    concurrency.acked(10 * kMs, concurrency.window(), now_ns += 10 * kMs);
    ++acks;
  }
  EXPECT_EQ(acks, 1U + 2U + 3U);
  for (int i = 0; i < 50; ++i) concurrency.acked(10 * kMs, 4, now_ns += 10 * kMs);
  EXPECT_EQ(concurrency.window(), 4U);
}

TEST(Concurrency, StaysWhereNobodyNeedsMore) {
  Concurrency concurrency(8);
  for (std::uint64_t i = 1; i < 100; ++i) concurrency.acked(kMs, 1, i * kMs);
  EXPECT_EQ(concurrency.window(), 2U);
}

TEST(Concurrency, HalvesOncePerLatencyOnOverloadAndNeverBelowOne) {
  Concurrency concurrency(16);
  std::uint64_t now_ns = 0;
  for (int i = 0; i < 200; ++i) concurrency.acked(10 * kMs, 16, now_ns += 10 * kMs);
  EXPECT_EQ(concurrency.window(), 16U);
  now_ns += 20 * kMs;
  for (int i = 0; i < 8; ++i) concurrency.overloaded(now_ns + static_cast<std::uint64_t>(i));
  EXPECT_EQ(concurrency.window(), 8U);
  for (int i = 0; i < 20; ++i) concurrency.overloaded(now_ns += 20 * kMs);
  EXPECT_EQ(concurrency.window(), 1U);
}

TEST(Concurrency, ShrinksWhenDeliveriesTakeMuchLongerThanTheyDid) {
  Concurrency concurrency(10);
  std::uint64_t now_ns = 0;
  for (int i = 0; i < 100; ++i) concurrency.acked(10 * kMs, 10, now_ns += 10 * kMs);
  const std::uint32_t before = concurrency.window();
  concurrency.acked(100 * kMs, 10, now_ns += 100 * kMs);
  EXPECT_LT(concurrency.window(), before);
}

TEST(RateLimit, NoLimitNeverWaits) {
  RateLimit rate(0);
  rate.take(1'000'000, 5);
  EXPECT_EQ(rate.ready_at_ns(5), 5U);
}

TEST(RateLimit, LetsNoMoreThroughThanAllowed) {
  RateLimit rate(1000);
  std::uint64_t now_ns = base::kSecondNs;
  std::uint64_t rows = 0;
  while (now_ns < 11 * base::kSecondNs) {
    const std::uint64_t at_ns = rate.ready_at_ns(now_ns);
    ASSERT_LE(at_ns, now_ns + 3 * base::kSecondNs);
    if (at_ns > now_ns) {
      now_ns = at_ns;
      continue;
    }
    rate.take(700, now_ns);
    rows += 700;
  }
  EXPECT_LE(rows, 10'000U + 1'000U + 700U);
  EXPECT_GE(rows, 10'000U);
}

TEST(RateLimit, BatchLargerThanASecondIsPaidFor) {
  RateLimit rate(100);
  EXPECT_EQ(rate.ready_at_ns(1), 1U);
  rate.take(1000, 1);
  const std::uint64_t at_ns = rate.ready_at_ns(1);
  EXPECT_GT(at_ns, 9 * base::kSecondNs);
  EXPECT_EQ(rate.ready_at_ns(at_ns), at_ns);
}

TEST(LatencyHistogram, CountsEachOnceAtItsBound) {
  LatencyHistogram histogram;
  histogram.add(0);
  histogram.add(kMs);
  histogram.add(kMs + 1);
  histogram.add(3600 * base::kSecondNs);
  EXPECT_EQ(histogram.counts.front(), 2U);
  EXPECT_EQ(histogram.counts[1], 1U);
  EXPECT_EQ(histogram.counts.back(), 1U);
  EXPECT_EQ(histogram.sum_ns, 2 * kMs + 1 + 3600 * base::kSecondNs);
}

}  // namespace
}  // namespace pixel::shipper
