// SPDX-License-Identifier: Apache-2.0
#include "shipper/sinks/http/slack_message.h"

#include <gtest/gtest.h>

#include "tests/unit/shipper/sinks/batch_maker.h"

namespace pixel::shipper {
namespace {

constexpr std::int64_t kNow = 1'795'200'720;  // 2026-11-20T18:52:00Z.
const std::vector<TableSpec> kTables = {testing::table_of(testing::test_columns())};

SlackCounts counts_of(const std::vector<std::pair<std::int64_t, int>>& statuses) {
  testing::BatchMaker maker(0);
  for (const auto& [status, count] : statuses) {
    for (int i = 0; i < count; ++i) {
      testing::TestRow row;
      row.status = status;
      maker.add(row);
    }
  }
  SlackCounts counts;
  counts.add(maker.batch(), kTables, find_columns(kTables, "status"), kNow);
  return counts;
}

TEST(SlackMessage, CountsByTableAndValue) {
  const SlackCounts counts = counts_of({{200, 3}, {404, 5}});
  EXPECT_EQ(counts.since_s, kNow);
  EXPECT_EQ(slack_text("{sink} {rows} {seconds} {from} {to} [{tables}] [{values}] {dead_letters}",
                       "alerts", counts, kNow + 60),
            "alerts 8 60 2026-11-20T18:52:00Z 2026-11-20T18:53:00Z [requests 8] [404 5, 200 3] 0");
}

TEST(SlackMessage, NothingCountedIsNothingToSay) {
  SlackCounts counts;
  testing::BatchMaker maker(0);
  maker.rows();
  counts.add(maker.batch(), kTables, find_columns(kTables, "status"), kNow);
  EXPECT_EQ(counts, SlackCounts{});
}

TEST(SlackMessage, ShowsTheMostFrequentAndSumsUpTheRest) {
  std::vector<std::pair<std::int64_t, int>> statuses;
  for (int i = 0; i < 12; ++i) statuses.emplace_back(100 + i, 12 - i);
  const std::string text = slack_text("{values}", "", counts_of(statuses), kNow);
  EXPECT_TRUE(text.starts_with("100 12, 101 11, ")) << text;
  EXPECT_TRUE(text.ends_with(", other 3")) << text;
}

TEST(SlackMessage, KeepsFewValuesHoweverManyThereAre) {
  std::vector<std::pair<std::int64_t, int>> statuses;
  for (int i = 0; i < 500; ++i) statuses.emplace_back(i, 1);
  const SlackCounts counts = counts_of(statuses);
  EXPECT_EQ(counts.values.size(), 101U);
  EXPECT_EQ(counts.values.at("other"), 400U);
}

TEST(SlackMessage, RowsCannotMentionAnybody) {
  testing::BatchMaker maker(0);
  testing::TestRow row;
  row.path = "<!channel> & <https://evil.example|x>";
  maker.add(row);
  SlackCounts counts;
  counts.add(maker.batch(), kTables, find_columns(kTables, "path"), kNow);
  EXPECT_EQ(slack_text("{values}", "", counts, kNow),
            "&lt;!channel&gt; &amp; &lt;https://evil.example|x&gt; 1");
}

TEST(SlackMessage, CountsOutliveARestart) {
  const SlackCounts counts = counts_of({{200, 3}, {404, 5}});
  const std::string text = to_text(counts);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(parse_slack_counts(text), counts);
  EXPECT_EQ(parse_slack_counts("requests=1:0"), std::nullopt);
  EXPECT_EQ(parse_slack_counts("{}"), std::nullopt);
}

TEST(SlackMessage, NamesAPlaceholderThatStandsForNothing) {
  EXPECT_EQ(unknown_placeholder("{rows} of {sink}: no } and {"), "");
  EXPECT_EQ(unknown_placeholder("{rows} {row}"), "{row}");
}

TEST(SlackMessage, ATableWithoutTheColumnIsCountedAsAWhole) {
  const auto columns = find_columns(kTables, "country");
  ASSERT_EQ(columns.size(), 1U);
  EXPECT_EQ(columns[0], kTables[0].columns.size());
}

}  // namespace
}  // namespace pixel::shipper
