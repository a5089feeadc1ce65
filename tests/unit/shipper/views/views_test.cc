// SPDX-License-Identifier: Apache-2.0
// The shipped views over known rows, in DuckDB as the sink makes them.
#include "shipper/views/views.h"

#include <gtest/gtest.h>

#include "shipper/decode/columns.h"
#include "shipper/decode/table_decoder.h"
#include "shipper/sinks/duckdb/duckdb_sink.h"
#include "tests/unit/shipper/sinks/batch_maker.h"
#include "tests/unit/shipper/support/lines.h"

namespace pixel::shipper {
namespace {

using logfmt::Field;
using logfmt::SegmentKind;

class ViewsTest : public ::testing::Test {
 protected:
  ViewsTest() {
    settings_.path = directory_.path() / "w.duckdb";
    sink_ = create_duckdb_sink("w", tables_, settings_);
    EXPECT_TRUE(sink_->open().ok());
  }

  void request(const std::string& time, const std::string& id, const std::string& ip = "192.0.2.1",
               const std::string& status = "200") {
    requests_ += access_line({{Field::kTime, time},
                              {Field::kRequestId, id},
                              {Field::kClientIp, ip},
                              {Field::kStatus, status}});
  }
  void event(const std::string& time, const std::string& path, const std::string& record,
             const std::string& id = "AAAAAAAAAAAAAAAAAAAAAA", const std::string& visitor = "v") {
    events_ += "{\"id\":\"" + id + "\",\"n\":0,\"seq\":0,\"time\":\"" + time + "\",\"path\":\"" +
               path + "\",\"visitor\":\"" + visitor + "\",\"record\":" + record + "}\n";
  }
  void deliver() {
    TableDecoder decoder(tables_);
    Batch batch;
    const auto take = [&](SegmentKind kind, const std::string& text) {
      decoder.decode({{kind, 1, 1, 0}, 0}, 0, batch.text.copy(text), batch.tables,
                     batch.dead_letters);
    };
    take(SegmentKind::kAccess, requests_);
    take(SegmentKind::kEvents, events_);
    EXPECT_TRUE(batch.dead_letters.empty());
    const Verdict verdict = sink_->deliver(batch);
    EXPECT_EQ(verdict.kind, Verdict::Kind::kAcked) << verdict.reason;
  }
  std::string rows(const std::string& sql) {
    const auto answer = sink_->query(sql);
    if (!answer) return answer.error().message;
    const std::size_t begin = answer->json.find("\"rows\":");
    return answer->json.substr(begin + 7, answer->json.find(",\"truncated\"") - begin - 7);
  }

