// SPDX-License-Identifier: Apache-2.0
#include "shipper/transport/patience.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "base/units.h"

namespace pixel::shipper {
namespace {

constexpr std::uint64_t kS = base::kSecondNs;
constexpr std::uint64_t kMost = 60 * kS;

std::vector<std::uint64_t> limits_of_stalls(Patience& patience, std::uint64_t call, int count) {
  std::vector<std::uint64_t> seconds;
  for (int i = 0; i < count; ++i) {
    seconds.push_back(patience.limit_ns(call, kMost) / kS);
    patience.stalled(call);
  }
  return seconds;
}

TEST(PatienceTest, EveryLimitIsTriedTwiceAndThenDoubledUpToTheMost) {
  Patience patience;
  EXPECT_EQ(limits_of_stalls(patience, 7, 13),
            (std::vector<std::uint64_t>{2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 60, 60, 60}));
  for (int i = 0; i < 1000; ++i) patience.stalled(7);
  EXPECT_EQ(patience.limit_ns(7, kMost), kMost);
  EXPECT_EQ(patience.limit_ns(7, kS), kS) << "the most is the most, also below the first";
}

TEST(PatienceTest, AnAnswerForgetsTheStallsOfItsCallAlone) {
  Patience patience;
  limits_of_stalls(patience, 1, 4);
  limits_of_stalls(patience, 2, 4);
  patience.answered(1, 0);
  EXPECT_EQ(patience.limit_ns(1, kMost), 2 * kS);
  EXPECT_EQ(patience.limit_ns(2, kMost), 8 * kS) << "a slow call among quick ones must end, too";
  EXPECT_EQ(patience.limit_ns(3, kMost), 2 * kS);
}

TEST(PatienceTest, ItFollowsWhatTheServerNeedsAndForgetsIt) {
  Patience patience;
  patience.answered(1, 30 * kS);
  EXPECT_EQ(patience.limit_ns(2, kMost), kMost);
  EXPECT_EQ(patience.limit_ns(2, 600 * kS), 60 * kS);
  patience.answered(2, kS);
  EXPECT_GT(patience.limit_ns(3, kMost), 50 * kS) << "not at the first quick one";
  for (int i = 0; i < 120; ++i) patience.answered(2, kS / 10);
  EXPECT_EQ(patience.limit_ns(3, kMost), 2 * kS);
}

TEST(PatienceTest, AServerThatIsStillAtItIsGivenTwiceTheTime) {
  Patience patience;
  patience.was_too_short();
  EXPECT_EQ(patience.limit_ns(1, kMost), 4 * kS);
  patience.was_too_short();
  EXPECT_EQ(patience.limit_ns(1, kMost), 8 * kS);
  for (int i = 0; i < 1000; ++i) patience.was_too_short();
  EXPECT_EQ(patience.limit_ns(1, kMost), kMost);
}

TEST(PatienceTest, CallsThatAreNeverMadeAgainAreForgotten) {
  Patience patience(10 * kS);
  for (std::uint64_t call = 0; call < 1000; ++call) limits_of_stalls(patience, call, 2);
  EXPECT_EQ(patience.limit_ns(0, kMost), 10 * kS);
  EXPECT_EQ(patience.limit_ns(999, kMost), 20 * kS);
}

}  // namespace
}  // namespace pixel::shipper
