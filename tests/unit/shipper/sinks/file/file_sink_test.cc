// SPDX-License-Identifier: Apache-2.0
#include "shipper/sinks/file/file_sink.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "shipper/batch/batcher.h"
#include "shipper/decode/columns.h"
#include "shipper/deliver/checkpoint_store.h"
#include "shipper/encode/gzip_member.h"
#include "shipper/sinks/file/file_output.h"
#include "tests/unit/shipper/support/lines.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

constexpr logfmt::SegmentId kSegment{{logfmt::SegmentKind::kAccess, 1, 2, 3}, 0};

class FileSinkTest : public testing::TestWithParam<bool> {
 protected:
  FileSinkOptions options(std::uint64_t max_file_bytes = base::kGiB) const {
    FileSinkOptions options;
    options.name = "lines";
    options.path = directory_.path() / "out";
    options.state_directory = directory_.path() / "state";
    options.tables = tables_;
    options.gzip = GetParam();
    options.max_file_bytes = max_file_bytes;
    return options;
  }
  // The next batch of `count` lines after `checkpoint`.
  Batch batch(const Checkpoint& checkpoint, std::uint64_t count) const {
    Batcher batcher({tables_}, {}, checkpoint);
    const auto position = checkpoint.lanes.find(kSegment.lane);
    std::uint64_t offset = position == checkpoint.lanes.end() ? 0 : position->second.offset;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string line = numbered_line(checkpoint.lines + i);
      offset += batcher.append(kSegment, offset, line, 0);
    }
    return batcher.cut(FlushReason::kDrain);
  }
  std::filesystem::path file(std::uint64_t number) const {
    return directory_.path() / "out" /
           output_file_name("requests", number, GetParam() ? ".jsonl.gz" : ".jsonl");
  }
  std::string output(std::uint64_t number = 1) const {
    const std::string content = base::read_file(file(number)).value();
    return GetParam() ? gunzip(content).value() : content;
  }
  std::uint64_t rows_held() const {
    auto sink = make_file_sink(options());
    EXPECT_TRUE(sink->open().ok());
    const auto holdings = sink->holdings();
    EXPECT_TRUE(holdings.ok());
    std::uint64_t rows = 0;
    for (const Holding& holding : *holdings) {
      EXPECT_EQ(holding.rows, holding.distinct_rows);
      rows += holding.rows;
    }
    return rows;
  }
  const std::vector<TableSpec> tables_ = {requests_table({parameter_column("a")})};
  TemporaryDirectory directory_;
};
TEST_P(FileSinkTest, RestoreBringsBackWhatIsNotThereAndNothingElse) {
  const auto deliver_all = [this](std::uint64_t batches) {
    auto sink = make_file_sink(options(64));  // A file for each batch.
    Checkpoint checkpoint = sink->open().value();
    std::vector<Batch> given;
    for (std::uint64_t i = 0; i < batches; ++i) {
      given.push_back(batch(checkpoint, 700));
      EXPECT_EQ(sink->deliver(given.back()).kind, Verdict::Kind::kAcked);
      checkpoint = given.back().after;
    }
    return given;
  };
  const std::vector<Batch> batches = deliver_all(3);
  std::filesystem::remove(file(2));
  EXPECT_EQ(rows_held(), 1400U);
  for (int round = 0; round < 2; ++round) {
    auto sink = make_file_sink(options(64));
    const Checkpoint before = sink->open().value();
    for (const Batch& one : batches) {
      EXPECT_EQ(sink->restore(one).kind, Verdict::Kind::kAcked);
    }
    sink->close();
    EXPECT_EQ(rows_held(), 2100U) << "round " << round;
    EXPECT_EQ(make_file_sink(options())->open().value(), before);
    EXPECT_TRUE(std::filesystem::exists(file(4)));
    EXPECT_FALSE(std::filesystem::exists(file(5))) << "it had all in the second round";
  }
  // Delivery goes on behind what was restored.
  auto sink = make_file_sink(options());
  const Checkpoint checkpoint = sink->open().value();
  EXPECT_EQ(sink->deliver(batch(checkpoint, 1)).kind, Verdict::Kind::kAcked);
  sink->close();
  EXPECT_EQ(rows_held(), 2101U);
}