  testing::TemporaryDirectory directory_;
  std::vector<TableSpec> tables_ = {requests_table({}), events_table()};
  DuckdbSettings settings_;
  std::unique_ptr<Sink> sink_;
  std::string requests_;
  std::string events_;
};

TEST_F(ViewsTest, TrafficByMinute) {
  request("18:52:01", "AAAAAAAAAAAAAAAAAAAAAA");
  request("18:52:59", "AAAAAAAAAAAAAAAAAAAAAB", "192.0.2.2", "404");
  request("18:53:00", "AAAAAAAAAAAAAAAAAAAAAC");
  deliver();
  EXPECT_EQ(rows("SELECT minute, host, requests, clients, bytes_sent, errors, time_taken_p95 "
                 "FROM traffic_by_minute ORDER BY 1"),
            R"([["2026-11-20 18:52:00","px.example.com",2,2,802,1,0.001],)"
            R"(["2026-11-20 18:53:00","px.example.com",1,1,401,0,0.001]])");
}

TEST_F(ViewsTest, ClickThroughCountsAnImpressionOnce) {
  const auto impression = [&](const char* id, const char* ad) {
    event("2026-11-20T18:52:00Z", "/impressions",
          fmt::format(R"({{"impression_id":"{}","ad_id":"{}"}})", id, ad));
  };
  impression("i1", "ad1");
  impression("i2", "ad1");
  impression("i2", "ad1");  // Sent twice.
  impression("i3", "ad2");
  event("2026-11-20T18:52:10Z", "/v2/clicks", R"({"impression_id":"i1","ad_id":"ad1"})");
  event("2026-11-20T18:52:30Z", "/v2/clicks", R"({"impression_id":"i1","ad_id":"ad1"})");
  event("2026-11-20T18:52:30Z", "/clicks", R"({"impression_id":"unknown","ad_id":"ad1"})");
  event("2026-11-20T18:52:30Z", "/other", R"({"impression_id":"i3"})");
  deliver();
  EXPECT_EQ(rows("SELECT * FROM ad_click_through ORDER BY ad_id"),
            R"([["ad1",2,1,2,0.5,10.0],["ad2",1,0,0,0.0,null]])");
}

TEST_F(ViewsTest, AdTrafficByDay) {
  event("2026-11-20T23:59:59Z", "/impressions", R"({"ad_id":7})", "AAAAAAAAAAAAAAAAAAAAAA", "v1");
  event("2026-11-20T23:59:59Z", "/impressions", R"({"ad_id":7})", "AAAAAAAAAAAAAAAAAAAAAA", "v1");
  event("2026-11-21T00:00:00Z", "/clicks", R"({"ad_id":"7"})", "AAAAAAAAAAAAAAAAAAAAAA", "v2");
  deliver();
  EXPECT_EQ(rows("SELECT * FROM ad_traffic_by_day ORDER BY day"),
            R"([["2026-11-20","7",2,0,1],["2026-11-21","7",0,1,1]])");
}

TEST_F(ViewsTest, SessionsEndAfterThirtyMinutes) {
  request("10:00:00", "AAAAAAAAAAAAAAAAAAAAA0");
  request("10:30:00", "AAAAAAAAAAAAAAAAAAAAA1");  // Exactly 30 minutes: the same session.
  request("11:00:01", "AAAAAAAAAAAAAAAAAAAAA2");
  request("10:00:00", "AAAAAAAAAAAAAAAAAAAAA3", "192.0.2.9");
  request("10:00:05", "AAAAAAAAAAAAAAAAAAAAA4", "192.0.2.9");
  event("2026-11-20T10:00:05Z", "/e", "{}", "AAAAAAAAAAAAAAAAAAAAA4", "known");
  deliver();
  EXPECT_EQ(rows("SELECT began_at, ended_at, requests, session, first_path, visitor = 'known' "
                 "FROM sessions ORDER BY 1, 3, 6"),
            R"([["2026-11-20 10:00:00","2026-11-20 10:00:00",1,1,"/p.gif",false],)"
            R"(["2026-11-20 10:00:00","2026-11-20 10:30:00",2,1,"/p.gif",false],)"
            R"(["2026-11-20 10:00:05","2026-11-20 10:00:05",1,1,"/p.gif",true],)"
            R"(["2026-11-20 11:00:01","2026-11-20 11:00:01",1,2,"/p.gif",false]])");
}

TEST(ViewStatements, OnlyWhereTablesAndColumnsAreThere) {
  EXPECT_EQ(view_sources().size(), 4U);
  const auto names = [](const std::vector<TableSpec>& tables) {
    std::string text;
    for (const auto& view : view_statements(SqlDialect::kPostgres, tables, "prod.")) {
      text += view.name + " ";
      EXPECT_TRUE(view.sql.starts_with("CREATE OR REPLACE VIEW prod." + view.name + " AS\n"));
      EXPECT_EQ(view.sql.find('@'), std::string::npos);
      EXPECT_EQ(view.sql.find("json_extract"), std::string::npos);
    }
    return text;
  };
  EXPECT_EQ(names({requests_table({}), events_table()}),
            "ad_click_through ad_traffic_by_day sessions traffic_by_minute ");
  EXPECT_EQ(names({events_table()}), "ad_click_through ad_traffic_by_day ");
  TableSpec requests = requests_table({});
  std::erase_if(requests.columns, [](const ColumnSpec& column) { return column.name == "c_ip"; });
  EXPECT_EQ(names({requests}), "");
  TableSpec sessions = requests_table({});
  sessions.name = "sessions";
  EXPECT_EQ(names({requests_table({}), events_table(), sessions}),
            "ad_click_through ad_traffic_by_day traffic_by_minute ");
}

}  // namespace
}  // namespace pixel::shipper
