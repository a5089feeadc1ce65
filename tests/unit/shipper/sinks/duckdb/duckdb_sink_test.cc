// SPDX-License-Identifier: Apache-2.0
// The duckdb sink: rows and checkpoint together, schema changes, odd values, one opener at a time.
#include "shipper/sinks/duckdb/duckdb_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <limits>

#include "shipper/sinks/duckdb/duckdb_handle.h"
#include "tests/unit/shipper/sinks/batch_maker.h"

namespace pixel::shipper {
namespace {

using testing::BatchMaker;
using testing::deliver_numbered;
using ::testing::HasSubstr;
using testing::kNoonUs;
using testing::make_column;
using testing::TemporaryDirectory;
using testing::test_columns;
using testing::TestRow;

class DuckdbSinkTest : public ::testing::Test {
 protected:
  std::unique_ptr<Sink> make_sink(std::vector<ColumnSpec> columns = test_columns(),
                                  std::string name = "duckdb") {
    DuckdbSettings settings;
    settings.path = directory_.path() / "data" / "test.duckdb";
    settings.threads = 1;
    return create_duckdb_sink(std::move(name), {testing::table_of(std::move(columns))}, settings);
  }
  static std::string ask(Sink& sink, std::string_view sql) {
    auto answer = sink.query(sql);
    return answer ? answer->json : "error: " + answer.error().message;
  }

  TemporaryDirectory directory_;
};

TEST_F(DuckdbSinkTest, ANewDatabaseHasANewCheckpoint) {
  auto sink = make_sink();
  auto checkpoint = sink->open();
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(*checkpoint, Checkpoint{});
  EXPECT_TRUE(sink->holdings()->empty());
}

TEST_F(DuckdbSinkTest, RowsAndCheckpointSurviveAReopen) {
  {
    auto sink = make_sink();
    ASSERT_TRUE(sink->open());
    // More than one chunk of DuckDB's, and a second batch.
    ASSERT_EQ(deliver_numbered(*sink, 0, 5000).kind, Verdict::Kind::kAcked);
    ASSERT_EQ(deliver_numbered(*sink, 5000, 1).kind, Verdict::Kind::kAcked);
    sink->close();
  }
  auto sink = make_sink();
  auto checkpoint = sink->open();
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(checkpoint->rows, 5001U);
  auto holdings = sink->holdings();
  ASSERT_TRUE(holdings) << holdings.error().message;
  ASSERT_EQ(holdings->size(), 1U);
  EXPECT_EQ((*holdings)[0].segment, testing::kSegment);
  EXPECT_EQ((*holdings)[0].rows, 5001U);
  EXPECT_EQ((*holdings)[0].distinct_rows, 5001U);
}

TEST_F(DuckdbSinkTest, EveryTypeAndNullComesBack) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  BatchMaker maker(0);
  maker.add({kNoonUs + 123456, "/gr\xC3\xBC\xC3\x9F\xF0\x9F\x98\x80", -7, 1.25, false, 0});
  maker.add({std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, 1});
  maker.add({0, "", std::numeric_limits<std::int64_t>::min(), 1e300, true, 2});
  ASSERT_EQ(sink->deliver(maker.finish(3)).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(ask(*sink,
                "SELECT request_time, path, status, ratio, ok FROM requests ORDER BY "
                "_offset"),
            "{\"columns\":[\"request_time\",\"path\",\"status\",\"ratio\",\"ok\"],\"rows\":["
            "[\"2026-11-20 18:52:00.123456\",\"/gr\xC3\xBC\xC3\x9F\xF0\x9F\x98\x80\",-7,1.25,false]"
            ",[null,null,null,null,null],"
            "[\"1970-01-01 00:00:00\",\"\",-9223372036854775808,1e+300,true]],"
            "\"truncated\":false}");
}

TEST_F(DuckdbSinkTest, TextThatIsNotUtf8IsRepairedAndNulStays) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  BatchMaker maker(0);
  maker.add({kNoonUs, "/\xFF\xC3", 1, 1, true, 0});
  maker.add({kNoonUs, std::string("a\0b", 3), 1, 1, true, 1});
  ASSERT_EQ(sink->deliver(maker.finish(2)).kind, Verdict::Kind::kAcked);
  EXPECT_THAT(ask(*sink, "SELECT path, length(path) FROM requests ORDER BY _offset"),
              HasSubstr("[\"/\xEF\xBF\xBD\xEF\xBF\xBD\",3],[\"a\\u0000b\",3]"));
}

TEST_F(DuckdbSinkTest, ABatchOfDeadLettersAloneMovesTheCheckpoint) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  Batch empty;
  empty.tables.resize(1);
  empty.after.lines = 3;
  empty.after.dead_lettered = 3;
  ASSERT_EQ(sink->deliver(empty).kind, Verdict::Kind::kAcked);
  sink->close();
  auto again = make_sink();
  EXPECT_EQ(again->open()->dead_lettered, 3U);
  EXPECT_TRUE(again->holdings()->empty());
}

