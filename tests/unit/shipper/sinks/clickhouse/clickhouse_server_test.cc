// SPDX-License-Identifier: Apache-2.0
// The sink and a real server: what it makes, what it stores, and what it leaves out.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "shipper/sinks/clickhouse/clickhouse_sink.h"
#include "tests/unit/shipper/sinks/batch_maker.h"

namespace pixel::shipper {
namespace {

using Kind = Verdict::Kind;

// tools/harness/clickhouse.py, which ends with its standard input.
class Server {
 public:
  Server() {
    int in[2];
    int out[2];
    if (::pipe(in) != 0 || ::pipe(out) != 0) return;
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      for (const int fd : {in[0], in[1], out[0], out[1]}) ::close(fd);
      ::execlp("python3", "python3", "tools/harness/clickhouse.py", directory_.path().c_str(),
               static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    char letter;
    while (::read(out[0], &letter, 1) == 1 && letter != '\n') url_ += letter;
    ::close(out[0]);
  }
  ~Server() {
    ::close(input_);
    ::waitpid(child_, nullptr, 0);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  const std::string& url() const { return url_; }

 private:
  testing::TemporaryDirectory directory_;
  pid_t child_ = -1;
  int input_ = -1;
  std::string url_;
};

// One server for all tests; each has a database of its own.
class ClickhouseServerTest : public ::testing::TestWithParam<bool> {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<Server>(); }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override {
    if (server_->url().empty()) GTEST_SKIP() << "clickhouse-server is not installed";
    static int number = 0;
    options_.name = "out";
    options_.url = server_->url();
    options_.database = "d" + std::to_string(++number);
    options_.tables = {testing::table_of(testing::test_columns())};
    options_.is_binary = GetParam();
  }
  std::unique_ptr<Sink> opened() {
    auto sink = make_clickhouse_sink(options_);
    const auto made = sink->initialise(false);
    EXPECT_TRUE(made.ok()) << made.error().message;
    const auto checkpoint = sink->open();
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.error().message;
    return sink;
  }
  static std::string rows_of(Sink& sink, const std::string& sql) {
    const auto answer = sink.query(sql);
    if (!answer) return answer.error().message;
    return nlohmann::ordered_json::parse(answer->json)["rows"].dump();
  }
  // Statements that query() refuses.
  void execute(const std::string& sql) {
    const std::string command =
        "curl -sS --fail '" + options_.url + "/' --data-binary \"" + sql + "\"";
    ASSERT_EQ(std::system(command.c_str()), 0) << sql;
  }
  static std::unique_ptr<Server> server_;
  ClickhouseOptions options_;
};
std::unique_ptr<Server> ClickhouseServerTest::server_;
INSTANTIATE_TEST_SUITE_P(TsvAndRowBinary, ClickhouseServerTest, ::testing::Bool());

TEST_P(ClickhouseServerTest, MakesWhatIsMissingAndTellsWhatItDid) {
  auto sink = make_clickhouse_sink(options_);
  ASSERT_TRUE(sink->initialise(true).ok());
  const auto missing = sink->open();
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("run pixel-shipper init"), std::string::npos);
  EXPECT_FALSE(sink->reach().ok());
  const auto made = sink->initialise(false);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_NE(made->find("CREATE TABLE"), std::string::npos);
  EXPECT_EQ(sink->initialise(false)->find("CREATE TABLE"), std::string::npos);
  EXPECT_TRUE(sink->reach().ok());
  EXPECT_TRUE(sink->guarantee().is_exactly_once);
  // A column that the configuration names later.
  options_.tables[0].columns.push_back(testing::make_column("country", ColumnType::kVarchar));
  auto wider = make_clickhouse_sink(options_);
  EXPECT_NE(wider->open().error().message.find("no column country"), std::string::npos);
  EXPECT_NE(wider->initialise(false)->find("ADD COLUMN `country`"), std::string::npos);
  EXPECT_TRUE(wider->open().ok());
}

TEST_P(ClickhouseServerTest, EveryValueArrivesAsItIs) {
  options_.tables[0].columns.push_back(testing::make_column("id", ColumnType::kUuid));
  options_.tables[0].columns.push_back(testing::make_column("ip", ColumnType::kInet));
  options_.gzip = true;
  const auto sink = opened();
  testing::BatchMaker maker(0);
  testing::TestRow row;
  row.path = "a\tb\nc\\d'e\"f\r\xE2\x82\xAC \x01";
  row.status = INT64_MIN;
  row.ratio = 0.000084;
  row.ok = false;
  maker.add(row);
  testing::TestRow nulls;
  nulls.path = nulls.path.value().substr(0, 0);
  nulls.status = std::nullopt;
  nulls.ratio = std::nullopt;
  nulls.ok = std::nullopt;
  nulls.offset = 1;
  maker.add(nulls);
  maker.add_text_column("00112233-4455-6677-8899-aabbccddeeff");
  maker.add_text_column("2001:db8::1");
  const Verdict verdict = sink->deliver(maker.finish(2));
  ASSERT_EQ(verdict.kind, Kind::kAcked) << verdict.reason;
  const std::string rows =
      rows_of(*sink,
              "SELECT toUnixTimestamp(request_time), path, status, ratio, ok, toString(id), ip, "
              "_segment, _offset FROM requests ORDER BY _offset");
  const nlohmann::json wanted = {
      {1'795'200'720, *row.path, INT64_MIN, 0.000084, 0, "00112233-4455-6677-8899-aabbccddeeff",
       "2001:db8::1", to_text(testing::kSegment), 0},
      {1'795'200'720, "", nullptr, nullptr, nullptr, "00112233-4455-6677-8899-aabbccddeeff",
       "2001:db8::1", to_text(testing::kSegment), 1}};
  EXPECT_EQ(nlohmann::json::parse(rows), wanted);
}

TEST_P(ClickhouseServerTest, WhatIsThereIsLeftOut) {
  const auto sink = opened();
  ASSERT_EQ(testing::deliver_numbered(*sink, 0, 10).kind, Kind::kAcked);
  ASSERT_EQ(testing::deliver_numbered(*sink, 0, 10).kind, Kind::kAcked);
  EXPECT_EQ(rows_of(*sink, "SELECT count(), uniqExact(_offset) FROM requests"), "[[10,10]]");
  // A batch of which another process, or a server that was killed, left a part.
  testing::BatchMaker maker(0);
  for (int n = 0; n < 20; ++n) {
    testing::TestRow row;
    row.offset = n;
    maker.add(row);
  }
  ASSERT_EQ(sink->deliver(maker.finish(20)).kind, Kind::kAcked);
  EXPECT_EQ(rows_of(*sink, "SELECT count(), uniqExact(_offset) FROM requests"), "[[20,20]]");
  execute("ALTER TABLE " + options_.database +
          ".requests DELETE WHERE _offset >= 5 AND _offset < 8");
  for (int tries = 0; tries < 200; ++tries) {
    if (rows_of(*sink, "SELECT count() FROM requests") == "[[17]]") break;
    ::usleep(50'000);
  }
  ASSERT_EQ(sink->restore(maker.batch()).kind, Kind::kAcked);
  EXPECT_EQ(rows_of(*sink, "SELECT count(), uniqExact(_offset) FROM requests"), "[[20,20]]");
  const auto holdings = sink->holdings();
  ASSERT_TRUE(holdings.ok()) << holdings.error().message;
  ASSERT_EQ(holdings->size(), 1U);
  EXPECT_EQ((*holdings)[0].segment, testing::kSegment);
  EXPECT_EQ((*holdings)[0].rows, 20U);
}

TEST_P(ClickhouseServerTest, HoldingsShowDuplicates) {
  options_.deduplication = ClickhouseDeduplication::kNone;
  const auto sink = opened();
  EXPECT_FALSE(sink->guarantee().is_exactly_once);
  ASSERT_EQ(testing::deliver_numbered(*sink, 0, 3).kind, Kind::kAcked);
  ASSERT_EQ(testing::deliver_numbered(*sink, 0, 3).kind, Kind::kAcked);
  const auto holdings = sink->holdings();
  ASSERT_TRUE(holdings.ok());
  EXPECT_EQ((*holdings)[0].rows, 6U);
  EXPECT_EQ((*holdings)[0].distinct_rows, 3U);
}

// Binary: the encoder sees that it does not fit. Text: the server says so, of a half at a time.
TEST_P(ClickhouseServerTest, OneBadRowOfManyIsNamedAndTheOthersAreThere) {
  execute("CREATE DATABASE IF NOT EXISTS " + options_.database);
  execute("CREATE TABLE " + options_.database +
          ".requests (request_time DateTime, path String, status UInt16, ratio Float64, ok UInt8, "
          "_segment String, _offset UInt64) ENGINE = MergeTree ORDER BY request_time");
  if (!options_.is_binary) {
    options_.tables[0].columns[2].type = ColumnType::kVarchar;
  }
  const auto sink = opened();
  testing::BatchMaker maker(0);
  std::vector<std::string> texts;
  for (int n = 0; n < 100; ++n) texts.push_back(n == 42 ? "seventy" : std::to_string(n));
  for (int n = 0; n < 100; ++n) {
    testing::TestRow row;
    row.offset = n;
    row.status = n == 42 ? 70'000 : n;
    maker.add(row);
  }
  if (!options_.is_binary) {
    for (std::size_t n = 0; n < 100; ++n) {
      Cell& cell = maker.rows().columns[2][n];
      cell.data = texts[n].data();
      cell.size = static_cast<std::uint32_t>(texts[n].size());
    }
  }
  for (int times = 0; times < 2; ++times) {  // The second as after a crash: nothing is added.
    const Verdict verdict = sink->deliver(maker.finish(100));
    ASSERT_EQ(verdict.kind, Kind::kAcked) << verdict.reason;
    ASSERT_EQ(verdict.faults.size(), 1U);
    EXPECT_EQ(verdict.faults[0].row, 42U);
    EXPECT_EQ(rows_of(*sink, "SELECT count(), sum(status) FROM requests"), "[[99,4908]]");
  }
}

TEST_P(ClickhouseServerTest, QueriesOnlyRead) {
  const auto sink = opened();
  EXPECT_FALSE(sink->query("DROP TABLE requests").ok());
  EXPECT_EQ(rows_of(*sink, "SELECT count() FROM requests"), "[[0]]");
}

TEST_P(ClickhouseServerTest, ServerThatIsNotThereIsTriedAgain) {
  const auto sink = opened();
  options_.url = "http://127.0.0.1:1";
  const auto other = make_clickhouse_sink(options_);
  EXPECT_FALSE(other->open().ok());
  EXPECT_FALSE(other->initialise(false).ok());
}

}  // namespace
}  // namespace pixel::shipper
