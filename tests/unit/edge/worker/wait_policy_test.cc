// SPDX-License-Identifier: Apache-2.0
#include "edge/wait_policy.h"

#include <gtest/gtest.h>

namespace pixel::edge {
namespace {

Wait after(WaitPolicy& policy, std::uint32_t completions, std::uint32_t open_connections) {
  for (int i = 0; i < 100; ++i) policy.observe(completions);
  return policy.next(open_connections, 5);
}

TEST(WaitPolicy, ALoneConnectionIsNeverDelayed) {
  for (const std::uint32_t batch_wait_us_max : {0U, 100U}) {
    WaitPolicy policy(batch_wait_us_max);
    const Wait wait = after(policy, 1, 1);
    EXPECT_EQ(wait.min_wait_us, 0U);
    EXPECT_EQ(wait.completions, 1U);
    EXPECT_EQ(wait.timeout_ns, 5U);
  }
}

TEST(WaitPolicy, TrafficIsBatchedUpToWhatConnectionsCanSend) {
  WaitPolicy policy(100);
  const Wait wait = after(policy, 64, 1000);
  EXPECT_EQ(wait.min_wait_us, 100U);
  EXPECT_GT(wait.completions, 64U);
  EXPECT_EQ(policy.next(8, 5).completions, 8U);
}

TEST(WaitPolicy, ZeroTurnsItOff) {
  WaitPolicy policy(0);
  const Wait wait = after(policy, 64, 1000);
  EXPECT_EQ(wait.completions, 1U);
  EXPECT_EQ(wait.min_wait_us, 0U);
}

}  // namespace
}  // namespace pixel::edge
