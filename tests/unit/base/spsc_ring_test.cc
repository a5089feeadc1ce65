// SPDX-License-Identifier: Apache-2.0
#include "base/spsc_ring.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <thread>

namespace pixel::base {
namespace {

TEST(SpscRing, FirstInFirstOutUntilFull) {
  SpscRing<int, 4> ring;
  EXPECT_FALSE(ring.try_pop());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.try_push(int{i}));
  EXPECT_FALSE(ring.try_push(4));
  EXPECT_EQ(ring.size_approximate(), 4U);
  EXPECT_EQ(ring.try_pop(), 0);
  EXPECT_TRUE(ring.try_push(4));
  for (int i = 1; i < 5; ++i) EXPECT_EQ(ring.try_pop(), i);
  EXPECT_FALSE(ring.try_pop());
  EXPECT_EQ(ring.size_approximate(), 0U);
}

TEST(SpscRing, AValueThatDidNotFitIsUntouched) {
  SpscRing<std::unique_ptr<int>, 1> ring;
  EXPECT_TRUE(ring.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(ring.try_push(std::move(second)));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(**ring.try_pop(), 1);
  EXPECT_TRUE(ring.try_push(std::move(second)));
  EXPECT_EQ(second, nullptr);
  EXPECT_EQ(**ring.try_pop(), 2);
}

TEST(SpscRing, WrapsManyTimes) {
  SpscRing<std::uint64_t, 8> ring;
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    EXPECT_TRUE(ring.try_push(std::uint64_t{i}));
    if (i % 3 != 0) continue;
    while (const auto value = ring.try_pop()) EXPECT_EQ(*value, next++);
  }
  while (const auto value = ring.try_pop()) EXPECT_EQ(*value, next++);
  EXPECT_EQ(next, 1'000U);
}

// For ThreadSanitizer: values that own memory cross between two threads.
TEST(SpscRing, TwoThreads) {
  constexpr std::uint64_t kCount = 100'000;
  SpscRing<std::unique_ptr<std::uint64_t>, 16> ring;
  std::thread producer([&ring] {
    for (std::uint64_t i = 0; i < kCount; ++i) {
      auto value = std::make_unique<std::uint64_t>(i);
      while (!ring.try_push(std::move(value))) std::this_thread::yield();
    }
  });
  std::uint64_t next = 0;
  while (next < kCount) {
    EXPECT_LE(ring.size_approximate(), 16U);
    auto value = ring.try_pop();
    if (!value) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(**value, next);
    ++next;
  }
  producer.join();
  EXPECT_FALSE(ring.try_pop());
}

}  // namespace
}  // namespace pixel::base
