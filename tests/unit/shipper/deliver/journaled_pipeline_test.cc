// SPDX-License-Identifier: Apache-2.0
// The pipeline of a sink that keeps no checkpoint, on real files: resending, refusing to resend,
// windows, splits, rows that are refused. tests/sim has what only a simulation can do.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "shipper/decode/columns.h"
#include "shipper/deliver/pipeline.h"
#include "tests/unit/shipper/support/lines.h"
#include "tests/unit/shipper/support/spool_writer.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

// Remembers what came under each token.
struct Destination {
  std::mutex mutex;
  std::map<std::string, std::vector<std::string>> tokens;  // Column a of the rows.
  std::deque<Verdict> verdicts;  // Of the next deliveries; an ack takes them.
  std::size_t rows_max = SIZE_MAX;
  std::string bad_row = "none";
  std::uint32_t concurrency_max = 1;
  std::uint32_t encoder_version = 1;
  std::uint64_t pause_ms = 0;
  int deliveries = 0;
  int under_way = 0;
  int most_under_way = 0;

  std::vector<std::string> rows() {
    std::vector<std::string> all;
    for (const auto& [token, some] : tokens) all.insert(all.end(), some.begin(), some.end());
    return all;
  }
};

class TokenSink : public Sink {
 public:
  TokenSink(Destination& destination, std::size_t column)
      : destination_(destination), column_(column) {}
  SinkTraits traits() const override {
    return {.keeps_checkpoint = false,
            .concurrency_max = destination_.concurrency_max,
            .encoder_version = destination_.encoder_version};
  }
  Guarantee guarantee() const override { return {}; }
  base::Result<Checkpoint> open() override { return Checkpoint{}; }
  Verdict deliver(const Batch& batch) override {
    std::unique_lock lock(destination_.mutex);
    ++destination_.deliveries;
    destination_.most_under_way = std::max(destination_.most_under_way, ++destination_.under_way);
    if (destination_.pause_ms != 0) {
      lock.unlock();
      std::this_thread::sleep_for(std::chrono::milliseconds(destination_.pause_ms));
      lock.lock();
    }
    --destination_.under_way;
    if (!destination_.verdicts.empty()) {
      const Verdict verdict = destination_.verdicts.front();
      destination_.verdicts.pop_front();
      if (verdict.kind != Verdict::Kind::kAcked) return verdict;
    }
    if (batch.row_count() > destination_.rows_max) return {Verdict::Kind::kSplit, "413", 0};
    Verdict refusal{Verdict::Kind::kRowsRejected, "bad rows", 0};
    std::vector<std::string> rows;
    for (std::uint32_t i = 0; i < batch.row_count(); ++i) {
      rows.emplace_back(batch.tables[0].columns[column_][i].text());
      if (rows.back() == destination_.bad_row) refusal.faults.push_back({0, i, "it is bad"});
    }
    if (!refusal.faults.empty()) return refusal;
    const auto [known, is_new] = destination_.tokens.try_emplace(batch.token(), rows);
    EXPECT_EQ(known->second, rows) << "other rows under token " << batch.token();
    return acked();
  }
  base::Result<std::vector<Holding>> holdings() override { return std::vector<Holding>(); }

 private:
  Destination& destination_;
  const std::size_t column_;
};

class JournaledPipelineTest : public testing::Test {
 protected:
  JournaledPipelineTest() : writer_(spool(), test_lane(), 16 * 1024), catalogue_(spool()) {}
  const std::filesystem::path& spool() const { return directory_.path(); }
  std::filesystem::path state() const { return directory_.path() / "state"; }

