// SPDX-License-Identifier: Apache-2.0
// Whole tables: which lines, which rows, what became of their values, and how lines are counted.
#include "shipper/transform/rules_builder.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "shipper/decode/columns.h"
#include "shipper/decode/table_decoder.h"
#include "tests/unit/shipper/support/lines.h"

namespace pixel::shipper {
namespace {

using logfmt::Field;
using logfmt::SegmentKind;

constexpr logfmt::SegmentId kSegment{{SegmentKind::kAccess, 1, 2, 3}, 4};
constexpr logfmt::SegmentId kEvents{{SegmentKind::kEvents, 1, 2, 3}, 4};

std::string event_line(const std::string& record, const std::string& more = "") {
  return "{\"id\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"n\":0,\"seq\":0,\"time\":\"2026-11-20T18:52:00Z\"" +
         more + ",\"record\":" + record + "}\n";
}

ColumnSpec typed_parameter(const char* name, ColumnType type) {
  ColumnSpec spec = parameter_column(name);
  spec.type = type;
  return spec;
}

class RulesTest : public testing::Test {
 protected:
  static TableSpec finish(RulesBuilder& builder, const char* name,
                          SegmentKind source = SegmentKind::kAccess) {
    TableSpec table;
    table.name = name;
    table.source = source;
    builder.finish(table);
    return table;
  }

  void decode(const std::vector<TableSpec>& tables, const std::string& text,
              const logfmt::SegmentId& segment = kSegment) {
    tables_ = tables;
    blocks_.clear();
    dead_.clear();
    TableDecoder decoder(tables);
    counts_ = decoder.decode(segment, 0, arena_.copy(text), blocks_, dead_);
  }
  // All values of a column, by its name, joined.
  std::string column(std::size_t table, const std::string& name) const {
    std::string text;
    const TableSpec& spec = tables_[table];
    for (std::size_t i = 0; i < spec.columns.size(); ++i) {
      if (spec.columns[i].name != name) continue;
      for (std::size_t row = 0; row < blocks_[table].row_count; ++row) {
        const Cell& cell = blocks_[table].columns[i][row];
        if (row > 0) text += "|";
        if (cell.null) {
          text += "NULL";
        } else if (is_text(spec.columns[i].type)) {
          text += cell.text();
        } else if (spec.columns[i].type == ColumnType::kDouble) {
          text += fmt::format("{}", cell.real);
        } else {
          text += fmt::format("{}", cell.integer);
        }
      }
      return text;
    }
    return "no such column";
  }