TEST_P(FileSinkTest, LinesAsTheyAreCannotBeRestored) {
  FileSinkOptions raw = options();
  raw.format = FileFormat::kRaw;
  auto sink = make_file_sink(raw);
  const Checkpoint checkpoint = sink->open().value();
  EXPECT_EQ(sink->restore(batch(checkpoint, 1)).kind, Verdict::Kind::kRejected);
}

INSTANTIATE_TEST_SUITE_P(PlainAndGzip, FileSinkTest, testing::Bool());

TEST_P(FileSinkTest, DeliversAndContinuesAfterReopening) {
  Checkpoint checkpoint;
  for (int i = 0; i < 3; ++i) {
    auto sink = make_file_sink(options());
    const auto opened = sink->open();
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(*opened, checkpoint);
    const Batch next = batch(checkpoint, 10);
    ASSERT_EQ(sink->deliver(next).kind, Verdict::Kind::kAcked);
    checkpoint = next.after;
    sink->close();
  }
  EXPECT_EQ(rows_held(), 30U);
  const auto first = nlohmann::json::parse(output().substr(0, output().find('\n')));
  EXPECT_EQ(first["a"], "0");
  EXPECT_EQ(first["request_time"], "2026-11-20T18:52:00Z");
  EXPECT_EQ(first["sc_bytes"], 401);
  EXPECT_EQ(first["time_taken"], 0.001);
  EXPECT_TRUE(first["cs_cookie"].is_null());
}

TEST_P(FileSinkTest, CutsWhatAKilledProcessWroteBeyondTheCheckpoint) {
  auto sink = make_file_sink(options());
  ASSERT_TRUE(sink->open().ok());
  ASSERT_EQ(sink->deliver(batch({}, 5)).kind, Verdict::Kind::kAcked);
  sink->close();
  const std::string whole = base::read_file(file(1)).value();
  ASSERT_TRUE(base::write_file_atomic(file(1), whole + "half a ro").ok());
  ASSERT_TRUE(base::write_file_atomic(file(2), "a later file").ok());
  EXPECT_EQ(rows_held(), 5U);
  EXPECT_EQ(base::read_file(file(1)).value(), whole);
  EXPECT_FALSE(std::filesystem::exists(file(2)));
}

TEST_P(FileSinkTest, RefusesOutputThatIsShorterThanItsCheckpoint) {
  auto sink = make_file_sink(options());
  ASSERT_TRUE(sink->open().ok());
  ASSERT_EQ(sink->deliver(batch({}, 5)).kind, Verdict::Kind::kAcked);
  sink->close();
  std::filesystem::resize_file(file(1), 10);
  const auto opened = make_file_sink(options())->open();
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("rows are missing"), std::string::npos);
}

TEST_P(FileSinkTest, RefusesFilesThatItsStateKnowsNothingOf) {
  auto sink = make_file_sink(options());
  ASSERT_TRUE(sink->open().ok());
  ASSERT_EQ(sink->deliver(batch({}, 5)).kind, Verdict::Kind::kAcked);
  sink->close();
  const std::string whole = base::read_file(file(1)).value();
  std::filesystem::remove_all(directory_.path() / "state");
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto opened = make_file_sink(options())->open();
    ASSERT_FALSE(opened.ok());
    EXPECT_NE(opened.error().message.find(file(1).string()), std::string::npos);
    EXPECT_NE(opened.error().message.find("restore"), std::string::npos);
    EXPECT_EQ(base::read_file(file(1)).value(), whole);
  }
  // Out of the way, it begins anew.
  std::filesystem::rename(file(1), directory_.path() / "kept");
  auto again = make_file_sink(options());
  EXPECT_EQ(again->open().value(), Checkpoint{});
}

TEST_P(FileSinkTest, WhatAKilledProcessWroteBeforeItsFirstCheckpointIsCut) {
  auto sink = make_file_sink(options());
  ASSERT_TRUE(sink->open().ok());
  sink->close();
  ASSERT_TRUE(base::write_file_atomic(file(1), "half a ro").ok());
  EXPECT_TRUE(make_file_sink(options())->open().ok());
  EXPECT_FALSE(std::filesystem::exists(file(1)));
}

