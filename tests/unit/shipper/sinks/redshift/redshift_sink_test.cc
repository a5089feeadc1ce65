// SPDX-License-Identifier: Apache-2.0
// The redshift sink against a strict S3 server and a PostgreSQL that stands in for the cluster: bad
// rows by name, moved checkpoints, commits unseen, orphans.
#include "shipper/sinks/redshift/redshift_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/unit/shipper/sinks/batch_maker.h"
#include "tests/unit/shipper/support/postgres_server.h"
#include "tests/unit/shipper/support/python_server.h"
#include "tests/unit/shipper/transport/strict_store.h"

namespace pixel::shipper {
namespace {

using testing::BatchMaker;
using testing::deliver_numbered;
using ::testing::HasSubstr;
using testing::PostgresServer;
using testing::test_columns;
using testing::TestRow;

// The stand-in as a child.
class StandIn : public testing::PythonServer {
 public:
  StandIn(PostgresServer& server, const std::string& store)
      : PythonServer({"tests/integration/redshift_stand_in/server.py", "--socket",
                      server.socket_directory(), "--port", server.port(), "--store", store}) {}
};

// One store and one cluster for all; a schema and a prefix for each test.
class RedshiftSinkTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (server().dsn().empty()) return;
    store_.emplace();
    cluster_.emplace(server(), store_->url());
  }
  static void TearDownTestSuite() {
    cluster_.reset();
    store_.reset();
  }
  void SetUp() override {
    if (server().dsn().empty()) GTEST_SKIP() << "PostgreSQL is not installed";
    static int number = 0;
    objects_before_ = count_objects();
    settings_.dsn =
        "postgresql://postgres@127.0.0.1:" + std::to_string(cluster_->port()) + "/postgres";
    settings_.schema = "r" + std::to_string(++number);
    settings_.prefix = "loads/" + settings_.schema;
    settings_.iam_role = "default";
    settings_.store = store_->settings();
  }
  static PostgresServer& server() { return PostgresServer::instance(); }
  std::unique_ptr<Sink> make_sink() {
    return create_redshift_sink("rs", {testing::table_of(test_columns())}, settings_);
  }
  /// `sql` with "%" for the schema.
  std::string ask(std::string sql) {
    for (std::size_t at = 0; (at = sql.find('%', at)) != std::string::npos;) {
      sql.replace(at, 1, settings_.schema);
    }
    return server().ask(sql);
  }
  int count_objects() { return store_->control("state")["objects"].get<int>() - objects_before_; }

  inline static std::optional<testing::StrictStore> store_;
  inline static std::optional<StandIn> cluster_;
  int objects_before_ = 0;
  RedshiftSettings settings_;
};

TEST_F(RedshiftSinkTest, EveryTypeAndNullComesBack) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open()) << sink->open().error().message;
  BatchMaker maker(0);
  maker.add({testing::kNoonUs + 123456, "/gr\xC3\xBC\t\n\\N\"'", -7, 1.25, false, 0});
  maker.add({std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, 1});
  const Verdict verdict = sink->deliver(maker.finish(2));
  ASSERT_EQ(verdict.kind, Verdict::Kind::kAcked) << verdict.reason;
  EXPECT_EQ(ask("SELECT request_time, path, status, ratio, ok FROM %.requests ORDER BY _offset"),
            "2026-11-20 18:52:00.123456+00|/gr\xC3\xBC\t\n\\N\"'|-7|1.25|f\n~|~|~|~|~");
  EXPECT_EQ(ask("SELECT files, loaded_rows FROM %.pixeledge_loads"), "1|2");
  const auto holdings = sink->holdings();
  ASSERT_TRUE(holdings) << holdings.error().message;
  ASSERT_EQ(holdings->size(), 1U);
  EXPECT_EQ((*holdings)[0].distinct_rows, 2U);
  EXPECT_EQ(sink->query("SELECT count(*) FROM requests")->json,
            "{\"columns\":[\"count\"],\"rows\":[[2]],\"truncated\":false}");
}