  TextArena arena_;
  std::vector<TableSpec> tables_;
  std::vector<RowBlock> blocks_;
  std::vector<DeadLetter> dead_;
  DecodeCounts counts_;
};

std::string query_line(const std::string& query, const std::string& path = "/p.gif") {
  return access_line({{Field::kUriQuery, query}, {Field::kUriStem, path}});
}

TEST_F(RulesTest, WhereRoutesAndALineCountsOnce) {
  RulesBuilder clicks(SegmentKind::kAccess, DecodeMode::kOnce, {parameter_column("a")});
  ASSERT_FALSE(clicks.where("cs_uri_stem starts_with '/click'"));
  RulesBuilder even(SegmentKind::kAccess, DecodeMode::kOnce, {parameter_column("a")});
  ASSERT_FALSE(even.where("a in ['2', '4']"));
  const std::string text = query_line("a=1", "/click") + query_line("a=2", "/click") +
                           query_line("a=3") + query_line("a=4");
  decode({finish(clicks, "clicks"), finish(even, "even")}, text);
  EXPECT_EQ(column(0, "a"), "1|2");
  EXPECT_EQ(column(1, "a"), "2|4");
  EXPECT_EQ(counts_.lines, 4U);
  EXPECT_EQ(counts_.delivered, 3U);
  EXPECT_EQ(counts_.filtered, 1U);
  EXPECT_EQ(counts_.dead_lettered, 0U);
}

// The row is not wanted: nobody looks at its price.
TEST_F(RulesTest, BadValueInALineThatWhereExcludesIsNoDeadLetter) {
  RulesBuilder sales(SegmentKind::kAccess, DecodeMode::kOnce,
                     {typed_parameter("price", ColumnType::kDouble)});
  ASSERT_FALSE(sales.where("cs_uri_stem == '/buy'"));
  const TableSpec table = finish(sales, "sales");
  decode({table}, query_line("price=abc") + query_line("price=1.5", "/buy"));
  EXPECT_EQ(column(0, "price"), "1.5");
  EXPECT_EQ(counts_.filtered, 1U);
  EXPECT_TRUE(dead_.empty());
  decode({table}, query_line("price=abc", "/buy"));
  EXPECT_EQ(counts_.dead_lettered, 1U);
  ASSERT_EQ(dead_.size(), 1U);
  EXPECT_EQ(dead_[0].reason, "column price: not a number: 'abc'");
}

TEST_F(RulesTest, BadValueInThePredicateItselfIsADeadLetterOnlyWhereItDecides) {
  RulesBuilder sales(SegmentKind::kAccess, DecodeMode::kOnce,
                     {typed_parameter("price", ColumnType::kDouble)});
  ASSERT_FALSE(sales.where("price > 3 and cs_uri_stem == '/buy'"));
  decode({finish(sales, "sales")},
         query_line("price=abc", "/buy") + query_line("price=abc") + query_line("price=4", "/buy"));
  EXPECT_EQ(counts_.dead_lettered, 1U);
  EXPECT_EQ(counts_.filtered, 1U);
  EXPECT_EQ(counts_.delivered, 1U);
  EXPECT_EQ(dead_.at(0).offset, 0U);
}

// One table has the line, the other could not take it: delivered, and the letter tells of it.
TEST_F(RulesTest, LineThatOneOfTwoTablesTookIsDeliveredAndItsLetterIsWritten) {
  RulesBuilder all(SegmentKind::kAccess, DecodeMode::kOnce, {parameter_column("price")});
  RulesBuilder typed(SegmentKind::kAccess, DecodeMode::kOnce,
                     {typed_parameter("price", ColumnType::kInteger)});
  decode({finish(all, "everything"), finish(typed, "typed")}, query_line("price=x"));
  EXPECT_EQ(counts_.delivered, 1U);
  EXPECT_EQ(counts_.dead_lettered, 0U);
  ASSERT_EQ(dead_.size(), 1U);
  EXPECT_EQ(dead_[0].reason, "table typed: column price: not an integer: 'x'");
}

TEST_F(RulesTest, ExclusiveTablesAndRoutesTakeTheirLinesFromLaterOnes) {
  RulesBuilder clicks(SegmentKind::kAccess, DecodeMode::kOnce, {parameter_column("a")});
  ASSERT_FALSE(clicks.where("cs_uri_stem == '/click'"));
  ASSERT_FALSE(clicks.route("a == '1'"));
  RulesBuilder rest(SegmentKind::kAccess, DecodeMode::kOnce, {parameter_column("a")});
  rest.exclude(clicks.claims());
  const std::string text =
      query_line("a=1", "/click") + query_line("a=2", "/click") + query_line("a=1");
  const TableSpec rest_table = finish(rest, "rest");
  decode({finish(clicks, "clicks"), rest_table}, text);
  EXPECT_EQ(column(0, "a"), "1|2");
  EXPECT_EQ(column(1, "a"), "2|1");
  // A sink that has only the later table has no more of them.
  decode({rest_table}, text);
  EXPECT_EQ(column(0, "a"), "2|1");
  EXPECT_EQ(counts_.filtered, 1U);

  RulesBuilder alone(SegmentKind::kAccess, DecodeMode::kOnce, {parameter_column("a")});
  ASSERT_FALSE(alone.where("cs_uri_stem == '/click'"));
  alone.be_exclusive();
  RulesBuilder other(SegmentKind::kAccess, DecodeMode::kOnce, {parameter_column("a")});
  other.exclude(alone.claims());
  decode({finish(alone, "clicks"), finish(other, "rest")}, text);
  EXPECT_EQ(column(1, "a"), "1");
}

TEST_F(RulesTest, VerbsInTheirOrder) {
  RulesBuilder rules(SegmentKind::kAccess, DecodeMode::kOnce, standard_columns({}));
  EXPECT_FALSE(rules.filter("param.keep == 'yes' and sc_status == 200"));
  EXPECT_FALSE(rules.rename("c_ip", "network"));
  EXPECT_EQ(rules.mask_address("netwrk", 24, 48).value(),
            "the table has no column 'netwrk' here; did you mean 'network'?");
  EXPECT_FALSE(rules.mask_address("network", 16, 32));
  EXPECT_FALSE(rules.mask_text("cs_user_agent", 3, 1));
  EXPECT_FALSE(rules.hash("cs_referer", "0123456789abcdef"));
  EXPECT_FALSE(rules.drop("sc_status"));
  const TableSpec table = finish(rules, "t");
  EXPECT_EQ(table.columns.size(), standard_columns({}).size() - 1);
  decode({table}, query_line("keep=yes") + query_line("keep=no") +
                      access_line({{Field::kUriQuery, "keep=yes"},
                                   {Field::kClientIp, "2001:db8:1:2::3"},
                                   {Field::kReferer, "-"},
                                   {Field::kUserAgent, "ab"}}));
  EXPECT_EQ(column(0, "network"), "192.0.0.0|2001:db8::");
  EXPECT_EQ(column(0, "cs_user_agent"), "Moz*************)|**");
  // HMAC-SHA-256 of "https://example.com/page", by another implementation.
  EXPECT_EQ(column(0, "cs_referer"), "abbde7a2338bfc2418c22c926fbb78cf|NULL");
  EXPECT_EQ(column(0, "sc_status"), "no such column");
  EXPECT_EQ(counts_.filtered, 1U);
  EXPECT_EQ(counts_.delivered, 2U);
}

TEST_F(RulesTest, SamplesAreTheSameRowsEverywhereAndAboutAsMany) {
  RulesBuilder rules(SegmentKind::kAccess, DecodeMode::kOnce, {parameter_column("a")});
  ASSERT_FALSE(rules.sample("param.a", 0.25));
  const TableSpec table = finish(rules, "t");
  std::string text;
  for (int i = 0; i < 4000; ++i) text += query_line(fmt::format("a={}", i));
  decode({table}, text);
  const std::string first = column(0, "a");
  EXPECT_NEAR(static_cast<double>(counts_.delivered), 1000.0, 120.0);
  EXPECT_EQ(counts_.delivered + counts_.filtered, 4000U);
  decode({table}, text);
  EXPECT_EQ(column(0, "a"), first);
}

TEST_F(RulesTest, EventsFlatAndByPath) {
  std::vector<ColumnSpec> columns = events_table().columns;
  ColumnSpec city;
  city.name = "city";
  city.source = ColumnSource::kMember;
  city.member = EventMember::kRecord;
  city.has_path = true;
  city.path = {{"geo", 0, false}, {"cityName", 0, false}};
  columns.push_back(city);
  RulesBuilder rules(SegmentKind::kEvents, DecodeMode::kOnce, columns);
  ASSERT_FALSE(rules.where("json.kind == 'view' and fault is null"));
  ASSERT_FALSE(rules.flatten("record"));
  const TableSpec table = finish(rules, "views", SegmentKind::kEvents);
  decode({table},
         event_line(R"({"kind":"view","userId":12345678901234567890,"geo":{"cityName":"B\u00e9",)"
                    R"("latLng":[1,2]},"HTTPStatus":1e400,"none":{},"user_id":3})") +
             event_line(R"({"kind":"click"})") + event_line("7") +
             event_line(R"({"kind":"view"})", ",\"fault\":\"empty\"") + "{\"id\":\"torn\n" +
             event_line("{\"a\":\"\xFF\"}"),
         kEvents);
  EXPECT_EQ(counts_.lines, 6U);
  EXPECT_EQ(counts_.delivered, 1U);
  EXPECT_EQ(counts_.filtered, 3U);
  EXPECT_EQ(counts_.dead_lettered, 2U);
  EXPECT_EQ(column(0, "record"),
            R"({"kind":"view","user_id":12345678901234567890,"geo_city_name":"B\u00e9",)"
            R"("geo_lat_lng":[1,2],"http_status":1e400,"none":{}})");
  EXPECT_EQ(column(0, "city"), "B\xC3\xA9");
  EXPECT_EQ(column(0, "event_time"), "1795200720000000");
  EXPECT_EQ(counts_.oldest_request_us, 1795200720000000);
  ASSERT_EQ(dead_.size(), 2U);
  EXPECT_EQ(dead_[0].reason, "event: does not begin with id, n, seq and time");
  EXPECT_EQ(dead_[1].reason, "event: not one JSON object in UTF-8");
}

// Each of its keys would repeat the long one above it.
TEST_F(RulesTest, WhatIsBuiltToGrowIsNotFlattened) {
  RulesBuilder rules(SegmentKind::kEvents, DecodeMode::kOnce, events_table().columns);
  ASSERT_FALSE(rules.flatten("record"));
  std::string record = "{\"" + std::string(10'000, 'k') + "\":{\"a\":1";
  for (int i = 0; i < 500; ++i) record += fmt::format(",\"b{}\":1", i);
  record += "},\"aB\":2}";
  decode({finish(rules, "t", SegmentKind::kEvents)}, event_line(record) + event_line(R"({"aB":2})"),
         kEvents);
  EXPECT_EQ(column(0, "record"), record + R"(|{"a_b":2})");
}

TEST_F(RulesTest, LineageIsNotChanged) {
  RulesBuilder rules(SegmentKind::kAccess, DecodeMode::kOnce, standard_columns({}));
  EXPECT_TRUE(rules.drop("_segment"));
  EXPECT_TRUE(rules.hash("_offset", "0123456789abcdef"));
  EXPECT_TRUE(rules.mask_text("_segment", 1, 1));
  EXPECT_TRUE(rules.hash("request_time", "0123456789abcdef"));
  EXPECT_TRUE(rules.flatten("c_ip"));
  EXPECT_TRUE(rules.rename("c_ip", "c_port"));
  EXPECT_TRUE(rules.rename("c_ip", "C"));
  EXPECT_TRUE(rules.sample("time_taken", 0.5));
}

// Without anything to do there are no rules: the fast path.
TEST_F(RulesTest, NothingToDoIsNoRules) {
  RulesBuilder rules(SegmentKind::kAccess, DecodeMode::kOnce, standard_columns({}));
  EXPECT_FALSE(rules.rename("c_ip", "client"));
  EXPECT_EQ(finish(rules, "t").rules, nullptr);
}

TEST_F(RulesTest, FingerprintChangesWithWhatTheRowsWouldBe) {
  std::set<std::string> seen;
  const auto note = [&seen](const std::function<void(RulesBuilder&)>& change, DecodeMode mode) {
    RulesBuilder rules(SegmentKind::kAccess, mode, standard_columns({parameter_column("a")}));
    change(rules);
    seen.insert(rows_fingerprint({finish(rules, "t")}));
  };
  const auto nothing = [](RulesBuilder&) {};
  note(nothing, DecodeMode::kOnce);
  note(nothing, DecodeMode::kOnce);
  EXPECT_EQ(seen.size(), 1U);
  const std::vector<std::function<void(RulesBuilder&)>> changes = {
      [](RulesBuilder& rules) { (void)rules.where("sc_status == 200"); },
      [](RulesBuilder& rules) { (void)rules.where("sc_status == 201"); },
      [](RulesBuilder& rules) { (void)rules.filter("sc_status == 200"); },
      [](RulesBuilder& rules) { (void)rules.hash("c_ip", "0123456789abcdef"); },
      [](RulesBuilder& rules) { (void)rules.hash("c_ip", "0123456789abcdeg"); },
      [](RulesBuilder& rules) { (void)rules.mask_address("c_ip", 24, 48); },
      [](RulesBuilder& rules) { (void)rules.mask_text("c_ip", 24, 48); },
      [](RulesBuilder& rules) { (void)rules.sample("param.a", 0.5); },
      [](RulesBuilder& rules) { (void)rules.rename("c_ip", "ip"); },
      [](RulesBuilder& rules) { (void)rules.drop("c_ip"); }};
  for (const auto& change : changes) note(change, DecodeMode::kOnce);
  EXPECT_EQ(seen.size(), 1 + changes.size());
}

TEST(SnakeCase, WordsBeginAtCapitals) {
  EXPECT_EQ(snake_case("sessionId"), "session_id");
  EXPECT_EQ(snake_case("HTTPStatus"), "http_status");
  EXPECT_EQ(snake_case("URL"), "url");
  EXPECT_EQ(snake_case("utm2Source"), "utm2_source");
  EXPECT_EQ(snake_case("already_snake"), "already_snake");
  EXPECT_EQ(snake_case("odd key-name.x"), "odd_key_name_x");
  EXPECT_EQ(snake_case(""), "");
}

}  // namespace
}  // namespace pixel::shipper