  void write_lines(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) writer_.append(numbered_line(written_++));
  }
  // Makes a new pipeline, as after a restart. The old one was killed.
  void start(BatchLimits limits = {}, Dispatcher* dispatcher = nullptr) {
    pipeline_.reset();
    const auto columns = standard_columns(parameters_);
    std::size_t column = 0;
    while (columns[column].name != "a") ++column;
    PipelineOptions options;
    options.name = "test";
    options.limits = limits;
    sink_ = std::make_unique<TokenSink>(destination_, column);
    store_ = std::make_unique<FileStore>(spool());
    letters_ = std::make_unique<DeadLetterFile>(state() / "dead.jsonl");
    journal_ = std::make_unique<Journal>(state());
    pipeline_ = std::make_unique<Pipeline>(
        options, BatchContent{{requests_table(parameters_)}}, *sink_, *store_, *letters_,
        [this] { return now_ns_.load(); }, journal_.get(), dispatcher);
  }
  Pipeline::Next run(int steps = 100'000) {
    Pipeline::Next next;
    for (int i = 0; i < steps; ++i) {
      EXPECT_TRUE(catalogue_.scan().ok());
      next = pipeline_->step(*catalogue_.snapshot());
      if (next.kind == Pipeline::Next::Kind::kDone) break;
      if (next.kind == Pipeline::Next::Kind::kWait && next.wait_until_ns > now_ns_) {
        now_ns_ = next.wait_until_ns;
      }
    }
    return next;
  }
  void drain() {
    pipeline_->end(Pipeline::Ending::kWhenDrained);
    run();
    EXPECT_EQ(pipeline_->status().state, PipelineState::kStopped) << pipeline_->status().last_error;
  }
  void run_until_deliveries(int count) {
    for (int i = 0; destination_.deliveries < count && i < 10'000; ++i) run(1);
    ASSERT_GE(destination_.deliveries, count);
  }
  const Checkpoint& delivered() {
    delivered_ = pipeline_->status().delivered;
    return *delivered_;
  }
  void expect_all_rows_once(std::uint64_t but = 0) {
    const auto rows = destination_.rows();
    EXPECT_EQ(rows.size(), written_ - but);
    EXPECT_EQ(std::set<std::string>(rows.begin(), rows.end()).size(), written_ - but);
    EXPECT_EQ(delivered().lines, written_);
    EXPECT_EQ(delivered().rows, written_ - but);
    EXPECT_EQ(delivered().dead_lettered, but);
  }
  std::vector<DeadLetter> read_letters() {
    std::vector<DeadLetter> letters;
    const auto text = base::read_file(state() / "dead.jsonl").value();
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      letters.push_back(parse_dead_letter(text.substr(at, end - at)).value());
      at = end + 1;
    }
    return letters;
  }

  TemporaryDirectory directory_;
  SpoolWriter writer_;
  Catalogue catalogue_;
  Destination destination_;
  std::vector<ColumnSpec> parameters_ = {parameter_column("a")};
  std::atomic<std::uint64_t> now_ns_ = 1'000'000'000'000;
  std::uint64_t written_ = 0;
  std::unique_ptr<TokenSink> sink_;
  std::unique_ptr<FileStore> store_;
  std::unique_ptr<DeadLetterFile> letters_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Pipeline> pipeline_;
  std::shared_ptr<const Checkpoint> delivered_;
};

TEST_F(JournaledPipelineTest, GoesOnWhereItsJournalSays) {
  for (int life = 0; life < 3; ++life) {
    write_lines(50);
    start({.rows = 7});
    drain();
    expect_all_rows_once();
  }
}

TEST_F(JournaledPipelineTest, SameRangesUnderTheSameTokenAfterAKillWhateverTheLimitsAreThen) {
  write_lines(30);
  destination_.verdicts.assign(2, {Verdict::Kind::kRetry, "busy", 0});
  start({.rows = 10});
  run_until_deliveries(2);
  write_lines(30);
  start({.rows = 3});  // Killed; the segment is sealed meanwhile.
  writer_.rotate();
  drain();
  expect_all_rows_once();
  std::size_t large = 0;
  for (const auto& [token, rows] : destination_.tokens) large += rows.size() > 3 ? 1U : 0U;
  EXPECT_EQ(large, 1U);
}

