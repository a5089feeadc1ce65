// SPDX-License-Identifier: Apache-2.0
#include "shipper/batch/batcher.h"

#include <gtest/gtest.h>

#include "shipper/decode/columns.h"
#include "tests/unit/shipper/support/lines.h"

namespace pixel::shipper {
namespace {

constexpr logfmt::SegmentId kSegment{{logfmt::SegmentKind::kAccess, 1, 2, 3}, 4};

std::string lines(std::uint64_t count) {
  std::string text;
  for (std::uint64_t i = 0; i < count; ++i) text += numbered_line(i);
  return text;
}

Batcher batcher_of(const BatchLimits& limits) {
  return Batcher({{requests_table({parameter_column("a")})}}, limits, Checkpoint{});
}

TEST(Batcher, EmptyIsNeverDue) {
  Batcher batcher = batcher_of({});
  EXPECT_TRUE(batcher.is_empty());
  EXPECT_FALSE(batcher.due(UINT64_MAX).has_value());
  EXPECT_FALSE(batcher.due_at_ns().has_value());
}

TEST(BatchContent, LanesAreThoseThatTheTablesAreMadeOf) {
  const TableSpec requests = requests_table({});
  const auto kinds = [](const BatchContent& content) {
    return std::pair(content.kinds().access, content.kinds().events);
  };
  EXPECT_EQ(kinds({{requests}}), std::pair(true, false));
  EXPECT_EQ(kinds({{events_table()}}), std::pair(false, true));
  EXPECT_EQ(kinds({{requests, events_table()}}), std::pair(true, true));
  EXPECT_EQ(kinds({{requests, events_table()}, true}), std::pair(true, false));
}

TEST(Batcher, CutsAtTheRowLimitWithinAChunk) {
  Batcher batcher = batcher_of({.rows = 3});
  const std::string text = lines(8);
  const std::size_t line = numbered_line(0).size();
  EXPECT_EQ(batcher.append(kSegment, 100, text, 0), 3 * line);
  EXPECT_EQ(batcher.due(0), FlushReason::kRows);
  EXPECT_EQ(batcher.append(kSegment, 100 + 3 * line, text, 0), 0U);
  const Batch batch = batcher.cut(FlushReason::kRows);
  EXPECT_EQ(batch.row_count(), 3U);
  ASSERT_EQ(batch.ranges.size(), 1U);
  EXPECT_EQ(batch.ranges[0], (Range{kSegment, 100, 100 + 3 * line, 3}));
  EXPECT_EQ(batch.after.lanes.at(kSegment.lane), (Position{4, 100 + 3 * line}));
  EXPECT_EQ(batch.after.lines, 3U);
  EXPECT_EQ(batch.after.rows, 3U);
  EXPECT_EQ(batch.after.bytes, 3 * line);
  EXPECT_EQ(batch.after.batches, 1U);
}

LineChunk chunk_of(const std::string& text) {
  Batcher batcher({{requests_table({})}, true}, {}, Checkpoint{});
  EXPECT_EQ(batcher.append(kSegment, 0, text, 0), text.size());
  Batch batch = batcher.cut(FlushReason::kDrain);
  EXPECT_EQ(batch.lines.size(), 1U);
  LineChunk chunk = batch.lines.at(0);
  chunk.text = {};
  return chunk;
}

TEST(Batcher, LinesAreCountedAndKnownToBeOfOneHour) {
  const std::string noon = "2026-11-20\t12:00:00\tx\n";
  const std::string later = "2026-11-20\t12:59:59\t-\ty\n";
  const std::string other = "2026-11-20\t13:00:00\tx\n";
  const auto found = [](const std::string& text) {
    const LineChunk chunk = chunk_of(text);
    return std::pair(chunk.lines, chunk.is_one_hour);
  };
  EXPECT_EQ(found(noon + later + noon), std::pair(std::uint64_t{3}, true));
  EXPECT_EQ(found(noon + other + noon), std::pair(std::uint64_t{3}, false));
  EXPECT_EQ(found(noon + noon + other), std::pair(std::uint64_t{3}, false));
  EXPECT_EQ(found("#Version: 1.0\n" + noon), std::pair(std::uint64_t{1}, false));
  EXPECT_EQ(found(noon + "\n" + noon), std::pair(std::uint64_t{2}, false));
  // Too short to say.
  EXPECT_EQ(found("2026-11-20\t12\n" + noon), std::pair(std::uint64_t{2}, false));
  EXPECT_EQ(found(noon + "2026-11-20\t12\n"), std::pair(std::uint64_t{2}, false));
}

TEST(Batcher, HashesLinesThatComeInTheOrderOfTheirPlaces) {
  Batcher batcher({{requests_table({})}, true, true}, {}, Checkpoint{});
  const logfmt::SegmentId second{kSegment.lane, kSegment.index + 1};
  const std::string text = lines(3);
  for (int round = 0; round < 2; ++round) {
    batcher.append(kSegment, 0, text, 0);
    batcher.append(kSegment, text.size(), text, 0);
    batcher.append(second, 0, text, 0);
    EXPECT_EQ(batcher.cut(FlushReason::kAge).lines_hash, base::hash128_hex(text + text + text));
  }
  batcher.append(second, 0, text, 0);
  batcher.append(kSegment, 0, text, 0);
  EXPECT_EQ(batcher.cut(FlushReason::kAge).lines_hash, "");
}

TEST(Batcher, WhatHasNoLinesIsPassedAndNamedByNoRange) {
  for (const bool is_lines : {false, true}) {
    Batcher batcher({{requests_table({})}, is_lines}, {}, Checkpoint{});
    const std::string header = "#Version: 1.0\n#Fields: date\n";
    EXPECT_EQ(batcher.append(kSegment, 0, header, 0), header.size());
    EXPECT_EQ(batcher.reached().lanes.at(kSegment.lane), (Position{4, header.size()}));
    const std::string line = numbered_line(0);
    EXPECT_EQ(batcher.append(kSegment, header.size(), line, 0), line.size());
    const Batch batch = batcher.cut(FlushReason::kAge);
    ASSERT_EQ(batch.ranges.size(), 1U);
    EXPECT_EQ(batch.ranges[0], (Range{kSegment, header.size(), header.size() + line.size(), 1}));
    EXPECT_EQ(batch.lines.size(), 1U);
    EXPECT_EQ(batch.after.bytes, header.size() + line.size());
  }
}

TEST(Batcher, CutsAtTheByteLimitAndTakesOneLineAtLeast) {
  const std::size_t line = numbered_line(0).size();
  Batcher batcher = batcher_of({.bytes = 2 * line + 5});
  EXPECT_EQ(batcher.append(kSegment, 0, lines(8), 0), 2 * line);
  EXPECT_EQ(batcher.due(0), FlushReason::kBytes);
  Batcher small = batcher_of({.bytes = 10});
  EXPECT_EQ(small.append(kSegment, 0, lines(8), 0), line);
  EXPECT_EQ(small.due(0), FlushReason::kBytes);
}

TEST(Batcher, IsDueByTheAgeOfItsFirstLine) {
  Batcher batcher = batcher_of({.age_ns = 1000});
  const std::string text = lines(1);
  batcher.append(kSegment, 0, text, 500);
  batcher.append(kSegment, text.size(), text, 1400);
  EXPECT_FALSE(batcher.due(1499).has_value());
  EXPECT_EQ(batcher.due(1500), FlushReason::kAge);
  EXPECT_EQ(batcher.due_at_ns(), 1500U);
}

TEST(Batcher, RangesAreMergedPerSegmentAndSorted) {
  Batcher batcher = batcher_of({});
  logfmt::SegmentId other = kSegment;
  other.lane.worker = 0;
  const std::string text = lines(1);
  const std::uint64_t bytes = text.size();
  batcher.append(kSegment, 0, text, 0);
  batcher.append(other, 0, text, 0);
  batcher.append(kSegment, bytes, text, 0);
  const Batch batch = batcher.cut(FlushReason::kDrain);
  ASSERT_EQ(batch.ranges.size(), 2U);
  EXPECT_EQ(batch.ranges[0], (Range{other, 0, bytes, 1}));
  EXPECT_EQ(batch.ranges[1], (Range{kSegment, 0, 2 * bytes, 2}));
}

TEST(Batcher, ARangeEndsWhereDamageWasPassedOver) {
  Batcher batcher = batcher_of({});
  const std::string text = lines(1);
  const std::uint64_t bytes = text.size();
  batcher.append(kSegment, 0, text, 0);
  batcher.append(kSegment, bytes + 5000, text, 0);
  batcher.append(kSegment, 2 * bytes + 5000, text, 0);
  const Batch batch = batcher.cut(FlushReason::kDrain);
  ASSERT_EQ(batch.ranges.size(), 2U);
  EXPECT_EQ(batch.ranges[0], (Range{kSegment, 0, bytes, 1}));
  EXPECT_EQ(batch.ranges[1], (Range{kSegment, bytes + 5000, 3 * bytes + 5000, 2}));
  EXPECT_EQ(batch.after.lanes.at(kSegment.lane), (Position{4, 3 * bytes + 5000}));
}

TEST(Batcher, BooksBalance) {
  Batcher batcher = batcher_of({});
  const std::string text = "#Version: 1.0\n" + lines(2) + "bad\n" +
                           access_line({{logfmt::Field::kScBytes, "x"}}) + lines(1);
  batcher.append(kSegment, 0, text, 0);
  const Batch batch = batcher.cut(FlushReason::kDrain);
  EXPECT_EQ(batch.after.lines, 5U);
  EXPECT_EQ(batch.after.rows, 3U);
  EXPECT_EQ(batch.after.dead_lettered, 2U);
  EXPECT_EQ(batch.dead_letters.size(), 2U);
  EXPECT_EQ(batch.row_count(), 3U);
  EXPECT_EQ(batch.oldest_request_at, 1795200720);
}

TEST(Batcher, RowsThatAreWrittenEarlyAreNotInTheBatch) {
  std::uint64_t rows = 0;
  std::uint64_t most = 0;
  Batcher batcher({{requests_table({})}}, {}, Checkpoint{}, [&](const auto& tables) {
    rows += tables.at(0).row_count;
    most = std::max<std::uint64_t>(most, tables[0].row_count);
    return base::ok_status();
  });
  const std::string text = lines(2000) + "bad\n";
  ASSERT_EQ(batcher.append(kSegment, 0, text, 0), text.size());
  EXPECT_EQ(rows, 2000U);
  EXPECT_LT(most, 1000U) << "they were to come in pieces";
  const Batch batch = batcher.cut(FlushReason::kDrain);
  EXPECT_TRUE(batch.is_written);
  EXPECT_EQ(batch.row_count(), 0U);
  EXPECT_EQ(batch.tables.size(), 1U);
  EXPECT_EQ(batch.after.rows, 2000U);
  EXPECT_EQ(batch.after.dead_lettered, 1U);
  ASSERT_EQ(batch.ranges.size(), 1U);
  EXPECT_EQ(batch.ranges[0], (Range{kSegment, 0, text.size(), 2001}));
}

TEST(Batcher, AfterAFailedEarlyWriteTheRestOfTheBatchIsOnlyCounted) {
  int calls = 0;
  Batcher batcher({{requests_table({})}}, {}, Checkpoint{}, [&](const auto&) {
    return ++calls == 2 ? base::Status(base::Error{"full"}) : base::ok_status();
  });
  const std::string text = lines(1);
  for (std::uint64_t i = 0; i < 4; ++i) batcher.append(kSegment, i * text.size(), text, 0);
  EXPECT_EQ(calls, 2);
  const Batch batch = batcher.cut(FlushReason::kDrain);
  EXPECT_FALSE(batch.is_written);
  EXPECT_EQ(batch.after.rows, 4U);
  batcher.append(kSegment, 4 * text.size(), text, 0);
  EXPECT_EQ(calls, 3) << "the next batch is another one";
  EXPECT_TRUE(batcher.cut(FlushReason::kDrain).is_written);
}

TEST(Batcher, SkippedDataMovesTheLaneAndIsMissing) {
  Batcher batcher = batcher_of({});
  batcher.skip(kSegment.lane, {9, 0}, 70, 0);
  EXPECT_FALSE(batcher.is_empty());
  const Batch batch = batcher.cut(FlushReason::kAge);
  EXPECT_EQ(batch.after.lanes.at(kSegment.lane), (Position{9, 0}));
  EXPECT_EQ(batch.after.missing, 70U);
  EXPECT_EQ(batch.row_count(), 0U);
}

TEST(Batcher, CellsOutliveTheChunkAndTheBatchsMove) {
  Batcher batcher = batcher_of({});
  std::string text = access_line({{logfmt::Field::kUserAgent, "a%20b"}});
  batcher.append(kSegment, 0, text, 0);
  Batch batch = batcher.cut(FlushReason::kDrain);
  std::fill(text.begin(), text.end(), '!');
  const Batch moved = std::move(batch);
  const auto columns = standard_columns({parameter_column("a")});
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == "cs_user_agent") {
      EXPECT_EQ(moved.tables[0].columns[i][0].text(), "a b");
    }
    if (columns[i].name == "c_ip") {
      EXPECT_EQ(moved.tables[0].columns[i][0].text(), "192.0.2.7");
    }
  }
}

