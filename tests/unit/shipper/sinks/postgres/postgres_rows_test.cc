// SPDX-License-Identifier: Apache-2.0
// Rows that the server refuses, rows that are there already, and tables that somebody else made.
#include "shipper/decode/columns.h"

#include "tests/unit/shipper/sinks/postgres/postgres_fixture.h"

namespace pixel::shipper {
namespace {

using testing::BatchMaker;
using testing::deliver_numbered;
using testing::deliver_patiently;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::make_column;
using testing::PostgresSinkTest;
using testing::test_columns;

std::vector<std::uint32_t> rows_of(const Verdict& verdict) {
  std::vector<std::uint32_t> rows;
  for (const RowFault& fault : verdict.faults) rows.push_back(fault.row);
  return rows;
}

void add_numbered(BatchMaker& maker, std::int64_t first, std::int64_t count) {
  for (std::int64_t n = first; n < first + count; ++n) {
    testing::TestRow row;
    row.status = n;
    row.offset = n;
    maker.add(row);
  }
}

TEST_F(PostgresSinkTest, BadRowsAreNamedAndTheOthersGoThroughWithoutThem) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ask("ALTER TABLE %.requests ADD CHECK (mod(status, 700) <> 3)");
  BatchMaker maker(0);
  add_numbered(maker, 0, 2000);
  Verdict verdict = sink->deliver(maker.finish(2000));
  ASSERT_EQ(verdict.kind, Verdict::Kind::kRowsRejected) << verdict.reason;
  EXPECT_THAT(rows_of(verdict), ElementsAre(3U, 703U, 1403U));
  EXPECT_THAT(verdict.faults[0].reason, HasSubstr("violates check constraint"));
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "0");
  BatchMaker rest(0);
  for (const std::int64_t n : {0, 1, 2, 4, 5}) add_numbered(rest, n, 1);
  EXPECT_EQ(sink->deliver(rest.finish(6, 1)).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "5");
}

TEST_F(PostgresSinkTest, JsonWithNulIsABadRow) {
  auto columns = test_columns();
  columns.push_back(make_column("body", ColumnType::kJson));
  auto sink = make_sink(columns);
  ASSERT_TRUE(sink->open());
  BatchMaker maker(0);
  add_numbered(maker, 0, 2);
  maker.add_text_column(R"({"a":"\u0000"})");
  const Verdict verdict = sink->deliver(maker.finish(2));
  ASSERT_EQ(verdict.kind, Verdict::Kind::kRowsRejected) << verdict.reason;
  EXPECT_THAT(rows_of(verdict), ElementsAre(0U, 1U));
}

TEST_F(PostgresSinkTest, AConstraintThatSpeaksAtTheCommitIsARowsFaultToo) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ask("ALTER TABLE %.requests ADD UNIQUE (status) DEFERRABLE INITIALLY DEFERRED");
  BatchMaker maker(0);
  add_numbered(maker, 0, 20);
  maker.rows().columns[2][13].integer = 5;
  const Verdict verdict = sink->deliver(maker.finish(20));
  ASSERT_EQ(verdict.kind, Verdict::Kind::kRowsRejected) << verdict.reason;
  EXPECT_THAT(rows_of(verdict), ElementsAre(13U));
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "0");
}

TEST_F(PostgresSinkTest, ATableWithoutRightsOrGoneIsRejectedWithTheNextStep) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ask("DROP TABLE %.requests");
  const Verdict verdict = deliver_numbered(*sink, 0, 1);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kRejected);
  EXPECT_THAT(verdict.reason, HasSubstr("run \"pixel-shipper init\""));
}

