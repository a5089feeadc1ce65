// SPDX-License-Identifier: Apache-2.0
#include "shipper/deliver/pipeline.h"

#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "base/file.h"
#include "shipper/decode/columns.h"
#include "tests/unit/shipper/support/lines.h"
#include "tests/unit/shipper/support/spool_writer.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

// A destination in memory that keeps rows and checkpoint together, as a database does. It outlives
// the pipelines that deliver to it; verdicts can be given to it beforehand.
struct Destination {
  Checkpoint checkpoint;
  std::vector<std::string> rows;  // Column a of each.
  std::deque<Verdict> verdicts;   // Of the next deliveries.
  std::deque<bool> opens;         // Of the next opens.
  int deliveries = 0;
  int maintained = 0;
  bool takes_early = false;
  std::deque<bool> early_writes;   // Whether the next ones are taken.
  int early = 0;                   // Batches whose rows were all taken early.
  std::vector<std::size_t> rooms;  // Of each batch: cells that its column a could hold.
};

class DestinationSink : public Sink {
 public:
  Guarantee guarantee() const override { return {}; }
  DestinationSink(Destination& destination, std::size_t column)
      : destination_(destination), column_(column) {}
  SinkTraits traits() const override {
    SinkTraits traits;
    traits.writes_early = destination_.takes_early;
    return traits;
  }
  base::Result<Checkpoint> open() override {
    bool fine = true;
    if (!destination_.opens.empty()) {
      fine = destination_.opens.front();
      destination_.opens.pop_front();
    }
    if (!fine) return base::Error{"not there yet"};
    return destination_.checkpoint;
  }
  Verdict deliver(const Batch& batch) override {
    ++destination_.deliveries;
    destination_.rooms.push_back(batch.tables[0].columns[column_].capacity());
    if (!destination_.verdicts.empty()) {
      const Verdict verdict = destination_.verdicts.front();
      destination_.verdicts.pop_front();
      if (verdict.kind != Verdict::Kind::kAcked) return verdict;
    }
    destination_.early += batch.is_written ? 1 : 0;
    if (!batch.is_written) early_rows_.clear();
    append(batch.tables);
    destination_.rows.insert(destination_.rows.end(), early_rows_.begin(), early_rows_.end());
    early_rows_.clear();
    destination_.checkpoint = batch.after;
    return {};
  }
  base::Status write_early(const std::vector<RowBlock>& tables) override {
    append(tables);  // A write that failed may have left some.
    bool fine = true;
    if (!destination_.early_writes.empty()) {
      fine = destination_.early_writes.front();
      destination_.early_writes.pop_front();
    }
    return fine ? base::ok_status() : base::Status(base::Error{"full"});
  }
  void maintain() override { ++destination_.maintained; }
  base::Result<std::vector<Holding>> holdings() override { return std::vector<Holding>(); }

 private:
  void append(const std::vector<RowBlock>& tables) {
    for (std::size_t i = 0; i < tables[0].row_count; ++i) {
      early_rows_.emplace_back(tables[0].columns[column_][i].text());
    }
  }

  Destination& destination_;
  const std::size_t column_;
  std::vector<std::string> early_rows_;  // Die with the process.
};

class PipelineTest : public testing::Test {
 protected:
  PipelineTest() : writer_(directory_.path(), test_lane(), 16 * 1024), catalogue_(spool()) {}
  const std::filesystem::path& spool() const { return directory_.path(); }
  std::filesystem::path dead_letters() const { return directory_.path() / "dead.jsonl"; }

  void write_lines(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) writer_.append(numbered_line(written_++));
  }
  // Makes a new pipeline, as after a restart.
  void start(BatchLimits limits = {}, std::uint64_t failures_max = 0) {
    PipelineOptions options;
    options.name = "test";
    options.limits = limits;
    options.failures_max = failures_max;
    const auto columns = standard_columns({parameter_column("a")});
    std::size_t column = 0;
    while (columns[column].name != "a") ++column;
    sink_ = std::make_unique<DestinationSink>(destination_, column);
    store_ = std::make_unique<FileStore>(spool());
    letters_ = std::make_unique<DeadLetterFile>(dead_letters());
    pipeline_ =
        std::make_unique<Pipeline>(options, BatchContent{{requests_table({parameter_column("a")})}},
                                   *sink_, *store_, *letters_, [this] { return now_ns_; });
  }
  // Steps until done, or `steps` times; waiting costs no time.
  Pipeline::Next run(int steps = 100'000) {
    Pipeline::Next next;
    for (int i = 0; i < steps; ++i) {
      EXPECT_TRUE(catalogue_.scan().ok());
      next = pipeline_->step(*catalogue_.snapshot());
      if (next.kind == Pipeline::Next::Kind::kDone) break;
      if (next.kind == Pipeline::Next::Kind::kWait) {
        now_ns_ = std::max(now_ns_, next.wait_until_ns);
      }
    }
    return next;
  }
  void drain() {
    pipeline_->end(Pipeline::Ending::kWhenDrained);
    run();
    EXPECT_EQ(pipeline_->status().state, PipelineState::kStopped);
  }
  void expect_all_rows_once() const {
    ASSERT_EQ(destination_.rows.size(), written_);
    std::set<std::string> distinct(destination_.rows.begin(), destination_.rows.end());
    EXPECT_EQ(distinct.size(), written_);
    EXPECT_EQ(destination_.checkpoint.rows, written_);
    EXPECT_EQ(destination_.checkpoint.lines, written_);
  }

  TemporaryDirectory directory_;
  SpoolWriter writer_;
  Catalogue catalogue_;
  Destination destination_;
  std::uint64_t now_ns_ = 1'000'000'000'000;
  std::uint64_t written_ = 0;
  std::unique_ptr<DestinationSink> sink_;
  std::unique_ptr<FileStore> store_;
  std::unique_ptr<DeadLetterFile> letters_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(PipelineTest, DrainsActiveAndSealedSegments) {
  write_lines(200);
  start();
  drain();
  expect_all_rows_once();
}