TEST_F(RedshiftSinkTest, ABadRowIsNamedByWhatTheClusterNoted) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ask("ALTER TABLE %.requests ADD CHECK (status <> 5)");
  const Verdict verdict = deliver_numbered(*sink, 0, 10);
  ASSERT_EQ(verdict.kind, Verdict::Kind::kRowsRejected) << verdict.reason;
  ASSERT_EQ(verdict.faults.size(), 1U);
  EXPECT_EQ(verdict.faults[0].row, 5U);
  EXPECT_THAT(verdict.faults[0].reason, HasSubstr("violates check constraint"));
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "0");
  // Without the row the same batch has other objects, and goes through.
  BatchMaker maker(0);
  for (std::int64_t n = 0; n < 10; ++n) {
    TestRow row;
    row.status = n;
    row.offset = n;
    if (n != 5) maker.add(row);
  }
  EXPECT_EQ(sink->deliver(maker.finish(10, 1)).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "9");
}

TEST_F(RedshiftSinkTest, AMovedCheckpointIsNeverOverwritten) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 1).kind, Verdict::Kind::kAcked);
  ask("UPDATE %.pixeledge_checkpoint SET checkpoint = 'x'");
  const Verdict verdict = deliver_numbered(*sink, 1, 1);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kRejected);
  EXPECT_THAT(verdict.reason, HasSubstr("was changed by someone else"));
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "1");
}

TEST_F(RedshiftSinkTest, ACommitThatCameThroughUnseenIsNotRepeated) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  BatchMaker maker(0);
  maker.add({});
  const Batch& batch = maker.finish(1);
  ask("UPDATE %.pixeledge_checkpoint SET checkpoint = " + pg_text(to_text(batch.after)));
  server().ask(
      "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name "
      "= "
      "'pixel-shipper rs'");
  EXPECT_EQ(sink->deliver(batch).kind, Verdict::Kind::kRetry);
  EXPECT_EQ(sink->deliver(batch).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "0");
}

TEST_F(RedshiftSinkTest, WhatWasNeverLoadedIsDeletedAndWhatWasStays) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 1).kind, Verdict::Kind::kAcked);
  ask("ALTER TABLE %.requests ADD CHECK (status <> 1)");
  EXPECT_NE(deliver_numbered(*sink, 1, 1).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(count_objects(), 4);
  sink->maintain();
  EXPECT_EQ(count_objects(), 2);
  sink->close();
  settings_.keep_ns = 0;
  ask("UPDATE %.pixeledge_loads SET loaded_at = loaded_at - interval '1 hour'");
  auto again = make_sink();
  ASSERT_TRUE(again->open());
  again->maintain();
  EXPECT_EQ(count_objects(), 0);
}

TEST_F(RedshiftSinkTest, AStoreThatFailsIsARetryAndTheSameObjectsAreUsedAgain) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  store_->fail({{{"method", "PUT"}, {"key", "manifest"}, {"action", {{"status", 503}}}}});
  EXPECT_EQ(deliver_numbered(*sink, 0, 3).kind, Verdict::Kind::kRetry);
  EXPECT_EQ(deliver_numbered(*sink, 0, 3).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(count_objects(), 2);
  EXPECT_EQ(ask("SELECT count(*) FROM %.requests"), "3");
}

TEST_F(RedshiftSinkTest, RestoreAddsOnlyWhatIsMissing) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
  ask("DELETE FROM %.requests WHERE _offset < 4");
  for (int twice = 0; twice < 2; ++twice) {
    BatchMaker maker(0);
    for (std::int64_t n = 0; n < 10; ++n) {
      TestRow row;
      row.offset = n;
      maker.add(row);
    }
    const Verdict verdict = sink->restore(maker.finish(10));
    ASSERT_EQ(verdict.kind, Verdict::Kind::kAcked) << verdict.reason;
    EXPECT_EQ(ask("SELECT count(*), count(DISTINCT _offset) FROM %.requests"), "10|10");
  }
}

TEST_F(RedshiftSinkTest, InitSaysWhatItDoesAndDoesItOnce) {
  settings_.create = false;
  ASSERT_FALSE(make_sink()->open());
  EXPECT_THAT(make_sink()->open().error().message, HasSubstr("run \"pixel-shipper init\""));
  const auto dry = make_sink()->initialise(true);
  ASSERT_TRUE(dry) << dry.error().message;
  EXPECT_THAT(*dry, HasSubstr("CREATE TABLE"));
  EXPECT_FALSE(make_sink()->reach());
  EXPECT_EQ(*make_sink()->initialise(false), *dry);
  EXPECT_EQ(*make_sink()->initialise(false), "nothing to make\n");
  EXPECT_TRUE(make_sink()->reach());
  EXPECT_TRUE(make_sink()->open());
}

}  // namespace
}  // namespace pixel::shipper