TEST_F(JournaledPipelineTest, IntentIsOnTheDiskBeforeItIsSent) {
  write_lines(5);
  start();
  destination_.verdicts.push_back({Verdict::Kind::kRetry, "busy", 0});
  run_until_deliveries(1);
  const auto reading = read_journal(real_file_system(), state());
  ASSERT_TRUE(reading.ok());
  ASSERT_EQ(reading->state.intents.size(), 1U);
  EXPECT_EQ(reading->state.intents[0].delta.lines, 5U);
}

TEST_F(JournaledPipelineTest, OtherEncoderVersionIsRefusedUntilTheOldOneIsBack) {
  write_lines(5);
  destination_.verdicts.push_back({Verdict::Kind::kRetry, "busy", 0});
  start();
  run_until_deliveries(1);
  destination_.encoder_version = 2;
  start();
  run(20);
  const PipelineStatus status = pipeline_->status();
  EXPECT_EQ(status.state, PipelineState::kUnresolved);
  EXPECT_EQ(status.unresolved_intents, 1U);
  EXPECT_GE(status.unresolved_errors, 2U);
  EXPECT_NE(status.last_error.find("encoder version 1, this program has 2"), std::string::npos);
  EXPECT_NE(status.last_error.find("journal discard --sink test"), std::string::npos);
  EXPECT_EQ(destination_.deliveries, 1);
  destination_.encoder_version = 1;
  start();
  drain();
  expect_all_rows_once();
}

TEST_F(JournaledPipelineTest, OtherTablesAreRefusedUntilTheIntentIsDiscarded) {
  write_lines(5);
  destination_.verdicts.push_back({Verdict::Kind::kRetry, "busy", 0});
  start();
  run_until_deliveries(1);
  parameters_.push_back(parameter_column("b"));
  start();
  run(20);
  EXPECT_EQ(pipeline_->status().state, PipelineState::kUnresolved);
  EXPECT_NE(pipeline_->status().last_error.find("other tables"), std::string::npos);
  ASSERT_TRUE(discard_journal(real_file_system(), state()).ok());
  start();
  drain();
  expect_all_rows_once();
}

TEST_F(JournaledPipelineTest, IntentWhoseSegmentIsGoneStopsEverythingAndSaysSo) {
  write_lines(5);
  writer_.rotate();
  destination_.verdicts.push_back({Verdict::Kind::kRetry, "busy", 0});
  start();
  run_until_deliveries(1);
  const auto away = directory_.path() / "away";
  std::filesystem::rename(writer_.sealed_path(0), away);
  start();
  run(50);
  EXPECT_EQ(pipeline_->status().state, PipelineState::kUnresolved);
  EXPECT_EQ(pipeline_->status().delivered->lines, 0U);
  std::filesystem::rename(away, writer_.sealed_path(0));
  run(50);
  drain();
  expect_all_rows_once();
}

// The edge was killed before the first line of its segment, and removes it when it starts.
TEST_F(JournaledPipelineTest, SegmentWithoutLinesIsMissedByNobody) {
  write_lines(5);
  writer_.rotate();
  destination_.verdicts.push_back({Verdict::Kind::kRetry, "busy", 0});
  start();
  run_until_deliveries(1);
  std::filesystem::remove(writer_.active_path());
  start();
  run(50);
  EXPECT_EQ(pipeline_->status().last_error, "");
  drain();
  expect_all_rows_once();
}

TEST_F(JournaledPipelineTest, ChangedBytesOfAnIntentAreNotSent) {
  write_lines(5);
  writer_.rotate();
  destination_.verdicts.push_back({Verdict::Kind::kRetry, "busy", 0});
  start();
  run_until_deliveries(1);
  std::string text = base::read_file(writer_.sealed_path(0)).value();
  text[text.size() - 3] ^= 1;
  ASSERT_TRUE(base::write_file_atomic(writer_.sealed_path(0), text).ok());
  start();
  run(20);
  EXPECT_EQ(pipeline_->status().state, PipelineState::kUnresolved);
  EXPECT_NE(pipeline_->status().last_error.find("other bytes"), std::string::npos);
  EXPECT_EQ(destination_.deliveries, 1);
}

