// SPDX-License-Identifier: Apache-2.0
#include "shipper/budget.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/unit/shipper/support/lines.h"
#include "tests/unit/shipper/support/spool_writer.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

constexpr std::int64_t kNow = 2'000'000'000;
constexpr std::uint64_t kSegmentBytes = 64 * base::kKiB;

class BudgetTest : public testing::Test {
 protected:
  BudgetTest() : writer_(spool(), test_lane(), kSegmentBytes), catalogue_(spool()) {
    std::filesystem::create_directories(state());
  }
  std::filesystem::path spool() const { return directory_.path() / "spool"; }
  std::filesystem::path state() const { return directory_.path() / "state"; }

  // Sealed segments that take about this much of the disk each.
  void write_segments(int count) {
    const std::string line = numbered_line(1);
    for (int i = 0; i < count; ++i) {
      for (std::uint64_t bytes = 0; bytes < 40 * base::kKiB; bytes += line.size()) {
        writer_.append(line);
      }
      writer_.rotate();
    }
  }
  std::uint64_t used() {
    Budget measuring(spool(), state(), {});
    run(measuring, {}, kNow);
    return measuring.state().used_bytes;
  }
  void run(Budget& budget, const std::vector<SinkPosition>& sinks, std::int64_t now_s,
           bool may_delete = true) {
    ASSERT_TRUE(catalogue_.scan().ok());
    const auto status = budget.run(*catalogue_.snapshot(), sinks, may_delete, now_s);
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  Checkpoint at(std::uint32_t index) const {
    Checkpoint checkpoint;
    checkpoint.lanes[test_lane()] = {index, 0};
    return checkpoint;
  }
  bool has_data(std::uint32_t index) const {
    return std::filesystem::exists(writer_.sealed_path(index));
  }

  TemporaryDirectory directory_;
  SpoolWriter writer_;
  Catalogue catalogue_;
};

TEST_F(BudgetTest, WithoutLimitsNothingIsEverHigh) {
  write_segments(3);
  Budget budget(spool(), state(), {});
  run(budget, {}, kNow);
  EXPECT_EQ(budget.state().level, BudgetLevel::kFine);
  EXPECT_GT(budget.state().used_bytes, 3 * 40 * base::kKiB);
  EXPECT_GT(budget.state().free_bytes, 0U);
}

TEST_F(BudgetTest, AlarmFromFourFifthsOn) {
  write_segments(4);
  BudgetLimits limits;
  limits.budget_bytes = used() * 10 / 9;
  Budget budget(spool(), state(), limits);
  run(budget, {}, kNow);
  EXPECT_EQ(budget.state().level, BudgetLevel::kHigh);
  limits.budget_bytes *= 2;
  budget.set_limits(limits);
  run(budget, {}, kNow);
  EXPECT_EQ(budget.state().level, BudgetLevel::kFine);
}

TEST_F(BudgetTest, TooLittleFreeSpaceIsFullToo) {
  BudgetLimits limits;
  limits.min_free_bytes = UINT64_MAX / 2;
  Budget budget(spool(), state(), limits);
  run(budget, {}, kNow);
  EXPECT_EQ(budget.state().level, BudgetLevel::kFull);
}

TEST_F(BudgetTest, WhatEverySinkHasGoesFirstAndIsNoLoss) {
  write_segments(4);
  BudgetLimits limits;
  limits.budget_bytes = used() - 10 * base::kKiB;
  Budget budget(spool(), state(), limits);
  const Checkpoint two = at(2);
  run(budget, {{"a", kAllLanes, &two}}, kNow);
  EXPECT_FALSE(has_data(0));
  EXPECT_TRUE(has_data(1));
  EXPECT_NE(budget.state().level, BudgetLevel::kFull);
  EXPECT_EQ(budget.state().dropped.segments, 0U);
}

TEST_F(BudgetTest, KeepGivesUpNothing) {
  write_segments(4);
  BudgetLimits limits;
  limits.budget_bytes = used() / 2;
  Budget budget(spool(), state(), limits);
  for (std::int64_t later = 0; later < 10'000; later += 1000) {
    run(budget, {{"a", kAllLanes, nullptr}}, kNow + later);
  }
  EXPECT_EQ(budget.state().level, BudgetLevel::kFull);
  EXPECT_EQ(budget.state().drops_at, 0);
  EXPECT_TRUE(has_data(0));
}

TEST_F(BudgetTest, TheOldestGoAfterTheLastChanceAndAreNamed) {
  write_segments(4);
  BudgetLimits limits;
  limits.budget_bytes = used() - 60 * base::kKiB;  // Two segments too many.
  limits.when_full = WhenFull::kDropOldest;
  Budget budget(spool(), state(), limits);
  const Checkpoint all = at(4);
  const Checkpoint none;
  const std::vector<SinkPosition> sinks = {{"a", kAllLanes, &all}, {"b", kAllLanes, &none}};
  run(budget, sinks, kNow);
  EXPECT_EQ(budget.state().drops_at, kNow + 600);
  EXPECT_TRUE(has_data(0));
  run(budget, sinks, kNow + 599);
  EXPECT_TRUE(has_data(0));
  run(budget, sinks, kNow + 600);
  EXPECT_FALSE(has_data(0));
  EXPECT_FALSE(has_data(1));
  EXPECT_TRUE(has_data(2));
  EXPECT_TRUE(std::filesystem::exists(writer_.manifest_path(0)));
  const DroppedBooks dropped = budget.state().dropped;
  EXPECT_EQ(dropped.segments, 2U);
  ASSERT_EQ(dropped.last.size(), 2U);
  EXPECT_EQ(dropped.last[0].segment, (logfmt::SegmentId{test_lane(), 0}));
  EXPECT_GT(dropped.last[0].lines, 0U);
  EXPECT_EQ(dropped.last[0].lacked_by, std::vector<std::string>{"b"});
  EXPECT_NE(budget.state().level, BudgetLevel::kFull);
  Budget again(spool(), state(), limits);
  ASSERT_TRUE(again.open().ok());
  EXPECT_EQ(again.state().dropped, dropped);
}

TEST_F(BudgetTest, TheLastChanceBeginsWhenGivingUpIsAllowed) {
  write_segments(4);
  BudgetLimits limits;
  limits.budget_bytes = used() - 10 * base::kKiB;
  Budget budget(spool(), state(), limits);
  const Checkpoint none;
  const std::vector<SinkPosition> sinks = {{"a", kAllLanes, &none}};
  run(budget, sinks, kNow);
  limits.when_full = WhenFull::kDropOldest;
  budget.set_limits(limits);
  run(budget, sinks, kNow + 5000);
  EXPECT_EQ(budget.state().drops_at, kNow + 5600);
  run(budget, sinks, kNow + 5599);
  EXPECT_TRUE(has_data(0));
  run(budget, sinks, kNow + 5600);
  EXPECT_FALSE(has_data(0));
}

TEST_F(BudgetTest, NamesOfWhatWasGivenUpOutliveTheDamageOfEitherFile) {
  write_segments(4);
  BudgetLimits limits;
  limits.budget_bytes = used() - 60 * base::kKiB;
  limits.when_full = WhenFull::kDropOldest;
  limits.last_chance_ns = 0;
  Budget budget(spool(), state(), limits);
  const Checkpoint none;
  run(budget, {{"a", kAllLanes, &none}}, kNow);
  const DroppedBooks dropped = budget.state().dropped;
  ASSERT_EQ(dropped.segments, 2U);
  for (const char* name : {"dropped.0", "dropped.1"}) {
    const auto path = state() / name;
    const std::string whole = base::read_file(path).value();
    for (std::size_t i = 0; i < whole.size(); ++i) {
      std::string flipped = whole;
      flipped[i] = static_cast<char>(flipped[i] ^ 1);
      ASSERT_TRUE(base::write_file_atomic(path, flipped).ok());
      Budget again(spool(), state(), limits);
      ASSERT_TRUE(again.open().ok());
      ASSERT_EQ(again.state().dropped, dropped) << name << " byte " << i;
    }
    ASSERT_TRUE(base::write_file_atomic(path, whole).ok());
  }
}

TEST_F(BudgetTest, ASinkThatCatchesUpInTimeLosesNothing) {
  write_segments(4);
  BudgetLimits limits;
  limits.budget_bytes = used() - 10 * base::kKiB;
  limits.when_full = WhenFull::kDropOldest;
  Budget budget(spool(), state(), limits);
  run(budget, {{"a", kAllLanes, nullptr}}, kNow);
  EXPECT_NE(budget.state().drops_at, 0);
  const Checkpoint four = at(4);
  run(budget, {{"a", kAllLanes, &four}}, kNow + 599);
  EXPECT_EQ(budget.state().drops_at, 0);
  run(budget, {{"a", kAllLanes, &four}}, kNow + 1000);
  EXPECT_EQ(budget.state().dropped.segments, 0U);
}

TEST_F(BudgetTest, WhoMayNotDeleteOnlyWarns) {
  write_segments(4);
  BudgetLimits limits;
  limits.budget_bytes = 1;
  limits.when_full = WhenFull::kDropOldest;
  Budget budget(spool(), state(), limits);
  run(budget, {}, kNow, false);
  run(budget, {}, kNow + 10'000, false);
  EXPECT_TRUE(has_data(0));
}

TEST(DroppedBooks, CountEachSegmentOnceAndReadBack) {
  DroppedBooks books;
  books.add({{test_lane(), 1}, 5, 500, 7, {"a", "b"}});
  books.add({{test_lane(), 1}, 5, 500, 8, {"a"}});
  EXPECT_EQ(books.segments, 1U);
  EXPECT_EQ(parse_dropped_books(to_text(books)).value(), books);
  for (std::uint32_t i = 0; i < 1500; ++i) books.add({{test_lane(), i + 10}, 1, 1, 1, {}});
  EXPECT_EQ(books.segments, 1501U);
  EXPECT_EQ(books.last.size(), 1000U);
  for (const char* text : {"", "{}", "[]", "{\"format_version\":2}",
                           "{\"format_version\":1,\"segments\":-1,\"lines\":0,\"bytes\":0,"
                           "\"last\":[]}"}) {
    EXPECT_FALSE(parse_dropped_books(text).ok()) << text;
  }
}

}  // namespace
}  // namespace pixel::shipper