TEST_F(PostgresSinkTest, UpsertPassesOverWhatIsThere) {
  settings_.mode = PostgresMode::kUpsert;
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
  // The same places again, as after a restored checkpoint.
  ASSERT_EQ(deliver_numbered(*sink, 5, 10).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(ask("SELECT count(*), count(DISTINCT _offset) FROM %.requests"), "15|15");
  EXPECT_EQ(ask("SELECT count(*) FROM pg_indexes WHERE indexname = 'requests_place' AND "
                "schemaname = '%'"),
            "1");
}

TEST_F(PostgresSinkTest, UpsertFindsBadRowsByHalving) {
  settings_.mode = PostgresMode::kUpsert;
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ask("ALTER TABLE %.requests ADD CHECK (status <> 77 AND status <> 600)");
  BatchMaker maker(0);
  add_numbered(maker, 0, 1000);
  const Verdict verdict = sink->deliver(maker.finish(1000));
  ASSERT_EQ(verdict.kind, Verdict::Kind::kRowsRejected) << verdict.reason;
  EXPECT_THAT(rows_of(verdict), ElementsAre(77U, 600U));
}

// Each of them once cost a savepoint that stayed, and an emptied table: a minute for a batch of
// them.
TEST_F(PostgresSinkTest, UpsertFindsManyBadRows) {
  settings_.mode = PostgresMode::kUpsert;
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ask("ALTER TABLE %.requests ADD CHECK (mod(status, 2) = 0)");
  BatchMaker maker(0);
  add_numbered(maker, 0, 1000);
  const Verdict verdict = sink->deliver(maker.finish(1000));
  ASSERT_EQ(verdict.kind, Verdict::Kind::kRowsRejected) << verdict.reason;
  EXPECT_EQ(rows_of(verdict).size(), 500U);
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "0");
}

TEST_F(PostgresSinkTest, UpsertSurvivesALostSession) {
  settings_.mode = PostgresMode::kUpsert;
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
  cut_sessions();
  BatchMaker maker(10);
  add_numbered(maker, 10, 1);
  EXPECT_EQ(deliver_patiently(*sink, maker.finish(1)).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "11");
}

TEST_F(PostgresSinkTest, RestoreAddsOnlyWhatIsMissing) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 100).kind, Verdict::Kind::kAcked);
  const std::string checkpoint = ask("SELECT checkpoint FROM %.pixeledge_checkpoint");
  ask("DELETE FROM %.requests WHERE _offset BETWEEN 20 AND 29");
  for (int twice = 0; twice < 2; ++twice) {
    BatchMaker maker(0);
    add_numbered(maker, 0, 100);
    const Verdict verdict = sink->restore(maker.finish(100));
    ASSERT_EQ(verdict.kind, Verdict::Kind::kAcked) << verdict.reason;
    EXPECT_EQ(ask("SELECT count(*), count(DISTINCT _offset) FROM %.requests"), "100|100");
  }
  EXPECT_EQ(ask("SELECT checkpoint FROM %.pixeledge_checkpoint"), checkpoint);
  ASSERT_EQ(deliver_numbered(*sink, 100, 1).kind, Verdict::Kind::kAcked);
}

TEST_F(PostgresSinkTest, TablesAreWidenedAndChangedTypesRefused) {
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
  EXPECT_EQ(ask("SELECT a, count(*) FROM %.requests GROUP BY 1 ORDER BY 1"), "x|1\n~|2");
  wide->close();
  columns[2].type = ColumnType::kVarchar;
  const auto opened = make_sink(columns)->open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("column status of table " + settings_.stage +
                                                ".requests is bigint in the database and text"));
}

TEST_F(PostgresSinkTest, WithoutCreateAnUnreadySchemaSaysInit) {
  settings_.create = false;
  const auto opened = make_sink()->open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("run \"pixel-shipper init\""));
  ASSERT_FALSE(make_sink()->reach());
  const auto dry = make_sink()->initialise(true);
  ASSERT_TRUE(dry) << dry.error().message;
  EXPECT_THAT(*dry, HasSubstr("CREATE ROLE"));
  ASSERT_FALSE(make_sink()->open()) << "a dry run changes nothing";
  EXPECT_EQ(*make_sink()->initialise(false), *dry);
  EXPECT_EQ(*make_sink()->initialise(false), "nothing to make\n");
  EXPECT_TRUE(make_sink()->reach());
  EXPECT_TRUE(make_sink()->open());
}