TEST_P(FileSinkTest, AFolderHasOneSinkAtATime) {
  auto sink = make_file_sink(options());
  ASSERT_TRUE(sink->open().ok());
  ASSERT_TRUE(sink->open().ok()) << "it may be opened again";
  FileSinkOptions other = options();
  other.name = "other";
  other.state_directory = directory_.path() / "other";
  const auto refused = make_file_sink(other)->open();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("another sink"), std::string::npos);
  sink->close();
  EXPECT_TRUE(make_file_sink(other)->open().ok());
}

TEST_P(FileSinkTest, BeginsTheNextFileAtItsSize) {
  auto sink = make_file_sink(options(1000));
  ASSERT_TRUE(sink->open().ok());
  Checkpoint checkpoint;
  for (int i = 0; i < 3; ++i) {
    const Batch next = batch(checkpoint, 20);
    ASSERT_EQ(sink->deliver(next).kind, Verdict::Kind::kAcked);
    checkpoint = next.after;
  }
  sink->close();
  EXPECT_TRUE(std::filesystem::exists(file(2)));
  EXPECT_EQ(rows_held(), 60U);
}

TEST_P(FileSinkTest, DamagedNewestCheckpointRepeatsNothing) {
  Checkpoint checkpoint;
  auto sink = make_file_sink(options());
  ASSERT_TRUE(sink->open().ok());
  for (int i = 0; i < 2; ++i) {
    const Batch next = batch(checkpoint, 10);
    ASSERT_EQ(sink->deliver(next).kind, Verdict::Kind::kAcked);
    checkpoint = next.after;
  }
  sink->close();
  ASSERT_TRUE(base::write_file_atomic(directory_.path() / "state" / "checkpoint.0", "x").ok());
  auto again = make_file_sink(options());
  const auto opened = again->open();
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->rows, 10U);
  ASSERT_EQ(again->deliver(batch(*opened, 10)).kind, Verdict::Kind::kAcked);
  again->close();
  EXPECT_EQ(rows_held(), 20U);
}

TEST_P(FileSinkTest, BatchWithoutRowsMovesTheCheckpoint) {
  Batcher batcher({tables_}, {}, {});
  batcher.append(kSegment, 0, "bad\n", 0);
  const Batch dead = batcher.cut(FlushReason::kDrain);
  auto sink = make_file_sink(options());
  ASSERT_TRUE(sink->open().ok());
  ASSERT_EQ(sink->deliver(dead).kind, Verdict::Kind::kAcked);
  sink->close();
  auto again = make_file_sink(options());
  EXPECT_EQ(again->open().value(), dead.after);
}

TEST_P(FileSinkTest, DirectoryThatIsGoneIsTriedAgain) {
  auto sink = make_file_sink(options());
  ASSERT_TRUE(sink->open().ok());
  const Batch first = batch({}, 1);
  ASSERT_EQ(sink->deliver(first).kind, Verdict::Kind::kAcked);
  std::filesystem::rename(directory_.path() / "state", directory_.path() / "away");
  const Batch second = batch(first.after, 1);
  const Verdict verdict = sink->deliver(second);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kRetry);
  EXPECT_FALSE(verdict.reason.empty());
  std::filesystem::rename(directory_.path() / "away", directory_.path() / "state");
  EXPECT_EQ(sink->deliver(second).kind, Verdict::Kind::kAcked);
  sink->close();
  EXPECT_EQ(rows_held(), 2U);
}

