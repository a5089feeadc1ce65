// SPDX-License-Identifier: Apache-2.0
// Queries through the sink: JSON of every kind, bounds, and what a query may not do.
#include "shipper/sinks/duckdb/duckdb_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "shipper/sinks/duckdb/duckdb_sink.h"
#include "tests/unit/shipper/sinks/batch_maker.h"

namespace pixel::shipper {
namespace {

using testing::deliver_numbered;
using ::testing::HasSubstr;

class DuckdbQueryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    DuckdbSettings settings;
    settings.path = directory_.path() / "test.duckdb";
    settings.query_rows_max = 100;
    settings.query_timeout_ns = 300 * base::kMillisecondNs;
    sink_ = create_duckdb_sink("duckdb", {testing::table_of(testing::test_columns())}, settings);
    ASSERT_TRUE(sink_->open());
    ASSERT_EQ(deliver_numbered(*sink_, 0, 1000).kind, Verdict::Kind::kAcked);
  }
  std::string ask(std::string_view sql) {
    auto answer = sink_->query(sql);
    if (!answer) return "error: " + answer.error().message;
    EXPECT_TRUE(nlohmann::json::accept(answer->json)) << answer->json;
    return answer->json;
  }

  testing::TemporaryDirectory directory_;
  std::unique_ptr<Sink> sink_;
};

TEST_F(DuckdbQueryTest, KindsOfValues) {
  EXPECT_EQ(ask("SELECT 1 AS i, 1.50 AS d, 'a\"b\n' AS t, true AS b, NULL AS n, "
                "'nan'::DOUBLE AS nan, '-inf'::DOUBLE AS inf, [1, 2] AS l, DATE '2026-11-20' AS "
                "day, 170141183460469231731687303715884105727::HUGEINT AS h"),
            "{\"columns\":[\"i\",\"d\",\"t\",\"b\",\"n\",\"nan\",\"inf\",\"l\",\"day\",\"h\"],"
            "\"rows\":[[1,1.50,\"a\\\"b\\n\",true,null,null,null,\"[1, 2]\",\"2026-11-20\","
            "170141183460469231731687303715884105727]],\"truncated\":false}");
}

TEST_F(DuckdbQueryTest, StatementsThatReadAreAnswered) {
  EXPECT_THAT(ask("SELECT count(*), sum(status) FROM requests;"), HasSubstr("[[1000,499500]]"));
  EXPECT_THAT(ask("  select 'it''s' -- a comment"), HasSubstr("[[\"it's\"]]"));
  EXPECT_THAT(ask("WITH t AS (SELECT 2 AS x) FROM t"), HasSubstr("[[2]]"));
  EXPECT_THAT(ask("DESCRIBE requests"), HasSubstr("\"request_time\",\"TIMESTAMP\""));
  EXPECT_THAT(ask("SELECT _offset FROM requests ORDER BY 1 DESC LIMIT 2"),
              HasSubstr("[[999],[998]]"));
  EXPECT_THAT(ask("SELECT 1 AS a, 2 AS a"), HasSubstr("[[1,2]]"));
}

TEST_F(DuckdbQueryTest, LongAnswersAreCutAndSaySo) {
  const auto cut = nlohmann::json::parse(ask("SELECT _offset FROM requests ORDER BY 1"));
  EXPECT_EQ(cut["rows"].size(), 100U);
  EXPECT_EQ(cut["truncated"], true);
  const auto whole = nlohmann::json::parse(ask("SELECT _offset FROM requests WHERE _offset < 100"));
  EXPECT_EQ(whole["rows"].size(), 100U);
  EXPECT_EQ(whole["truncated"], false);
}

TEST_F(DuckdbQueryTest, WhatChangesAnythingIsRefused) {
  for (const char* sql : {"DELETE FROM requests",
                          "INSERT INTO requests DEFAULT VALUES",
                          "DROP TABLE requests",
                          "CREATE TABLE x (a INT)",
                          "UPDATE pixeledge_checkpoint SET checkpoint = ''",
                          "CHECKPOINT",
                          "ATTACH ':memory:' AS m",
                          "SET threads = 4",
                          "PRAGMA database_list",
                          "COMMIT",
                          "BEGIN",
                          "COPY requests TO '/tmp/never.csv'",
                          "INSTALL httpfs",
                          "LOAD httpfs",
                          "CALL pragma_version()",
                          "SELECT 1; DELETE FROM requests",
                          "EXPORT DATABASE '/tmp/never'",
                          "",
                          "nonsense",
                          "SELECT ?",
                          "EXPLAIN ANALYZE DELETE FROM requests"}) {
    EXPECT_THAT(ask(sql), HasSubstr("error: ")) << sql;
  }
  EXPECT_THAT(ask("SELECT count(*) FROM requests"), HasSubstr("[[1000]]"));
}

TEST_F(DuckdbQueryTest, FilesAndNetworkAreOutOfReach) {
  for (const char* sql :
       {"SELECT * FROM read_csv('/etc/hostname')", "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/etc/*')", "SELECT * FROM '/etc/passwd.csv'",
        "SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')"}) {
    EXPECT_THAT(ask(sql), HasSubstr("error: ")) << sql;
  }
}

TEST_F(DuckdbQueryTest, AQueryThatTakesTooLongEnds) {
  const std::string answer =
      ask("SELECT count(*) FROM range(1000000) a, range(1000000) b "
          "WHERE a.range * b.range % 7 = 3");
  EXPECT_THAT(answer, HasSubstr("error: "));
  EXPECT_THAT(ask("SELECT 1"), HasSubstr("[[1]]"));
}

TEST_F(DuckdbQueryTest, QueriesSeeWholeBatchesWhileRowsArrive) {
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) {
      const auto answer =
          nlohmann::json::parse(ask("SELECT count(*), max(_offset) + 1 FROM requests"));
      EXPECT_EQ(answer["rows"][0][0], answer["rows"][0][1]);
      EXPECT_EQ(answer["rows"][0][0].get<int>() % 500, 0);
      EXPECT_TRUE(sink_->holdings());
    }
  });
  for (std::uint64_t batch = 2; batch < 20; ++batch) {
    EXPECT_EQ(deliver_numbered(*sink_, batch * 500, 500).kind, Verdict::Kind::kAcked);
  }
  done = true;
  reader.join();
}

}  // namespace
}  // namespace pixel::shipper