TEST_F(PipelineTest, RestartAtEveryBatchLosesAndRepeatsNothing) {
  write_lines(100);
  while (destination_.rows.size() < written_) {
    start({.rows = 7});
    const int before = destination_.deliveries;
    for (int i = 0; destination_.deliveries == before && i < 1000; ++i) run(1);
    ASSERT_GT(destination_.deliveries, before);
    if (written_ < 300) write_lines(5);
  }
  expect_all_rows_once();
}

TEST_F(PipelineTest, RowsWrittenEarlyAreNeitherLostNorRepeated) {
  destination_.takes_early = true;
  write_lines(100);
  start({.rows = 40});
  run(2);  // Rows are written, and the process is killed before their batch is given.
  start({.rows = 40});
  drain();
  expect_all_rows_once();
  EXPECT_GE(destination_.early, 3);
}

TEST_F(PipelineTest, ABatchWhoseEarlyRowsAreNotTakenComesWithItsRows) {
  destination_.takes_early = true;
  destination_.verdicts = {{Verdict::Kind::kRetry, "busy", 0, {}},
                           {Verdict::Kind::kAcked, "", 0, {}},
                           {Verdict::Kind::kSplit, "too many", 0, {}},
                           {Verdict::Kind::kSplit, "still too many", 0, {}}};
  write_lines(100);
  start({.rows = 40});
  drain();
  expect_all_rows_once();
  EXPECT_EQ(pipeline_->status().splits, 1U) << "only what came with its rows is cut in two";
}

TEST_F(PipelineTest, AFailedEarlyWriteMakesTheBatchAnOrdinaryOne) {
  destination_.takes_early = true;
  for (int i = 0; i < 30; ++i) destination_.early_writes.push_back(i % 3 != 0);
  writer_.append("bad one\n");
  write_lines(300);
  start({.rows = 10});
  drain();
  ASSERT_EQ(destination_.rows.size(), written_);
  EXPECT_EQ(destination_.checkpoint.rows, written_);
  EXPECT_EQ(destination_.checkpoint.dead_lettered, 1U);
  EXPECT_GT(destination_.early, 0);
  EXPECT_LT(destination_.early, destination_.deliveries);
}

TEST_F(PipelineTest, ABatchIsMadeInTheMemoryOfTheLastThatWasAcked) {
  write_lines(30);
  start({.rows = 20});  // Of which two are the segment's header.
  drain();
  expect_all_rows_once();
  ASSERT_EQ(destination_.rooms.size(), 2U);
  EXPECT_EQ(destination_.rooms[1], destination_.rooms[0]) << "and not 12";
}

TEST_F(PipelineTest, WhereNothingComesForLongNoMemoryIsKept) {
  write_lines(18);
  start({.rows = 20});
  run(200);
  write_lines(10);
  drain();
  expect_all_rows_once();
  ASSERT_EQ(destination_.rooms.size(), 2U);
  EXPECT_EQ(destination_.rooms[1], 10U) << "and not 18";
}

