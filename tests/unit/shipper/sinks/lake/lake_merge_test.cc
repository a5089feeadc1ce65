// SPDX-License-Identifier: Apache-2.0
// Which files become one: by level while a partition grows, all small ones once it rests.
#include "shipper/sinks/lake/lake_merge.h"

#include <gtest/gtest.h>

namespace pixel::shipper::lake {
namespace {

constexpr std::int64_t kNow = 1'000'000;

LakeSettings settings() {
  LakeSettings made;
  made.merge_files = 4;
  made.target_bytes = 1000;
  made.close_ns = 600 * base::kSecondNs;
  return made;
}

LakeFile file(std::uint64_t number, std::uint32_t level, std::uint64_t bytes,
              std::int64_t age_s = 0) {
  return {"date=2026-11-20/hour=18", std::to_string(number), number, level, bytes, kNow - age_s};
}

std::vector<std::uint64_t> numbers(const std::optional<MergePlan>& plan) {
  std::vector<std::uint64_t> found;
  if (!plan) return found;
  for (const LakeFile& input : plan->inputs) found.push_back(input.number);
  return found;
}

using Numbers = std::vector<std::uint64_t>;

TEST(PlanMerge, NothingToDo) {
  EXPECT_FALSE(plan_merge({}, settings(), kNow));
  EXPECT_FALSE(plan_merge({file(1, 0, 10)}, settings(), kNow));
  EXPECT_FALSE(plan_merge({file(1, 0, 10), file(2, 0, 10), file(3, 0, 10)}, settings(), kNow));
  EXPECT_FALSE(plan_merge({file(1, 0, 10, 9999)}, settings(), kNow));
}

TEST(PlanMerge, EnoughFilesOfOneLevelBecomeOneOfTheNext) {
  const auto plan =
      plan_merge({file(1, 1, 50), file(2, 0, 10), file(3, 0, 10), file(4, 0, 10), file(5, 0, 10)},
                 settings(), kNow);
  EXPECT_EQ(numbers(plan), (Numbers{2, 3, 4, 5}));
  EXPECT_EQ(plan->level, 1U);
}

TEST(PlanMerge, LevelsDoNotMix) {
  EXPECT_FALSE(plan_merge({file(1, 1, 50), file(2, 1, 50), file(3, 0, 10), file(4, 0, 10)},
                          settings(), kNow));
}

TEST(PlanMerge, LargeFilesAreLeftAlone) {
  EXPECT_FALSE(plan_merge({file(1, 0, 500), file(2, 0, 500), file(3, 0, 500), file(4, 0, 500)},
                          settings(), kNow));
  const auto plan = plan_merge({file(1, 0, 400), file(2, 0, 400), file(3, 0, 400), file(4, 0, 400)},
                               settings(), kNow);
  EXPECT_EQ(numbers(plan), (Numbers{1, 2}));  // Within the target.
}

TEST(PlanMerge, APartitionAtRestIsClosed) {
  const auto plan = plan_merge(
      {file(1, 2, 100, 700), file(2, 1, 50, 650), file(3, 0, 900, 640), file(4, 0, 10, 601)},
      settings(), kNow);
  EXPECT_EQ(numbers(plan), (Numbers{1, 2, 4}));
  EXPECT_EQ(plan->level, 3U);
  EXPECT_FALSE(plan_merge({file(1, 2, 100, 700), file(2, 1, 50, 599)}, settings(), kNow));
}

TEST(PlanMerge, WritesEachRowOncePerLevel) {
  // One file a second for an hour: how often is a byte written, how many files are there?
  LakeSettings defaults;
  std::vector<LakeFile> partition;
  std::uint64_t written = 0;
  std::size_t files_max = 0;
  for (std::uint64_t number = 1; number <= 3600; ++number) {
    partition.push_back(file(number, 0, 10'000));
    while (auto plan = plan_merge(partition, defaults, kNow)) {
      std::uint64_t bytes = 0;
      for (const LakeFile& input : plan->inputs) {
        bytes += input.bytes;
        std::erase_if(partition, [&](const LakeFile& f) { return f.number == input.number; });
      }
      written += bytes;
      partition.push_back(file(100'000 + number, plan->level, bytes));
    }
    files_max = std::max(files_max, partition.size());
  }
  EXPECT_LT(written, 3600U * 10'000 * 4);
  EXPECT_LT(files_max, 29U);
}

}  // namespace
}  // namespace pixel::shipper::lake
