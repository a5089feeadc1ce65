// SPDX-License-Identifier: Apache-2.0
// The postgres sink against a real server: rows and checkpoint together, odd values, one shipper at
// a time, lost sessions.
#include "shipper/sinks/postgres/postgres_sink.h"

#include <limits>

#include "tests/unit/shipper/sinks/postgres/postgres_fixture.h"

namespace pixel::shipper {
namespace {

using testing::BatchMaker;
using testing::deliver_numbered;
using testing::deliver_patiently;
using ::testing::HasSubstr;
using testing::kNoonUs;
using testing::make_column;
using testing::PostgresSinkTest;
using testing::test_columns;

TEST_F(PostgresSinkTest, ANewSchemaHasANewCheckpoint) {
  auto sink = make_sink();
  auto checkpoint = sink->open();
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(*checkpoint, Checkpoint{});
  EXPECT_TRUE(sink->holdings()->empty());
}

TEST_F(PostgresSinkTest, RowsAndCheckpointSurviveAReopen) {
  {
    auto sink = make_sink();
    ASSERT_TRUE(sink->open());
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

TEST_F(PostgresSinkTest, ASlowServerIsGivenUpEarlyWaitedForInTheEndAndHasEachRowOnce) {
  settings_.patience = std::make_shared<Patience>(200 * base::kMillisecondNs);
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ask("CREATE FUNCTION %.wait() RETURNS trigger LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END $$;"
      "CREATE TRIGGER slow AFTER INSERT ON %.requests FOR EACH STATEMENT EXECUTE FUNCTION "
      "%.wait()");
  int attempts = 0;
  Verdict verdict;
  do {
    ASSERT_LT(++attempts, 20) << verdict.reason;
    verdict = deliver_numbered(*sink, 0, 100);
    ASSERT_THAT(verdict.kind, ::testing::AnyOf(Verdict::Kind::kAcked, Verdict::Kind::kRetry));
  } while (verdict.kind == Verdict::Kind::kRetry);
  EXPECT_GT(attempts, 2) << "the first ones did not wait";
  EXPECT_EQ(deliver_numbered(*sink, 100, 100).kind, Verdict::Kind::kAcked)
      << "the server was seen to need that long";
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "200");
}

TEST_F(PostgresSinkTest, EveryTypeAndNullComesBack) {
  auto columns = test_columns();
  columns.push_back(make_column("id", ColumnType::kUuid));
  columns.push_back(make_column("ip", ColumnType::kInet));
  columns.push_back(make_column("body", ColumnType::kJson));
  auto sink = make_sink(columns);
  ASSERT_TRUE(sink->open());
  BatchMaker maker(0);
  maker.add({kNoonUs + 123456, "/gr\xC3\xBC\xF0\x9F\x98\x80\t\n\\N\"'", -7, 1.25, false, 0});
  maker.add({0, "", std::numeric_limits<std::int64_t>::min(), 1e300, true, 1});
  maker.add_text_column("00112233-4455-6677-8899-aabbccddeeff");
  maker.add_text_column("2001:db8::1");
  maker.add_text_column(R"({"b":[1,null],"a":"x"})");
  ASSERT_EQ(sink->deliver(maker.finish(2)).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(
      ask("SELECT request_time, path, status, ratio, ok, id, ip, body FROM %.requests ORDER BY "
          "_offset"),
      "2026-11-20 18:52:00.123456+00|/gr\xC3\xBC\xF0\x9F\x98\x80\t\n\\N\"'|-7|1.25|f|"
      "00112233-4455-6677-8899-aabbccddeeff|2001:db8::1|{\"a\": \"x\", \"b\": [1, null]}\n"
      "1970-01-01 00:00:00+00||-9223372036854775808|1e+300|t|"
      "00112233-4455-6677-8899-aabbccddeeff|2001:db8::1|{\"a\": \"x\", \"b\": [1, null]}");
}

TEST_F(PostgresSinkTest, NullsComeBackAsNulls) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  BatchMaker maker(0);
  maker.add({std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, 1});
  ASSERT_EQ(sink->deliver(maker.finish(1)).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(ask("SELECT request_time, path, status, ratio, ok FROM %.requests"), "~|~|~|~|~");
}

TEST_F(PostgresSinkTest, ABatchWithoutRowsMovesTheCheckpoint) {
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
}

TEST_F(PostgresSinkTest, ASecondShipperOfTheSameNameIsRefused) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  auto second = make_sink();
  const auto refused = second->open();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("another shipper delivers as sink pg"));
  EXPECT_THAT(refused.error().message, HasSubstr("pixel-shipper pg, process"));
  EXPECT_TRUE(make_sink(test_columns(), "other")->open());
  sink->close();
  EXPECT_TRUE(second->open());
}

TEST_F(PostgresSinkTest, AMovedCheckpointIsNeverOverwritten) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 1).kind, Verdict::Kind::kAcked);
  // As a second shipper would, past the lock.
  ask("UPDATE %.pixeledge_checkpoint SET checkpoint = 'x'");
  const Verdict verdict = deliver_numbered(*sink, 1, 1);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kRejected);
  EXPECT_THAT(verdict.reason, HasSubstr("was changed by someone else"));
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "1");
  EXPECT_EQ(ask("SELECT checkpoint FROM %.pixeledge_checkpoint"), "x");
}

