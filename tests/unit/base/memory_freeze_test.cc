// SPDX-License-Identifier: Apache-2.0
#include "base/memory_freeze.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

namespace pixel::base {
namespace {

TEST(MemoryFreezeDeathTest, AnAllocationOfAFrozenThreadCrashes) {
  if (!freeze_is_checked()) GTEST_SKIP() << "not checked in this build";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        freeze_this_thread();
        std::string text(1000, 'x');
        static_cast<void>(*const_cast<volatile char*>(text.data()));
      },
      "CHECK failed");
}

TEST(MemoryFreeze, HoldsForOneThreadAndUntilThawed) {
  std::thread([] {
    auto earlier = std::make_unique<int>(1);
    freeze_this_thread();
    EXPECT_TRUE(this_thread_is_frozen());
    earlier.reset();
    thaw_this_thread();
    EXPECT_FALSE(this_thread_is_frozen());
  }).join();
  EXPECT_FALSE(this_thread_is_frozen());
}

}  // namespace
}  // namespace pixel::base