TEST(Batch, TokenDependsOnEveryRange) {
  Batch batch;
  batch.ranges = {{kSegment, 0, 10, 1}};
  const std::string token = batch.token();
  EXPECT_EQ(token.size(), 16U);
  EXPECT_EQ(token, batch.token());
  batch.ranges[0].to = 11;
  EXPECT_NE(token, batch.token());
}

TEST(Batcher, ABatchInReusedMemoryIsTheSameAsInFreshOne) {
  Batcher fresh = batcher_of({});
  Batcher used = batcher_of({});
  const std::string first = lines(200) + "no line of ours\n";
  fresh.append(kSegment, 0, first, 0);
  used.append(kSegment, 0, first, 0);
  fresh.cut(FlushReason::kRows);
  Batch spare = used.cut(FlushReason::kRows);
  const Cell* const memory = spare.tables[0].columns[0].data();
  spare.reuse();
  EXPECT_EQ(spare.row_count(), 0U);
  EXPECT_TRUE(spare.lines.empty() && spare.ranges.empty() && spare.dead_letters.empty());
  EXPECT_EQ(spare.after, Checkpoint{});
  used.reuse(std::move(spare));
  const std::string second = lines(150);
  fresh.append(kSegment, first.size(), second, 0);
  used.append(kSegment, first.size(), second, 0);
  const Batch expected = fresh.cut(FlushReason::kAge);
  const Batch batch = used.cut(FlushReason::kAge);
  EXPECT_EQ(batch.tables[0].columns[0].data(), memory);
  EXPECT_EQ(batch.ranges, expected.ranges);
  EXPECT_EQ(batch.after, expected.after);
  EXPECT_EQ(batch.oldest_request_at, expected.oldest_request_at);
  ASSERT_EQ(batch.row_count(), 150U);
  ASSERT_EQ(batch.tables.size(), expected.tables.size());
  for (std::size_t column = 0; column < expected.tables[0].columns.size(); ++column) {
    ASSERT_EQ(batch.tables[0].columns[column].size(), 150U);
    for (std::size_t row = 0; row < 150; ++row) {
      const Cell& cell = batch.tables[0].columns[column][row];
      const Cell& other = expected.tables[0].columns[column][row];
      ASSERT_EQ(cell.null, other.null);
      ASSERT_EQ(cell.size, other.size);
    }
  }
}

}  // namespace
}  // namespace pixel::shipper
