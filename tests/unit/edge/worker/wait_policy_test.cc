// SPDX-License-Identifier: Apache-2.0
#include "edge/wait_policy.h"

#include <gtest/gtest.h>

namespace pixel::edge {
namespace {

Wait after(WaitPolicy& policy, std::uint32_t completions, int loops,
           std::uint32_t open_connections = 1000) {
  for (int i = 0; i < loops; ++i) policy.observe(completions);
  return policy.next(open_connections, 5);
}

TEST(WaitPolicy, ALoneConnectionIsNeverDelayed) {
  for (const std::uint32_t batch_wait_us_max : {0U, 100U}) {
    WaitPolicy policy(batch_wait_us_max);
    const Wait wait = after(policy, 1, 100, 1);
    EXPECT_EQ(wait.min_wait_us, 0U);
    EXPECT_EQ(wait.completions, 1U);
    EXPECT_EQ(wait.timeout_ns, 5U);
  }
}

TEST(WaitPolicy, TrafficIsBatchedUpToWhatConnectionsCanSend) {
  WaitPolicy policy(100);
  const Wait wait = after(policy, 64, 100);
  EXPECT_EQ(wait.min_wait_us, 100U);
  EXPECT_GT(wait.completions, 64U);
  EXPECT_EQ(policy.next(8, 5).completions, 8U);
}

TEST(WaitPolicy, WithoutABatchWaitFewCompletionsAreNotWaitedFor) {
  WaitPolicy policy(0);
  const Wait wait = after(policy, 19, 100);
  EXPECT_EQ(wait.completions, 1U);
  EXPECT_EQ(wait.min_wait_us, 0U);
}

TEST(WaitPolicy, AFullPassAsksForALargerOne) {
  WaitPolicy policy(0);
  std::uint32_t asked = 20;
  for (int loop = 0; loop < 20; ++loop) {
    policy.observe(asked);  // All that the kernel would hand over.
    const Wait wait = policy.next(1000, 5);
    EXPECT_EQ(wait.min_wait_us, 1U);
    EXPECT_GE(wait.completions, asked);
    asked = wait.completions;
  }
  EXPECT_EQ(asked, 256U);
}

TEST(WaitPolicy, AQuietLoopEndsTheLargePasses) {
  WaitPolicy policy(0);
  EXPECT_EQ(after(policy, 256, 20).completions, 256U);
  EXPECT_EQ(after(policy, 100, 1).completions, 75U);
  EXPECT_EQ(after(policy, 3, 1).completions, 1U);
}

}  // namespace
}  // namespace pixel::edge
