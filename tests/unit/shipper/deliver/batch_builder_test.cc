// SPDX-License-Identifier: Apache-2.0
#include "shipper/deliver/batch_builder.h"

#include <gtest/gtest.h>

#include "shipper/decode/columns.h"
#include "tests/unit/shipper/support/lines.h"

namespace pixel::shipper {
namespace {

const logfmt::LaneId kLane{logfmt::SegmentKind::kAccess, 1, 100, 0};
const logfmt::LaneId kOtherLane{logfmt::SegmentKind::kAccess, 1, 100, 1};

// Two tables that both want every line.
BatchContent two_tables() {
  TableSpec first = requests_table({parameter_column("a")});
  TableSpec second = first;
  second.name = "copies";
  return {{first, second}};
}

class BatchBuilderTest : public testing::Test {
 protected:
  // Lines 0 to count - 1 of one lane, and what they add.
  Parcel make_parcel(std::uint64_t count) {
    Parcel parcel;
    std::string text = "#Version: 1.0\n";
    for (std::uint64_t i = 0; i < count; ++i) {
      offsets_.push_back(text.size());
      text += numbered_line(i);
    }
    parcel.raw = {{{kLane, 3}, 0, parcel.batch.text.copy(text)}};
    parcel.delta.lanes[kLane] = {3, text.size()};
    parcel.delta.bytes = text.size();
    builder_.build(parcel);
    return parcel;
  }
  static void expect_balanced(const Delta& delta) {
    EXPECT_EQ(delta.lines, delta.rows + delta.filtered + delta.dead_lettered);
  }

  BatchBuilder builder_{two_tables()};
  std::vector<std::uint64_t> offsets_;
};

TEST_F(BatchBuilderTest, RowRefusedByOneTableLeavesTheOtherItsOwn) {
  Parcel parcel = make_parcel(10);
  ASSERT_EQ(parcel.batch.row_count(), 20U);
  const RowFault fault{1, 4, "bad"};
  parcel.refused = builder_.locate(parcel, {&fault, 1});
  ASSERT_EQ(parcel.refused.size(), 1U);
  EXPECT_EQ(parcel.refused[0].offset, offsets_[4]);
  const std::string token = parcel.batch.token();
  builder_.build(parcel);
  EXPECT_EQ(parcel.batch.tables[0].row_count, 10U);
  EXPECT_EQ(parcel.batch.tables[1].row_count, 9U);
  EXPECT_EQ(parcel.delta.rows, 10U);  // The line is a row of a table.
  EXPECT_EQ(parcel.delta.dead_lettered, 0U);
  ASSERT_EQ(parcel.batch.dead_letters.size(), 1U);
  EXPECT_EQ(parcel.batch.dead_letters[0].table, "copies");
  EXPECT_EQ(parcel.batch.dead_letters[0].line + "\n", numbered_line(4));
  EXPECT_EQ(parcel.batch.token(), token);
}

TEST_F(BatchBuilderTest, PlacesAreThoseOfTheBatchAsTheSinkHadIt) {
  Parcel parcel = make_parcel(10);
  // Row 4 again and again: each time it is another line's.
  for (std::uint64_t line = 4; line < 10; ++line) {
    const RowFault faults[] = {{0, 4, "bad"}, {1, 4, "bad too"}};
    const auto rows = builder_.locate(parcel, faults);
    ASSERT_EQ(rows.size(), 2U) << line;
    EXPECT_EQ(rows[0].offset, offsets_[line]);
    EXPECT_EQ(rows[1].offset, offsets_[line]);
    parcel.refused.insert(parcel.refused.end(), rows.begin(), rows.end());
    builder_.build(parcel);
    EXPECT_EQ(parcel.delta.dead_lettered, line - 3);
    expect_balanced(parcel.delta);
  }
  const RowFault beyond[] = {{0, 4, "no such row"}, {7, 0, "no such table"}};
  EXPECT_TRUE(builder_.locate(parcel, beyond).empty());
}

TEST_F(BatchBuilderTest, HalvesAddUpToTheWhole) {
  Parcel parcel = make_parcel(9);
  parcel.delta.missing = 7;
  parcel.delta.lanes[kOtherLane] = {5, 0};
  parcel.gap_lanes[kOtherLane] = {5, 0};
  parcel.refused = {{{kLane, 3}, offsets_[1], 0, "bad"}, {{kLane, 3}, offsets_[8], 1, "bad"}};
  builder_.build(parcel);
  const auto halves = builder_.split(parcel);
  ASSERT_TRUE(halves.has_value());
  const auto& [first, second] = *halves;
  EXPECT_EQ(first.refused.size(), 1U);
  EXPECT_EQ(second.refused.size(), 1U);
  EXPECT_EQ(first.batch.dead_letters.size() + second.batch.dead_letters.size(), 2U);
  EXPECT_EQ(first.delta.missing, 7U);
  EXPECT_EQ(first.delta.lanes.at(kOtherLane), (Position{5, 0}));
  EXPECT_EQ(first.batch.ranges[0].to, second.batch.ranges[0].from);
  EXPECT_EQ(first.delta.lanes.at(kLane).offset, second.batch.ranges[0].from);
  EXPECT_NE(first.batch.token(), second.batch.token());
  Checkpoint whole;
  Checkpoint halved;
  advance(whole, parcel.delta);
  advance(halved, first.delta);
  advance(halved, second.delta);
  halved.batches = 1;
  EXPECT_EQ(whole, halved);
}

TEST_F(BatchBuilderTest, SingleLineHasNoHalves) {
  Parcel parcel;
  parcel.raw = {{{kLane, 0}, 0, parcel.batch.text.copy(numbered_line(0))}};
  builder_.build(parcel);
  EXPECT_FALSE(builder_.split(parcel).has_value());
}

TEST_F(BatchBuilderTest, OrderOfPlacesWhateverTheOrderOfReading) {
  Parcel one;
  Parcel two;
  const std::string lines = numbered_line(0) + numbered_line(1);
  const std::size_t half = numbered_line(0).size();
  one.raw = {{{kLane, 0}, 0, one.batch.text.copy(lines)}};
  const auto copy = two.batch.text.copy(lines);
  two.raw = {{{kLane, 0}, half, copy.substr(half)}, {{kLane, 0}, 0, copy.substr(0, half)}};
  builder_.build(one);
  builder_.build(two);
  EXPECT_EQ(one.batch.ranges, two.batch.ranges);
  EXPECT_EQ(BatchBuilder::hash(one), BatchBuilder::hash(two));
}

TEST(ContentHash, ChangesWithWhatDecidesRows) {
  const BatchContent content = two_tables();
  BatchContent other = content;
  other.tables[1].columns[0].name = "renamed";
  EXPECT_NE(content_hash(content), content_hash(other));
  EXPECT_EQ(content_hash(content), content_hash(two_tables()));
}

}  // namespace
}  // namespace pixel::shipper
