// SPDX-License-Identifier: Apache-2.0
#include "tools/pixel_load/schedule.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace pixel::load {
namespace {

constexpr std::uint64_t kStart = 1'000'000'000'000;

TEST(Schedule, ClosedLoopIsAlwaysDueAndMeansNow) {
  Schedule schedule;
  EXPECT_FALSE(schedule.is_open_loop());
  EXPECT_TRUE(schedule.due(0));
  EXPECT_EQ(schedule.take(kStart), kStart);
  EXPECT_EQ(schedule.missed(UINT64_MAX), 0U);
}

TEST(Schedule, OneThreadSendsAtTheRate) {
  Schedule schedule(1000, kStart, 0, 1);
  for (std::uint64_t k = 0; k < 5000; ++k) {
    ASSERT_EQ(schedule.next_ns(), kStart + k * 1'000'000);
    ASSERT_FALSE(schedule.due(schedule.next_ns() - 1));
    // Late or not, it is meant for its own time.
    ASSERT_EQ(schedule.take(schedule.next_ns() + 999'999'999), kStart + k * 1'000'000);
  }
}

TEST(Schedule, ThreadsTogetherSendAtTheRateWithoutCollision) {
  constexpr unsigned kThreads = 3;
  std::set<std::uint64_t> times;
  for (unsigned index = 0; index < kThreads; ++index) {
    Schedule schedule(300'000, kStart, index, kThreads);
    while (schedule.next_ns() < kStart + 1'000'000'000) {
      times.insert(schedule.take(schedule.next_ns()));
    }
  }
  EXPECT_EQ(times.size(), 300'000U);
  std::uint64_t previous = kStart;
  for (const std::uint64_t time : times) {
    ASSERT_LE(time - previous, 3335U);
    previous = time;
  }
}

TEST(Schedule, RoundingDoesNotAddUp) {
  // A third of a nanosecond is lost in each interval if intervals are added.
  Schedule schedule(3'000'000, kStart, 0, 1);
  for (int i = 0; i < 3'000'000; ++i) schedule.take(UINT64_MAX);
  EXPECT_NEAR(static_cast<double>(schedule.next_ns() - kStart), 1e9, 2);
}

TEST(Schedule, CountsWhatWasMeantAndNotSent) {
  Schedule schedule(1000, kStart, 0, 1);
  EXPECT_EQ(schedule.missed(kStart), 0U);
  EXPECT_EQ(schedule.missed(kStart + 1), 1U);
  EXPECT_EQ(schedule.missed(kStart + 10'000'000), 10U);
  EXPECT_EQ(schedule.missed(kStart + 10'000'001), 11U);
  for (int i = 0; i < 10; ++i) schedule.take(UINT64_MAX);
  EXPECT_EQ(schedule.missed(kStart + 10'000'000), 0U);
}

}  // namespace
}  // namespace pixel::load