TEST_F(PipelineTest, FlushesByAge) {
  start({.age_ns = base::kSecondNs});
  run(10);
  write_lines(3);
  const std::uint64_t begin_ns = now_ns_;
  while (destination_.rows.empty() && now_ns_ < begin_ns + 10 * base::kSecondNs) run(1);
  EXPECT_EQ(destination_.rows.size(), 3U);
  EXPECT_LE(now_ns_ - begin_ns, 1'300 * base::kMillisecondNs);
}

TEST_F(PipelineTest, RetriesTheSameBatchUntilItIsTaken) {
  write_lines(10);
  for (int i = 0; i < 30; ++i) {
    destination_.verdicts.push_back({Verdict::Kind::kRetry, "busy", 0, {}});
  }
  destination_.opens = {false, false, true};
  start();
  drain();
  expect_all_rows_once();
  EXPECT_EQ(destination_.deliveries, 31);
  EXPECT_EQ(pipeline_->status().retries, 32U);
  EXPECT_EQ(pipeline_->status().last_error, "");
}

TEST_F(PipelineTest, RejectedBatchIsNeverSkipped) {
  write_lines(10);
  for (int i = 0; i < 5; ++i) {
    destination_.verdicts.push_back({Verdict::Kind::kRejected, "no such column", 0, {}});
  }
  start({.rows = 4});
  const std::uint64_t begin_ns = now_ns_;
  while (pipeline_->status().rejections < 5) run(1);
  EXPECT_EQ(pipeline_->status().state, PipelineState::kRejected);
  EXPECT_EQ(pipeline_->status().last_error, "no such column");
  EXPECT_TRUE(destination_.rows.empty());
  EXPECT_GE(now_ns_ - begin_ns, 4 * RetryLimits{}.cap_ns);
  drain();
  expect_all_rows_once();
}

TEST_F(PipelineTest, GivesUpAfterFailuresMaxWhereAsked) {
  write_lines(1);
  destination_.verdicts.assign(10, {Verdict::Kind::kRetry, "busy", 0, {}});
  start({}, 3);
  pipeline_->end(Pipeline::Ending::kWhenDrained);
  EXPECT_EQ(run().kind, Pipeline::Next::Kind::kDone);
  EXPECT_EQ(pipeline_->status().state, PipelineState::kFailed);
  EXPECT_EQ(pipeline_->status().last_error, "busy");
}

TEST_F(PipelineTest, StopDeliversWhatWasRead) {
  write_lines(10);
  start({.age_ns = 100 * base::kSecondNs});
  run(3);
  pipeline_->end(Pipeline::Ending::kNow);
  run();
  EXPECT_EQ(pipeline_->status().state, PipelineState::kStopped);
  expect_all_rows_once();
}

TEST_F(PipelineTest, DeadLettersAreWrittenOnceThroughRetriesAndRestarts) {
  writer_.append("bad one\n");
  write_lines(2);
  destination_.verdicts.assign(3, {Verdict::Kind::kRetry, "busy", 0, {}});
  start();
  while (pipeline_->status().retries < 2) run(1);
  EXPECT_GT(std::filesystem::file_size(dead_letters()), 0U);
  start();  // Killed before the batch was taken.
  drain();
  writer_.append("bad two\n");
  start();
  drain();
  const std::string letters = base::read_file(dead_letters()).value();
  EXPECT_EQ(std::count(letters.begin(), letters.end(), '\n'), 2);
  EXPECT_EQ(destination_.checkpoint.dead_letter_bytes, letters.size());
  EXPECT_EQ(destination_.checkpoint.dead_lettered, 2U);
  EXPECT_EQ(destination_.checkpoint.lines, 4U);
}

TEST_F(PipelineTest, MissingSegmentIsCountedInTheCheckpoint) {
  write_lines(3);
  writer_.rotate();
  std::filesystem::remove(writer_.sealed_path(0));
  written_ = 0;
  write_lines(2);
  start();
  drain();
  expect_all_rows_once();
  EXPECT_EQ(destination_.checkpoint.missing, 3U);
}

TEST_F(PipelineTest, DamageInASealedSegmentStopsNothing) {
  write_lines(3);
  writer_.rotate();
  const auto path = writer_.sealed_path(0);
  std::string damaged = base::read_file(path).value() + std::string(2 * 1024 * 1024, '\0') + "\n";
  for (int i = 0; i < 3; ++i) damaged += numbered_line(written_++);
  ASSERT_TRUE(base::write_file_atomic(path, damaged).ok());
  write_lines(2);
  start();
  drain();
  ASSERT_EQ(destination_.rows.size(), written_);
  EXPECT_EQ(destination_.rows[3], "3");
  EXPECT_GE(pipeline_->status().follower.torn_bytes, 1024U * 1024U);
}

TEST_F(PipelineTest, IdleSinkIsMaintained) {
  start();
  const std::uint64_t begin_ns = now_ns_;
  while (now_ns_ < begin_ns + 10 * base::kSecondNs) run(1);
  EXPECT_GE(destination_.maintained, 4);
}

TEST_F(PipelineTest, LanesWithoutFilesAreForgottenOnceTheNodeHasALaterLife) {
  write_lines(3);
  writer_.finish();
  start();
  drain();
  EXPECT_EQ(destination_.checkpoint.lanes.size(), 1U);
  std::filesystem::remove(writer_.sealed_path(0));
  std::filesystem::remove(writer_.manifest_path(0));
  start();
  drain();
  EXPECT_EQ(destination_.checkpoint.lanes.size(), 1U);  // Perhaps it is only not mounted.
  SpoolWriter later(spool(), test_lane(0, 101));
  later.append(numbered_line(written_++));
  start();
  drain();
  ASSERT_EQ(destination_.checkpoint.lanes.size(), 1U);
  EXPECT_EQ(destination_.checkpoint.lanes.begin()->first.boot, 101U);
  expect_all_rows_once();
}

}  // namespace
}  // namespace pixel::shipper