TEST_F(DuckdbSinkTest, NewColumnsWidenTheTable) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 2).kind, Verdict::Kind::kAcked);
  sink->close();

  auto columns = test_columns();
  columns.push_back(make_column("a", ColumnType::kVarchar, ColumnSource::kQuery));
  auto wide = make_sink(columns);
  ASSERT_TRUE(wide->open());
  BatchMaker maker(2);
  maker.add({});
  maker.add_text_column("x");
  ASSERT_EQ(wide->deliver(maker.finish(1)).kind, Verdict::Kind::kAcked);
  EXPECT_THAT(ask(*wide, "SELECT a, count(*) FROM requests GROUP BY 1 ORDER BY 1"),
              HasSubstr("[[\"x\",1],[null,2]]"));
  wide->close();

  // A column that is no longer configured stays; its new rows are NULL.
  auto narrow = make_sink();
  ASSERT_TRUE(narrow->open());
  ASSERT_EQ(deliver_numbered(*narrow, 3, 1).kind, Verdict::Kind::kAcked);
  EXPECT_THAT(ask(*narrow, "SELECT count(*), count(a) FROM requests"), HasSubstr("[[4,1]]"));
}

TEST_F(DuckdbSinkTest, AChangedTypeIsRefusedByName) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  sink->close();
  auto columns = test_columns();
  columns[2].type = ColumnType::kVarchar;
  auto opened = make_sink(columns)->open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("column status of table requests is BIGINT in the "
                                                "database and VARCHAR in the configuration"));
}

TEST_F(DuckdbSinkTest, CheckpointsBelongToTheirSink) {
  auto first = make_sink(test_columns(), "o'ne");
  ASSERT_TRUE(first->open());
  ASSERT_EQ(deliver_numbered(*first, 0, 5).kind, Verdict::Kind::kAcked);
  first->close();
  auto second = make_sink(test_columns(), "two");
  EXPECT_EQ(second->open()->rows, 0U);
  second->close();
  auto again = make_sink(test_columns(), "o'ne");
  EXPECT_EQ(again->open()->rows, 5U);
}

TEST_F(DuckdbSinkTest, OneOpenerAtATime) {
  auto first = make_sink();
  ASSERT_TRUE(first->open());
  // DuckDB's own lock would let this one in: it is per process.
  auto second = make_sink(test_columns(), "two");
  auto refused = second->open();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("open"));
  first->close();
  EXPECT_TRUE(second->open());
}

TEST_F(DuckdbSinkTest, AFailedOpenCanBeTriedAgain) {
  const auto path = directory_.path() / "data" / "test.duckdb";
  std::filesystem::create_directories(path);
  auto sink = make_sink();
  ASSERT_FALSE(sink->open());
  std::filesystem::remove(path);
  auto checkpoint = sink->open();
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(deliver_numbered(*sink, 0, 3).kind, Verdict::Kind::kAcked);
}

TEST_F(DuckdbSinkTest, AForeignProcessThatHoldsTheFileIsNamed) {
  make_sink()->open().value();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto database = duckdb::Database::open((directory_.path() / "data/test.duckdb").string(), {});
    (void)!::write(ready[1], database ? "y" : "n", 1);
    ::pause();
    ::_exit(0);
  }
  char held = 'n';
  ASSERT_EQ(::read(ready[0], &held, 1), 1);
  auto refused = make_sink()->open();
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(held, 'y');
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("another process has it open"));
  EXPECT_TRUE(make_sink()->open());
}