TEST_F(PostgresSinkTest, AnInitOfSomebodyElseLetsTheShipperIn) {
  settings_.create = false;
  settings_.init_dsn = settings_.dsn;
  const std::string login = "login_" + settings_.stage;
  settings_.dsn.replace(settings_.dsn.find("postgres@"), 8, login);
  ask("CREATE ROLE " + login + " LOGIN");
  const auto made = make_sink()->initialise(false);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(*made, HasSubstr("TO \"" + login + "\""));
  EXPECT_TRUE(make_sink()->reach());
  ask("REVOKE INSERT ON %.requests FROM " + settings_.writer_role);
  EXPECT_THAT(make_sink()->reach().error().message, HasSubstr("lacks INSERT on requests"));
  ask("GRANT INSERT ON %.requests TO " + settings_.writer_role);
  auto sink = make_sink();
  ASSERT_TRUE(sink->open()) << sink->open().error().message;
  EXPECT_EQ(deliver_numbered(*sink, 0, 3).kind, Verdict::Kind::kAcked);
  // Rows can be added, and neither changed nor dropped.
  EXPECT_EQ(sink->holdings()->size(), 1U);
  EXPECT_THAT(ask("SET ROLE " + settings_.reader_role + "; SELECT count(*) FROM %.requests"), "3");
  EXPECT_THAT(ask("SET ROLE " + settings_.reader_role + "; DELETE FROM %.requests"),
              HasSubstr("permission denied"));
  EXPECT_THAT(ask("SET ROLE " + login + "; UPDATE %.requests SET status = 1"),
              HasSubstr("permission denied"));
}

TEST_F(PostgresSinkTest, InitMakesTheViewsAndItsReadersMaySelectThem) {
  const auto make = [this] {
    return create_postgres_sink("pg", {requests_table({parameter_column("a")})}, settings_);
  };
  const auto made = make()->initialise(false);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(*made, HasSubstr("traffic_by_minute"));
  EXPECT_EQ(*make()->initialise(false), "nothing to make\n");
  EXPECT_EQ(ask("SET ROLE " + settings_.reader_role + "; SELECT count(*) FROM %.traffic_by_minute"),
            "0");
}

TEST_F(PostgresSinkTest, QueriesAreReadOnlySingleAndBounded) {
  settings_.query_rows_max = 2;
  settings_.query_timeout_ns = 300 * base::kMillisecondNs;
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 5).kind, Verdict::Kind::kAcked);
  const auto json = [&](std::string_view sql) {
    const auto answer = sink->query(sql);
    return answer ? answer->json : "error: " + answer.error().message;
  };
  EXPECT_EQ(
      json("SELECT status, ok, path, ratio, NULL AS n, 'NaN'::float8 AS f FROM requests ORDER BY "
           "1;"),
      "{\"columns\":[\"status\",\"ok\",\"path\",\"ratio\",\"n\",\"f\"],\"rows\":["
      "[0,true,\"/p.gif\",0.5,null,null],[1,true,\"/p.gif\",0.5,null,null]],"
      "\"truncated\":true}");
  EXPECT_THAT(json("DELETE FROM requests"), HasSubstr("error: syntax error"));
  EXPECT_THAT(json("SELECT 1; SELECT 2"), HasSubstr("cannot insert multiple commands"));
  EXPECT_THAT(json("SELECT set_config('transaction_read_only', 'off', true), nextval('x')"),
              HasSubstr("error: "));
  EXPECT_THAT(json("WITH d AS (DELETE FROM requests RETURNING 1) SELECT * FROM d"),
              HasSubstr("error: "));
  EXPECT_THAT(json("SELECT pg_sleep(10)"), HasSubstr("57014"));
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "5");
}

}  // namespace
}  // namespace pixel::shipper