TEST_F(PostgresSinkTest, ALostSessionIsReplacedAndNothingIsTwice) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  for (std::uint64_t round = 0; round < 5; ++round) {
    cut_sessions();
    BatchMaker maker(round);
    testing::TestRow row;
    row.offset = static_cast<std::int64_t>(round);
    maker.add(row);
    const Batch& batch = maker.finish(1);
    EXPECT_EQ(sink->deliver(batch).kind, Verdict::Kind::kRetry);
    EXPECT_EQ(deliver_patiently(*sink, batch).kind, Verdict::Kind::kAcked);
  }
  EXPECT_EQ(ask("SELECT count(*), count(DISTINCT _offset) FROM %.requests"), "5|5");
}

TEST_F(PostgresSinkTest, ACommitThatCameThroughUnseenIsNotRepeated) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  BatchMaker maker(0);
  maker.add({});
  const Batch& batch = maker.finish(1);
  // What a COMMIT leaves whose answer never arrived.
  ask("UPDATE %.pixeledge_checkpoint SET checkpoint = " + pg_text(to_text(batch.after)));
  cut_sessions();
  EXPECT_EQ(deliver_patiently(*sink, batch).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "0");
}

TEST_F(PostgresSinkTest, AServerThatIsAwayIsARetry) {
  settings_.dsn = "postgresql://postgres@127.0.0.1:1/postgres";
  auto sink = make_sink();
  const auto opened = sink->open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("port 1 failed: Connection refused"));
  ASSERT_FALSE(sink->reach());
}

TEST_F(PostgresSinkTest, ALockedTableIsARetryWithinTheTimeout) {
  settings_.timeout_ns = base::kSecondNs;
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  PostgresOptions options;
  options.dsn = settings_.dsn;
  auto locker = PostgresConnection::open(options);
  ASSERT_TRUE(locker);
  ASSERT_TRUE(locker->run("BEGIN; LOCK TABLE " + settings_.stage + ".requests IN EXCLUSIVE MODE"));
  const Verdict verdict = deliver_numbered(*sink, 0, 1);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kRetry) << verdict.reason;
  EXPECT_THAT(verdict.reason, HasSubstr("55P03"));
  ASSERT_TRUE(locker->run("ROLLBACK"));
  EXPECT_EQ(deliver_numbered(*sink, 0, 1).kind, Verdict::Kind::kAcked);
}

TEST_F(PostgresSinkTest, KilledAtAnyMomentRowsAndCheckpointAgree) {
  { ASSERT_TRUE(make_sink()->open()); }
  base::Prng prng(20261120);
  std::uint64_t next = 0;
  for (int round = 0; round < testing::kCrashRounds; ++round) {
    testing::kill_while(
        [&](auto ready) {
          auto sink = make_sink();
          // The server may still hold the session of the process that was just killed.
          while (!sink->open()) ::usleep(2000);
          ready();
          for (;; next += 50) {
            if (deliver_numbered(*sink, next, 50).kind != Verdict::Kind::kAcked) std::abort();
          }
        },
        prng, 20'000);
    auto sink = make_sink();
    auto checkpoint = sink->open();
    for (; !checkpoint; checkpoint = sink->open()) ::usleep(2000);
    next = checkpoint->rows;
    ASSERT_EQ(ask("SELECT count(*), count(DISTINCT _offset) FROM %.requests"),
              std::to_string(next) + "|" + std::to_string(next));
  }
  EXPECT_GT(next, 0U);
}

}  // namespace
}  // namespace pixel::shipper