TEST_F(JournaledPipelineTest, BatchThatIsTooLargeIsCutUntilItFits) {
  write_lines(33);
  writer_.append("bad\n");
  destination_.rows_max = 5;
  start();
  drain();
  ++written_;
  expect_all_rows_once(1);
  for (const auto& [token, rows] : destination_.tokens) EXPECT_LE(rows.size(), 5U);
  EXPECT_EQ(pipeline_->status().errors.split, pipeline_->status().splits);
}

TEST_F(JournaledPipelineTest, SingleLineThatIsTooLargeIsADeadLetter) {
  write_lines(3);
  destination_.rows_max = 0;
  start();
  drain();
  expect_all_rows_once(3);
  const auto letters = read_letters();
  ASSERT_EQ(letters.size(), 3U);
  EXPECT_EQ(letters[1].reason, "too large for the destination: 413");
  EXPECT_EQ(letters[1].line + "\n", numbered_line(1));
}

TEST_F(JournaledPipelineTest, RefusedRowIsADeadLetterWithItsPlaceAndTableAlsoAfterAKill) {
  write_lines(20);
  destination_.bad_row = "13";
  start();
  run_until_deliveries(1);
  run(2);
  start();
  drain();
  expect_all_rows_once(1);
  const auto letters = read_letters();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].line + "\n", numbered_line(13));
  EXPECT_EQ(letters[0].table, "requests");
  EXPECT_EQ(letters[0].reason, "it is bad");
  EXPECT_EQ(delivered().dead_letter_bytes, std::filesystem::file_size(state() / "dead.jsonl"));
}

TEST_F(JournaledPipelineTest, RefusalWithoutRowsIsForAnOperator) {
  write_lines(3);
  destination_.verdicts.assign(2, {Verdict::Kind::kRowsRejected, "some are bad", 0});
  start();
  run_until_deliveries(2);
  EXPECT_GE(pipeline_->status().rejections, 1U);
  drain();
  expect_all_rows_once();
}

TEST_F(JournaledPipelineTest, DestinationThatWantsToBeLeftAloneIs) {
  write_lines(3);
  destination_.verdicts.push_back({Verdict::Kind::kRetry, "429", 70 * base::kSecondNs});
  start();
  run_until_deliveries(1);
  const std::uint64_t begin_ns = now_ns_;
  run_until_deliveries(2);
  EXPECT_GE(now_ns_ - begin_ns, 69 * base::kSecondNs);
}

TEST_F(JournaledPipelineTest, LaterBatchThatIsTakenFirstWaitsForTheOneBeforeIt) {
  write_lines(40);
  destination_.concurrency_max = 4;
  destination_.pause_ms = 5;
  ThreadDispatcher dispatcher(4, [] {});
  start({.rows = 2}, &dispatcher);
  std::uint64_t lines = 0;
  const std::uint64_t begin_ns = base::monotonic_ns();
  while (pipeline_->status().state != PipelineState::kStopped) {
    ASSERT_LT(base::monotonic_ns() - begin_ns, 20 * base::kSecondNs);
    now_ns_ = base::monotonic_ns();
    // A busy machine looks like a slow destination: the window may stay at 1 for a while.
    bool is_concurrent = false;
    {
      const std::lock_guard lock(destination_.mutex);
      is_concurrent = destination_.most_under_way > 1;
    }
    if (is_concurrent) {
      pipeline_->end(Pipeline::Ending::kWhenDrained);
    } else if (written_ < lines + 20) {
      write_lines(2);
    }
    ASSERT_TRUE(catalogue_.scan().ok());
    pipeline_->step(*catalogue_.snapshot());
    if (pipeline_->status().delivered == nullptr) continue;
    EXPECT_GE(delivered().lines, lines);
    lines = delivered().lines;
    const std::lock_guard lock(destination_.mutex);
    EXPECT_LE(lines, destination_.rows().size());
  }
  pipeline_->close();
  expect_all_rows_once();
  EXPECT_GT(destination_.most_under_way, 1);
  EXPECT_LE(destination_.most_under_way, 4);
}

}  // namespace
}  // namespace pixel::shipper