TEST_F(DuckdbSinkTest, ADiskThatRefusesMeansRetryAndNothingTwice) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
  // Writes past this size fail with EFBIG, as they would with ENOSPC on a full disk.
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{20 * 1024, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Verdict refused = deliver_numbered(*sink, 10, 20'000);
  const Verdict again = deliver_numbered(*sink, 10, 20'000);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(refused.kind, Verdict::Kind::kRetry) << refused.reason;
  EXPECT_FALSE(refused.reason.empty());
  EXPECT_EQ(again.kind, Verdict::Kind::kRetry) << again.reason;

  const Verdict taken = deliver_numbered(*sink, 10, 20'000);
  EXPECT_EQ(taken.kind, Verdict::Kind::kAcked) << taken.reason;
  auto holdings = sink->holdings();
  ASSERT_TRUE(holdings) << holdings.error().message;
  EXPECT_EQ((*holdings)[0].rows, 20'010U);
  EXPECT_EQ((*holdings)[0].distinct_rows, 20'010U);
}

TEST_F(DuckdbSinkTest, KilledAtAnyMomentRowsAndCheckpointAgree) {
  base::Prng prng(20'261'120);
  std::uint64_t delivered = 0;
  for (int round = 0; round < testing::kCrashRounds; ++round) {
    testing::kill_while(
        [&](auto ready) {
          auto sink = make_sink();
          auto checkpoint = sink->open();
          if (!checkpoint) ::_exit(1);
          std::uint64_t next = checkpoint->rows;
          while (next < 10'000'000) {
            const std::uint64_t count = 1 + prng.below(3000);
            if (deliver_numbered(*sink, next, count).kind != Verdict::Kind::kAcked) ::_exit(1);
            next += count;
            ready();
          }
        },
        prng, 60'000);
    auto sink = make_sink();
    auto checkpoint = sink->open();
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    ASSERT_GE(checkpoint->rows, delivered);
    delivered = checkpoint->rows;
    auto holdings = sink->holdings();
    ASSERT_TRUE(holdings) << holdings.error().message;
    const std::uint64_t rows = holdings->empty() ? 0 : (*holdings)[0].rows;
    const std::uint64_t distinct = holdings->empty() ? 0 : (*holdings)[0].distinct_rows;
    ASSERT_EQ(rows, delivered);
    ASSERT_EQ(distinct, delivered);
    if (rows > 0) {
      EXPECT_THAT(ask(*sink, "SELECT max(_offset) + 1, sum(status) = sum(_offset) FROM requests"),
                  HasSubstr("[[" + std::to_string(delivered) + ",true]]"));
    }
    sink->close();
  }
  EXPECT_GT(delivered, 0U);
}

TEST_F(DuckdbSinkTest, RestoreAddsOnlyWhatIsNotThereAndLeavesTheCheckpoint) {
  {
    auto sink = make_sink();
    ASSERT_TRUE(sink->open());
    ASSERT_EQ(deliver_numbered(*sink, 0, 3000).kind, Verdict::Kind::kAcked);
    for (int times = 0; times < 2; ++times) {
      const Verdict verdict = testing::restore_numbered(*sink, 2000, 2500);
      ASSERT_EQ(verdict.kind, Verdict::Kind::kAcked) << verdict.reason;
      EXPECT_THAT(ask(*sink, "SELECT count(*), count(DISTINCT _offset), max(status) FROM requests"),
                  HasSubstr("[[4500,4500,4499]]"));
    }
    sink->close();
  }
  auto sink = make_sink();
  const auto checkpoint = sink->open();
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->lines, 3000U);
  // And delivery goes on from there.
  ASSERT_EQ(deliver_numbered(*sink, 4500, 10).kind, Verdict::Kind::kAcked);
}

TEST_F(DuckdbSinkTest, RestoreWithoutLineageIsRefused) {
  auto columns = test_columns();
  columns.pop_back();
  auto sink = make_sink(columns);
  ASSERT_TRUE(sink->open());
  BatchMaker maker(0);
  maker.add({});
  maker.rows().columns.pop_back();
  EXPECT_THAT(sink->restore(maker.finish(1)).reason, HasSubstr("has no lineage columns"));
  EXPECT_THAT(ask(*sink, "SELECT count(*) FROM requests"), HasSubstr("[[0]]"));
}

}  // namespace
}  // namespace pixel::shipper
