// SPDX-License-Identifier: Apache-2.0
#include "shipper/sinks/s3/s3_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "logfmt/format.h"
#include "shipper/sinks/s3/s3_holdings.h"
#include "shipper/sinks/s3/s3_verdict.h"
#include "tests/unit/shipper/sinks/batch_maker.h"
#include "tests/unit/shipper/sinks/s3/line_batch.h"

namespace pixel::shipper::s3 {
namespace {

using shipper::testing::BatchMaker;
using shipper::testing::kHourUs;
using shipper::testing::kNoonUs;
using shipper::testing::kSegment;
using shipper::testing::line_at;
using shipper::testing::LineBatch;
using shipper::testing::TestRow;
using ::testing::HasSubstr;

S3SinkSettings lines_settings() {
  S3SinkSettings settings;
  settings.prefix = "logs/pixel";
  settings.distribution = "EDGE";
  return settings;
}

S3SinkSettings rows_settings() {
  S3SinkSettings settings = lines_settings();
  settings.format = S3Format::kJsonl;
  return settings;
}

TEST(S3ObjectsTest, LinesOfOneHourBecomeOneObjectWithItsHeaders) {
  LineBatch batch;
  const std::string text = line_at("2026-11-20\t18", 1) + line_at("2026-11-20\t18", 2);
  batch.add(kSegment, 100, "#Version: 1.0\n#----\n\n" + text);
  const auto objects = plan_objects(batch.finish(), lines_settings(), {});
  ASSERT_EQ(objects.size(), 1U);
  EXPECT_EQ(objects[0].key, "logs/pixel/EDGE.2026-11-20-18." + batch.finish().token() + ".gz");
  EXPECT_EQ(objects[0].stem, "logs/pixel/EDGE.2026-11-20-18.");
  EXPECT_EQ(objects[0].text.joined(), std::string(logfmt::kAccessHeader) + text);
  EXPECT_EQ(objects[0].lines, 2U);
  const std::uint64_t from = 100 + 21;
  EXPECT_EQ(objects[0].ranges, (std::vector<Range>{{kSegment, from, from + text.size(), 2}}));
}

TEST(S3ObjectsTest, ChunksOfOneHourBecomeWhatTheirLinesWould) {
  const auto plan = [](bool is_one_hour, const Wanted& wanted) {
    LineBatch batch;
    std::uint64_t offset = 7;
    for (const char* hour :
         {"2026-11-20\t18", "2026-11-20\t18", "2026-11-20\t19", "no hour here"}) {
      const std::string text = line_at(hour, 1) + line_at(hour, 2);
      batch.add(kSegment, offset, text, is_one_hour);
      offset += text.size();
    }
    std::string found;
    for (const PlannedObject& object : plan_objects(batch.finish(), lines_settings(), {}, wanted)) {
      found += fmt::format("{} {} {}\n{}\n", object.key, object.lines, ranges_text(object.ranges),
                           object.text.joined());
    }
    return found;
  };
  EXPECT_EQ(plan(true, nullptr), plan(false, nullptr));
  const Wanted few = [](const std::string&, const logfmt::SegmentId&, std::uint64_t offset) {
    return offset > 7;
  };
  EXPECT_EQ(plan(true, few), plan(false, few));
  EXPECT_NE(plan(true, few), plan(true, nullptr));
}

TEST(S3ObjectsTest, HoursAndKindsAreApartAndNoLineIsLeftOut) {
  LineBatch batch;
  logfmt::SegmentId events = kSegment;
  events.lane.kind = logfmt::SegmentKind::kEvents;
  const std::string a = line_at("2026-11-20\t18", 1);
  const std::string b = line_at("2026-11-20\t19", 2);
  const std::string odd = "no line of ours\n";
  const std::string event =
      "{\"id\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"n\":0,\"seq\":12,\"time\":\"2026-11-20T18:52:00Z\"}\n";
  batch.add(kSegment, 0, a + b + a + odd + b);
  batch.add(events, 0, event);
  const auto objects = plan_objects(batch.finish(), lines_settings(), {});
  ASSERT_EQ(objects.size(), 4U);
  const std::string header(logfmt::kAccessHeader);
  EXPECT_THAT(objects[0].key, HasSubstr("/EDGE.1970-01-01-00."));
  EXPECT_EQ(objects[0].text.joined(), header + odd);
  EXPECT_THAT(objects[1].key, HasSubstr("/EDGE.2026-11-20-18."));
  EXPECT_EQ(objects[1].text.joined(), header + a + a);
  EXPECT_EQ(objects[2].text.joined(), header + b + b);
  EXPECT_THAT(objects[3].key, HasSubstr("logs/pixel/events/EDGE.2026-11-20-18."));
  EXPECT_EQ(objects[3].text.joined(), event);
  const std::uint64_t size = a.size();
  EXPECT_EQ(objects[1].ranges, (std::vector<Range>{{kSegment, 0, 3 * size, 2}}));
}

TEST(S3ObjectsTest, ManySegmentsBecomeSeveralObjects) {
  LineBatch batch;
  std::size_t lines = 0;
  for (std::uint32_t i = 0; i < 2 * kRangesMax + 1; ++i) {
    logfmt::SegmentId segment = kSegment;
    segment.index = i;
    batch.add(segment, 4'000'000'000, line_at("2026-11-20\t18", i));
    ++lines;
  }
  const auto objects = plan_objects(batch.finish(), lines_settings(), {});
  ASSERT_EQ(objects.size(), 3U);
  std::set<std::string> keys;
  for (const PlannedObject& object : objects) {
    keys.insert(object.key);
    lines -= object.lines;
    EXPECT_LT(ranges_text(object.ranges).size(), 1'700U);
    EXPECT_EQ(stem_of_key(object.key, lines_settings()), object.stem);
    EXPECT_EQ(object.text.joined().substr(0, 9), "#Version:");
  }
  EXPECT_EQ(keys.size(), 3U);
  EXPECT_THAT(objects[2].key, HasSubstr("-2.gz"));
  EXPECT_EQ(lines, 0U);
}

TEST(S3ObjectsTest, SegmentsThatTakeTurnsHaveOneRunEach) {
  LineBatch batch;
  logfmt::SegmentId other = kSegment;
  other.lane.worker = 9;
  const std::string line = line_at("2026-11-20\t18", 1);
  for (std::uint64_t i = 0; i < 100; ++i) {
    batch.add(kSegment, i * line.size(), line);
    batch.add(other, i * line.size(), line);
  }
  const auto objects = plan_objects(batch.finish(), lines_settings(), {});
  ASSERT_EQ(objects.size(), 1U);
  EXPECT_EQ(objects[0].ranges, (std::vector<Range>{{kSegment, 0, 100 * line.size(), 100},
                                                   {other, 0, 100 * line.size(), 100}}));
}

TEST(S3ObjectsTest, RowsLieInFoldersByTableAndHour) {
  BatchMaker maker(10);
  for (std::int64_t n = 10; n < 14; ++n) {
    TestRow row;
    row.offset = n;
    row.status = n;
    if (n == 12) row.time_us = kNoonUs + kHourUs;
    if (n == 13) row.time_us = std::nullopt;
    maker.add(row);
  }
  const std::vector<TableSpec> tables = {
      shipper::testing::table_of(shipper::testing::test_columns())};
  const Batch& batch = maker.finish(4);
  const auto objects = plan_objects(batch, rows_settings(), tables);
  ASSERT_EQ(objects.size(), 3U);
  EXPECT_EQ(objects[0].stem, "logs/pixel/requests/date=1970-01-01/hour=00/");
  EXPECT_EQ(objects[1].key,
            "logs/pixel/requests/date=2026-11-20/hour=18/" + batch.token() + ".jsonl.gz");
  EXPECT_EQ(objects[2].stem, "logs/pixel/requests/date=2026-11-20/hour=19/");
  const std::string text = objects[1].text.joined();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, HasSubstr("\"_offset\":11}"));
  EXPECT_THAT(objects[2].text.joined(), HasSubstr("\"_offset\":12}"));
  EXPECT_EQ(objects[1].ranges, (std::vector<Range>{{kSegment, 10, 12, 2}}));
  EXPECT_EQ(stem_of_key(objects[1].key, rows_settings()), objects[1].stem);
}

TEST(S3ObjectsTest, LinesThatAreThereAreLeftOut) {
  LineBatch batch;
  const std::string line = line_at("2026-11-20\t18", 1);
  batch.add(kSegment, 0, line + line + line + line);
  const std::uint64_t size = line.size();
  const Wanted wanted = [&](const std::string&, const logfmt::SegmentId&, std::uint64_t offset) {
    return offset != size;
  };
  auto objects = plan_objects(batch.finish(), lines_settings(), {}, wanted);
  ASSERT_EQ(objects.size(), 1U);
  EXPECT_EQ(objects[0].ranges,
            (std::vector<Range>{{kSegment, 0, size, 1}, {kSegment, 2 * size, 4 * size, 2}}));
  const std::string key = objects[0].key;
  rename_restored(objects[0]);
  EXPECT_NE(objects[0].key, key);
  EXPECT_EQ(stem_of_key(objects[0].key, lines_settings()), objects[0].stem);
  const auto nothing = [](const std::string&, const logfmt::SegmentId&, std::uint64_t) {
    return false;
  };
  EXPECT_TRUE(plan_objects(batch.finish(), lines_settings(), {}, nothing).empty());
}

TEST(S3ObjectsTest, OnlyOurKeysHaveAStem) {
  const S3SinkSettings lines = lines_settings();
  EXPECT_EQ(stem_of_key("x/E.2026-11-20-18.0123456789abcdef.gz", lines), "x/E.2026-11-20-18.");
  for (const char* bad : {"", "x.gz", "x/E.2026-11-20-18.0123456789ABCDEF.gz",
                          "x/E.2026-11-20-18.0123456789abcde.gz", "0123456789abcdef.gz",
                          "x/E.2026-11-20-18.0123456789abcdef0.gz", "x/a.0123456789abcdef.zip"}) {
    EXPECT_FALSE(stem_of_key(bad, lines)) << bad;
  }
  EXPECT_EQ(stem_of_key("r/0123456789abcdef-3.jsonl.gz", rows_settings()), "r/");
}

TEST(S3ObjectsTest, RangesReadBackAndNothingElseDoes) {
  logfmt::SegmentId other = kSegment;
  other.index = 8;
  const std::vector<Range> ranges = {{kSegment, 0, 5012, 33}, {other, 7, 1ULL << 40, 1}};
  const std::string text = ranges_text(ranges);
  EXPECT_EQ(parse_ranges(text), ranges);
  for (std::size_t length = 0; length + 1 < text.size(); ++length) {
    const auto cut = parse_ranges(text.substr(0, length));
    EXPECT_TRUE(!cut || *cut != ranges) << length;
  }
  EXPECT_FALSE(parse_ranges(text + ","));
  EXPECT_FALSE(parse_ranges(text + " "));
  EXPECT_FALSE(parse_ranges(""));
}

TEST(S3HoldingsTest, OverlapsOfOneHourAreDuplicates) {
  const auto object = [](const char* stem, std::uint64_t from, std::uint64_t to,
                         std::uint64_t lines, bool is_restored = false) {
    return StoredObject{stem, {{kSegment, from, to, lines}}, is_restored};
  };
  std::map<std::string, StoredObject> objects = {{"a1", object("a", 0, 100, 10)},
                                                 {"a2", object("a", 100, 200, 7)},
                                                 {"b1", object("b", 50, 150, 3)}};
  auto holdings = sum_up(objects);
  ASSERT_EQ(holdings.size(), 1U);
  EXPECT_EQ(holdings[0].rows, 20U);
  EXPECT_EQ(holdings[0].distinct_rows, 20U);
  objects["a4"] = object("a", 20, 30, 1, true);
  EXPECT_EQ(sum_up(objects)[0].distinct_rows, 21U);
  objects["a3"] = object("a", 150, 250, 5);
  EXPECT_EQ(sum_up(objects)[0].rows, 26U);
  EXPECT_EQ(sum_up(objects)[0].distinct_rows, 21U);
}

TEST(S3VerdictTest, EveryKindOfRefusal) {
  using Kind = StoreError::Kind;
  const auto verdict = [](Kind kind, std::uint64_t after_ns = 0) {
    return verdict_of({kind, "why", after_ns, ""});
  };
  EXPECT_EQ(verdict(Kind::kRetry).kind, Verdict::Kind::kRetry);
  EXPECT_EQ(verdict(Kind::kRetry).retry_after_ns, 0U);
  EXPECT_EQ(verdict(Kind::kExpired).kind, Verdict::Kind::kRetry);
  EXPECT_EQ(verdict(Kind::kOverload).retry_after_ns, kOverloadPauseNs);
  EXPECT_EQ(verdict(Kind::kOverload, 9 * base::kSecondNs).retry_after_ns, 9 * base::kSecondNs);
  EXPECT_EQ(verdict(Kind::kRefused).kind, Verdict::Kind::kRejected);
  EXPECT_EQ(verdict(Kind::kMissing).kind, Verdict::Kind::kRejected);
  EXPECT_EQ(verdict(Kind::kRefused).reason, "why");
}

TEST(S3ConfigTest, KeysAndTheirErrors) {
  const auto read = [](const char* text, S3SinkSettings& settings) {
    const auto reader = base::ConfigReader::from_text(text, "t");
    auto root = reader->root();
    read_s3_sink_config(root, settings);
    root.finish();
    return reader->errors();
  };
  S3SinkSettings good;
  EXPECT_TRUE(
      read("path = \"s3://my-logs/a/b/\"\nformat = \"jsonl\"\ngzip = false\n", good).empty());
  EXPECT_EQ(good.store.bucket, "my-logs");
  EXPECT_EQ(good.prefix, "a/b");
  EXPECT_EQ(good.format, S3Format::kJsonl);
  EXPECT_FALSE(good.gzip);
  S3SinkSettings bad;
  const auto errors =
      read("format = \"csv\"\ndistribution = \"a.b\"\ngzip = false\nconcurrency = 0", bad);
  EXPECT_EQ(errors.size(), 5U) << ::testing::PrintToString(errors);
}

}  // namespace
}  // namespace pixel::shipper::s3
