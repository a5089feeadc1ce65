// SPDX-License-Identifier: Apache-2.0
#include "tools/pixel_log/holdings.h"

#include <gtest/gtest.h>

namespace pixel::logs {
namespace {

constexpr std::string_view kGood = R"({"sinks":[
  {"name":"duckdb","checkpoint":{"lanes":{"A0001673F3C2A003":[7,1234]},"missing":2,"other":1},
   "filtered":3,"dead_lettered":4,
   "holdings":[{"segment":"A0001673F3C2A00300000006","rows":9,"distinct_rows":8}]},
  {"name":"lake","filtered":0,"dead_lettered":0,"holdings":[],
   "foreign":[{"segment":"F0001673F3C2A00300000006","lines":7,"passed":5}],
   "foreign_retired":{"F0001673F3C2A003":[6,40]}}]})";

TEST(Holdings, ReadsWhatTheShipperSays) {
  const auto sinks = parse_holdings(kGood);
  ASSERT_TRUE(sinks.ok()) << sinks.error().message;
  ASSERT_EQ(sinks->size(), 2U);
  const SinkHoldings& first = (*sinks)[0];
  EXPECT_EQ(first.name, "duckdb");
  EXPECT_EQ(first.filtered, 3U);
  EXPECT_EQ(first.dead_lettered, 4U);
  EXPECT_EQ(first.missing, 2U);
  const auto lane = logfmt::parse_lane("A0001673F3C2A003");
  EXPECT_EQ(first.lanes->at(*lane).index, 7U);
  EXPECT_EQ(first.lanes->at(*lane).offset, 1234U);
  const auto segment = logfmt::parse_segment("A0001673F3C2A00300000006");
  EXPECT_EQ(first.segments.at(*segment).rows, 9U);
  EXPECT_EQ(first.segments.at(*segment).distinct_rows, 8U);
  EXPECT_FALSE((*sinks)[1].lanes.has_value());
  const auto foreign = logfmt::parse_segment("F0001673F3C2A00300000006");
  EXPECT_EQ((*sinks)[1].foreign.at(*foreign).lines, 7U);
  EXPECT_EQ((*sinks)[1].foreign.at(*foreign).passed, 5U);
  EXPECT_EQ((*sinks)[1].foreign_retired.at(foreign->lane).next_index, 6U);
  EXPECT_EQ((*sinks)[1].foreign_retired.at(foreign->lane).lines, 40U);
}

TEST(Holdings, TakesTheShortFormAndASinkThatCannotSay) {
  const auto sinks = parse_holdings(
      R"({"sinks":[{"name":"a","rows":9,"distinct":8,"segments":[
            {"segment":"A0001673F3C2A00300000006","rows":9,"distinct":8}]},
          {"name":"b","error":"locked"}]})");
  ASSERT_TRUE(sinks.ok()) << sinks.error().message;
  EXPECT_EQ((*sinks)[0].segments.begin()->second.distinct_rows, 8U);
  EXPECT_EQ((*sinks)[1].error, "locked");
}

TEST(Holdings, RefusesWhatItCannotTrust) {
  const std::string good(kGood);
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return parse_holdings(text).ok();
  };
  EXPECT_TRUE(with("\"rows\":9", "\"rows\":10"));
  EXPECT_FALSE(with("\"rows\":9", "\"rows\":-9"));
  EXPECT_FALSE(with("\"rows\":9", "\"rowz\":9"));
  EXPECT_FALSE(with("A0001673F3C2A00300000006", "A0001"));
  EXPECT_FALSE(with("A0001673F3C2A003\"", "B0001673F3C2A003\""));
  EXPECT_FALSE(with("[7,1234]", "[7]"));
  EXPECT_FALSE(with("\"passed\":5", "\"passed\":-5"));
  EXPECT_FALSE(with("[6,40]", "[6]"));
  EXPECT_FALSE(with("foreign_retired", "foreign_other"));
  EXPECT_FALSE(with("\"filtered\":3,", "\"filtered\":-3,"));
  EXPECT_FALSE(with("\"missing\":2", "\"missing\":\"2\""));
  EXPECT_FALSE(with("\"holdings\":[]", "\"holding\":[]"));
  EXPECT_FALSE(with("\"duckdb\"", "1"));
  EXPECT_FALSE(parse_holdings("").ok());
  EXPECT_FALSE(parse_holdings("[]").ok());
  EXPECT_FALSE(parse_holdings("{}").ok());
  EXPECT_FALSE(parse_holdings("{\"sinks\":[1]}").ok());
}

}  // namespace
}  // namespace pixel::logs