// As when the directory's sync fails after the rename.
TEST_P(FileSinkTest, CheckpointThatIsStoredThoughItsSaveFailedCounts) {
  auto sink = make_file_sink(options());
  ASSERT_TRUE(sink->open().ok());
  const Batch first = batch({}, 5);
  ASSERT_EQ(sink->deliver(first).kind, Verdict::Kind::kAcked);
  const auto state = directory_.path() / "state";
  const auto away = directory_.path() / "away";
  std::filesystem::rename(state, away);
  const Batch second = batch(first.after, 5);
  ASSERT_EQ(sink->deliver(second).kind, Verdict::Kind::kRetry);
  const std::string whole = base::read_file(file(1)).value();
  CheckpointStore store(away);
  ASSERT_TRUE(store.load().ok());
  ASSERT_TRUE(store.save({second.after, fmt::format("requests=1:{}", whole.size())}).ok());
  std::filesystem::rename(away, state);
  const auto written_at = std::filesystem::last_write_time(file(1));
  EXPECT_EQ(sink->deliver(second).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(std::filesystem::last_write_time(file(1)), written_at);  // Neither cut nor repeated.
  EXPECT_EQ(base::read_file(file(1)).value(), whole);
  ASSERT_EQ(sink->deliver(batch(second.after, 5)).kind, Verdict::Kind::kAcked);
  sink->close();
  EXPECT_EQ(rows_held(), 15U);
}

// Rows on their way to the sink before the batch is given.
class EarlyRowsTest : public FileSinkTest {
 protected:
  // Gives the rows of the batch early, and leaves it without any.
  static void write_early(Sink& sink, Batch& batch) {
    ASSERT_TRUE(sink.write_early(batch.tables).ok());
    for (RowBlock& rows : batch.tables) rows.clear();
    batch.is_written = true;
  }
  std::unique_ptr<Sink> opened_sink(std::uint64_t max_file_bytes = base::kGiB) const {
    auto sink = make_file_sink(options(max_file_bytes));
    EXPECT_TRUE(sink->open().ok());
    return sink;
  }
};
INSTANTIATE_TEST_SUITE_P(Plain, EarlyRowsTest, testing::Values(false));

TEST_P(EarlyRowsTest, CountOnceTheirBatchIsDelivered) {
  auto sink = opened_sink(1000);
  ASSERT_TRUE(sink->traits().writes_early);
  Checkpoint checkpoint;
  for (int i = 0; i < 3; ++i) {
    Batch next = batch(checkpoint, 20);
    write_early(*sink, next);
    Batch more = batch(next.after, 1);
    write_early(*sink, more);
    next.after = more.after;
    ASSERT_EQ(sink->deliver(next).kind, Verdict::Kind::kAcked);
    checkpoint = next.after;
  }
  sink->close();
  EXPECT_EQ(rows_held(), 63U);
  EXPECT_TRUE(std::filesystem::exists(file(3)));
}

TEST_P(EarlyRowsTest, AreCutOffWhereTheProcessWasKilled) {
  auto sink = opened_sink();
  ASSERT_EQ(sink->deliver(batch({}, 5)).kind, Verdict::Kind::kAcked);
  const std::string whole = base::read_file(file(1)).value();
  Batch next = batch({}, 9);
  write_early(*sink, next);
  EXPECT_GT(base::read_file(file(1)).value().size(), whole.size());
  sink->close();
  EXPECT_EQ(rows_held(), 5U);
  EXPECT_EQ(base::read_file(file(1)).value(), whole);
}

TEST_P(EarlyRowsTest, GiveWayToTheWholeBatch) {
  auto sink = opened_sink();
  const Batch first = batch({}, 5);
  ASSERT_EQ(sink->deliver(first).kind, Verdict::Kind::kAcked);
  const Batch whole = batch(first.after, 9);
  Batch early = batch(first.after, 9);
  write_early(*sink, early);
  ASSERT_EQ(sink->deliver(whole).kind, Verdict::Kind::kAcked);
  sink->close();
  EXPECT_EQ(rows_held(), 14U);
}

TEST_P(EarlyRowsTest, ComeAgainWhereTheCheckpointCouldNotBeSaved) {
  auto sink = opened_sink();
  const Batch whole = batch({}, 9);
  Batch early = batch({}, 9);
  write_early(*sink, early);
  std::filesystem::rename(directory_.path() / "state", directory_.path() / "away");
  ASSERT_EQ(sink->deliver(early).kind, Verdict::Kind::kRetry);
  std::filesystem::rename(directory_.path() / "away", directory_.path() / "state");
  ASSERT_EQ(sink->deliver(whole).kind, Verdict::Kind::kAcked);
  Batch next = batch(whole.after, 2);
  write_early(*sink, next);
  ASSERT_EQ(sink->deliver(next).kind, Verdict::Kind::kAcked);
  sink->close();
  EXPECT_EQ(rows_held(), 11U);
}

}  // namespace
}  // namespace pixel::shipper
