// SPDX-License-Identifier: Apache-2.0
#include "shipper/sinks/clickhouse/clickhouse_schema.h"

#include <gtest/gtest.h>

#include "shipper/sinks/clickhouse/clickhouse_presence.h"
#include "tests/unit/shipper/sinks/batch_maker.h"

namespace pixel::shipper {
namespace {

ClickhouseServer new_server() {
  ClickhouseServer server;
  server.version = "24.8.1";
  server.settings = {"insert_deduplication_token", "insert_deduplicate", "async_insert"};
  server.merge_tree = {{"non_replicated_deduplication_window", 0},
                       {"replicated_deduplication_window", 100}};
  server.types = {"DateTime64", "IPv6"};
  return server;
}

ClickhouseServer old_server() {
  ClickhouseServer server;
  server.version = "18.16.1";
  server.settings = {"insert_deduplicate"};
  server.merge_tree = {{"replicated_deduplication_window", 100}};
  return server;
}

TEST(ClickhouseSchema, TypesOfColumns) {
  const std::pair<const char*, WireColumn> cases[] = {
      {"String", {WireType::kString, false, 0}},
      {"Nullable(String)", {WireType::kString, true, 0}},
      {"LowCardinality(String)", {WireType::kString, false, 0}},
      {"LowCardinality(Nullable(String))", {WireType::kString, true, 0}},
      {"DateTime", {WireType::kDateTime, false, 0}},
      {"DateTime('UTC')", {WireType::kDateTime, false, 0}},
      {"Nullable(DateTime('UTC'))", {WireType::kDateTime, true, 0}},
      {"DateTime64(6, 'UTC')", {WireType::kDateTime64, false, 6}},
      {"Nullable(DateTime64(3))", {WireType::kDateTime64, true, 3}},
      {"Bool", {WireType::kUInt8, false, 0}},
      {"UInt16", {WireType::kUInt16, false, 0}},
      {"Nullable(UUID)", {WireType::kUuid, true, 0}},
      {"IPv6", {WireType::kIpv6, false, 0}}};
  for (const auto& [text, wire] : cases) {
    const auto parsed = parse_clickhouse_type(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(*parsed, wire) << text;
  }
  for (const char* unknown : {"Enum8('a' = 1)", "Array(String)", "DateTime64(x)", "Decimal(9, 2)",
                              "Nullable(", "", "DateTime64(12)"}) {
    EXPECT_FALSE(parse_clickhouse_type(unknown).has_value()) << unknown;
  }
}

ClickhouseTable table_of(std::string engine, std::string full) {
  return {std::move(engine), std::move(full), {}};
}

TEST(ClickhouseSchema, WindowOfDeduplication) {
  const auto server = new_server();
  EXPECT_EQ(deduplication_window(server, table_of("MergeTree", "MergeTree ORDER BY a")), 0U);
  EXPECT_EQ(
      deduplication_window(server, table_of("MergeTree",
                                            "MergeTree ORDER BY a SETTINGS index_granularity = "
                                            "8192, non_replicated_deduplication_window = 1000")),
      1000U);
  EXPECT_EQ(deduplication_window(server, table_of("ReplicatedMergeTree",
                                                  "ReplicatedMergeTree('/a', 'b') ORDER BY a")),
            100U);
  EXPECT_EQ(
      deduplication_window(server, table_of("ReplicatedMergeTree",
                                            "ReplicatedMergeTree('/a', 'b') ORDER BY a SETTINGS "
                                            "non_replicated_deduplication_window = 7")),
      100U);
  EXPECT_EQ(
      deduplication_window(server, table_of("ReplicatedMergeTree",
                                            "ReplicatedMergeTree('/a', 'b') ORDER BY a SETTINGS "
                                            "replicated_deduplication_window = 0")),
      0U);
  EXPECT_EQ(deduplication_window(server, table_of("Log", "Log")), 0U);
  // Where there is no token, the window of Replicated tables knows equal blocks, not ours.
  EXPECT_EQ(deduplication_window(old_server(),
                                 table_of("ReplicatedMergeTree", "ReplicatedMergeTree(...)")),
            0U);
}

TEST(ClickhouseSchema, TableOnANewServer) {
  ClickhouseOptions options;
  options.database = "pixel";
  const TableSpec spec = testing::table_of(testing::test_columns());
  EXPECT_EQ(create_table_statement(spec, options, new_server()),
            "CREATE TABLE IF NOT EXISTS `pixel`.`requests` (`request_time` DateTime64(6, 'UTC'), "
            "`path` Nullable(String), `status` Nullable(Int64), `ratio` Nullable(Float64), `ok` "
            "Nullable(UInt8), `_segment` LowCardinality(String), `_offset` Int64) ENGINE = "
            "MergeTree() PARTITION BY toYYYYMM(`request_time`) ORDER BY (`request_time`, "
            "`_segment`, `_offset`) SETTINGS non_replicated_deduplication_window = 1000");
}

TEST(ClickhouseSchema, TableOnAnOldServer) {
  ClickhouseOptions options;
  options.partition_by = "";
  const TableSpec spec = testing::table_of(testing::test_columns());
  const std::string statement = create_table_statement(spec, options, old_server());
  EXPECT_NE(statement.find("`request_time` DateTime('UTC')"), std::string::npos) << statement;
  EXPECT_NE(statement.find("`_segment` String"), std::string::npos) << statement;
  EXPECT_EQ(statement.find("SETTINGS"), std::string::npos) << statement;
  EXPECT_EQ(statement.find("PARTITION"), std::string::npos) << statement;
}

TEST(ClickhouseSchema, ReplicatedEngineKeepsItsArgumentsAndItsOwnWindow) {
  ClickhouseOptions options;
  options.engine = "ReplicatedMergeTree('/t', '{replica}')";
  const auto statement =
      create_table_statement(testing::table_of(testing::test_columns()), options, new_server());
  EXPECT_NE(statement.find("ENGINE = ReplicatedMergeTree('/t', '{replica}') PARTITION"),
            std::string::npos)
      << statement;
  EXPECT_EQ(statement.find("SETTINGS"), std::string::npos);
}

TEST(ClickhouseSchema, ColumnsThatAreMissingOrOfAnotherTypeAreNamed) {
  const TableSpec spec = testing::table_of({testing::make_column("n", ColumnType::kInteger),
                                            testing::make_column("t", ColumnType::kVarchar)});
  ClickhouseTable table;
  table.columns = {{"n", "UInt16"}};
  const auto missing = match_columns(spec, table, true);
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("no column t"), std::string::npos);
  table.columns["t"] = "Enum8('a' = 1)";
  const auto other = match_columns(spec, table, true);
  ASSERT_FALSE(other.ok());
  EXPECT_NE(other.error().message.find("format = \"tsv\""), std::string::npos);
  EXPECT_TRUE(match_columns(spec, table, false).ok());
}

TEST(ClickhouseSchema, QuotesNamesAndTexts) {
  EXPECT_EQ(quote_name("a`b"), "`a\\`b`");
  EXPECT_EQ(quote_text("a'b\\c"), "'a\\'b\\\\c'");
}

TEST(ClickhousePresence, ConditionNamesTimesAndEveryRange) {
  testing::BatchMaker maker(0);
  testing::TestRow row;
  row.time_us = 5'900'000;
  maker.add(row);
  row.time_us = 7'000'000;
  maker.add(row);
  Batch& batch = maker.batch();
  logfmt::SegmentId later = testing::kSegment;
  later.index += 1;
  batch.ranges = {{testing::kSegment, 10, 20, 1}, {later, 0, 5, 1}};
  const TableSpec spec = testing::table_of(testing::test_columns());
  EXPECT_EQ(presence_condition(spec, batch.tables[0], batch),
            "`request_time` >= toDateTime(5) AND `request_time` <= toDateTime(8) AND ((`_segment` "
            "= '" +
                to_text(testing::kSegment) +
                "' AND `_offset` >= 10 AND `_offset` < 20) OR "
                "(`_segment` = '" +
                to_text(later) + "' AND `_offset` >= 0 AND `_offset` < 5))");
  EXPECT_TRUE(can_check_presence(spec));
  EXPECT_FALSE(can_check_presence(testing::table_of({})));
}

}  // namespace
}  // namespace pixel::shipper
