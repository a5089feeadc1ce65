// SPDX-License-Identifier: Apache-2.0
// What the files of a file sink hold: a series for each table, CSV, and the log's lines as they
// are.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "logfmt/format.h"
#include "shipper/batch/batcher.h"
#include "shipper/decode/columns.h"
#include "shipper/encode/gzip_member.h"
#include "shipper/sinks/file/file_output.h"
#include "shipper/sinks/file/file_sink.h"
#include "tests/unit/shipper/sinks/batch_maker.h"
#include "tests/unit/shipper/support/lines.h"

namespace pixel::shipper {
namespace {

constexpr logfmt::SegmentId kAccess{{logfmt::SegmentKind::kAccess, 1, 2, 3}, 0};
constexpr logfmt::SegmentId kEvents{{logfmt::SegmentKind::kEvents, 1, 2, 3}, 0};

class FileFormatsTest : public ::testing::Test {
 protected:
  FileSinkOptions options(FileFormat format) const {
    FileSinkOptions options;
    options.name = "lines";
    options.path = directory_.path() / "out";
    options.state_directory = directory_.path() / "state";
    options.tables = {requests_table({})};
    options.format = format;
    return options;
  }
  std::string content(const std::string& name) const {
    return base::read_file(directory_.path() / "out" / name).value();
  }
  testing::TemporaryDirectory directory_;
};

// Two tables of the same columns; `counts` rows in each, numbered by their offsets from `first`.
class TwoTables {
 public:
  TwoTables(std::int64_t first, std::size_t in_a, std::size_t in_b) : a_(0), b_(0) {
    for (std::size_t i = 0; i < in_a; ++i) add(a_, first + static_cast<std::int64_t>(i));
    for (std::size_t i = 0; i < in_b; ++i) add(b_, first + static_cast<std::int64_t>(i));
    batch_.tables.push_back(std::move(a_.rows()));
    batch_.tables.push_back(std::move(b_.rows()));
    for (RowBlock& rows : batch_.tables) rows.columns.resize(7);
    batch_.after.rows = static_cast<std::uint64_t>(first) + in_a + in_b;
    batch_.after.lanes[testing::kSegment.lane] = {1, static_cast<std::uint64_t>(first) + in_a};
  }
  const Batch& batch() const { return batch_; }
  static std::vector<TableSpec> specs() {
    auto a = testing::table_of(testing::test_columns());
    auto b = a;
    a.name = "a";
    b.name = "b";
    return {a, b};
  }

 private:
  static void add(testing::BatchMaker& maker, std::int64_t offset) {
    testing::TestRow row;
    row.offset = offset;
    maker.add(row);
  }
  testing::BatchMaker a_;
  testing::BatchMaker b_;
  Batch batch_;
};

TEST_F(FileFormatsTest, EachTableHasFilesOfItsOwn) {
  auto full = options(FileFormat::kJsonLines);
  full.tables = TwoTables::specs();
  auto sink = make_file_sink(full);
  ASSERT_TRUE(sink->open().ok());
  const TwoTables first(0, 2, 1);
  ASSERT_EQ(sink->deliver(first.batch()).kind, Verdict::Kind::kAcked);
  EXPECT_FALSE(content("a-00000001.jsonl").empty());
  EXPECT_EQ(content("b-00000001.jsonl").find("_table"), std::string::npos);
  sink->close();
  // Both series go on where they ended, and what was half written is cut from either.
  const std::string b = content("b-00000001.jsonl");
  ASSERT_TRUE(
      base::write_file_atomic(directory_.path() / "out" / "b-00000001.jsonl", b + "x").ok());
  auto again = make_file_sink(full);
  const auto checkpoint = again->open();
  ASSERT_TRUE(checkpoint.ok());
  EXPECT_EQ(*checkpoint, first.batch().after);
  const TwoTables second(2, 0, 3);
  ASSERT_EQ(again->deliver(second.batch()).kind, Verdict::Kind::kAcked);
  const auto holdings = again->holdings();
  ASSERT_TRUE(holdings.ok()) << holdings.error().message;
  ASSERT_EQ(holdings->size(), 1U);
  // Offset 0 is in both tables and counts once.
  EXPECT_EQ((*holdings)[0].rows, 5U);
  EXPECT_EQ((*holdings)[0].distinct_rows, 5U);
}

TEST_F(FileFormatsTest, DuplicatesWithinATableAreSeen) {
  auto full = options(FileFormat::kJsonLines);
  full.tables = TwoTables::specs();
  auto sink = make_file_sink(full);
  ASSERT_TRUE(sink->open().ok());
  ASSERT_EQ(sink->deliver(TwoTables(0, 2, 2).batch()).kind, Verdict::Kind::kAcked);
  ASSERT_EQ(sink->deliver(TwoTables(1, 1, 0).batch()).kind, Verdict::Kind::kAcked);
  const auto holdings = sink->holdings();
  ASSERT_TRUE(holdings.ok());
  EXPECT_EQ((*holdings)[0].rows, 3U);
  EXPECT_EQ((*holdings)[0].distinct_rows, 2U);
}

TEST_F(FileFormatsTest, ATableThatIsConfiguredAgainGoesOn) {
  auto full = options(FileFormat::kJsonLines);
  full.tables = TwoTables::specs();
  auto both = make_file_sink(full);
  ASSERT_TRUE(both->open().ok());
  ASSERT_EQ(both->deliver(TwoTables(0, 1, 1).batch()).kind, Verdict::Kind::kAcked);
  both->close();
  auto less = full;
  less.tables.pop_back();
  auto one = make_file_sink(less);
  ASSERT_TRUE(one->open().ok());
  ASSERT_EQ(one->deliver(TwoTables(1, 1, 0).batch()).kind, Verdict::Kind::kAcked);
  one->close();
  auto again = make_file_sink(full);
  ASSERT_TRUE(again->open().ok());
  ASSERT_EQ(again->deliver(TwoTables(2, 1, 1).batch()).kind, Verdict::Kind::kAcked);
  EXPECT_EQ((*again->holdings())[0].distinct_rows, 3U);
  const std::string b = content("b-00000001.jsonl");
  EXPECT_EQ(std::count(b.begin(), b.end(), '\n'), 2);
}

TEST_F(FileFormatsTest, OtherColumnsBeginAnotherCsvFile) {
  auto full = options(FileFormat::kCsv);
  auto sink = make_file_sink(full);
  Checkpoint checkpoint = sink->open().value();
  const auto deliver = [&](const std::vector<TableSpec>& tables, std::uint64_t number) {
    Batcher batcher({tables}, {}, checkpoint);
    batcher.append(kAccess, number * 1000, numbered_line(number), 0);
    const Batch batch = batcher.cut(FlushReason::kDrain);
    EXPECT_EQ(sink->deliver(batch).kind, Verdict::Kind::kAcked);
    checkpoint = batch.after;
    sink->close();
  };
  deliver(full.tables, 0);
  const std::string first = content("requests-00000001.csv");
  full.tables = {requests_table({parameter_column("a")})};
  for (std::uint64_t number = 1; number <= 2; ++number) {
    sink = make_file_sink(full);
    EXPECT_EQ(sink->open().value(), checkpoint);
    deliver(full.tables, number);
  }
  EXPECT_EQ(content("requests-00000001.csv"), first);
  const std::string second = content("requests-00000002.csv");
  EXPECT_EQ(std::count(second.begin(), second.end(), '\n'), 3);
  sink = make_file_sink(full);
  ASSERT_TRUE(sink->open().ok());
  const auto holdings = sink->holdings();
  ASSERT_TRUE(holdings.ok()) << holdings.error().message;
  EXPECT_EQ((*holdings)[0].distinct_rows, 3U);
}

TEST_F(FileFormatsTest, RawLinesOfForeignFilesAreAccessLines) {
  auto sink = make_file_sink(options(FileFormat::kRaw));
  Batcher batcher({{}, true}, {}, sink->open().value());
  batcher.append({{logfmt::SegmentKind::kForeign, 1, 2, 3}, 0}, 0, numbered_line(0), 0);
  ASSERT_EQ(sink->deliver(batcher.cut(FlushReason::kDrain)).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(content("access-00000001.log"), std::string(logfmt::kAccessHeader) + numbered_line(0));
}

// Valid JSON that not every reader takes.
TEST_F(FileFormatsTest, RowsWithAwkwardJsonAreReadBack) {
  auto full = options(FileFormat::kJsonLines);
  ColumnSpec json = parameter_column("j");
  json.type = ColumnType::kJson;
  full.tables = {requests_table({json})};
  auto sink = make_file_sink(full);
  Batcher batcher({full.tables}, {}, sink->open().value());
  std::uint64_t offset = 0;
  for (const char* query : {"j=1e999", "j=%7B%22a%22:%22%5Cud800%22%7D"}) {
    offset += batcher.append(kAccess, offset, access_line({{logfmt::Field::kUriQuery, query}}), 0);
  }
  const Batch batch = batcher.cut(FlushReason::kDrain);
  ASSERT_TRUE(batch.dead_letters.empty());
  ASSERT_EQ(sink->deliver(batch).kind, Verdict::Kind::kAcked);
  const auto holdings = sink->holdings();
  ASSERT_TRUE(holdings.ok()) << holdings.error().message;
  EXPECT_EQ((*holdings)[0].distinct_rows, 2U);
}

TEST_F(FileFormatsTest, CsvHasItsHeaderOnceInEveryFile) {
  for (const bool gzip : {false, true}) {
    auto full = options(FileFormat::kCsv);
    full.tables = {testing::table_of(testing::test_columns())};
    full.gzip = gzip;
    full.max_file_bytes = 1;  // A file for each batch.
    full.path = directory_.path() / (gzip ? "out_gz" : "out");
    full.state_directory = directory_.path() / (gzip ? "state_gz" : "state");
    auto sink = make_file_sink(full);
    ASSERT_TRUE(sink->open().ok());
    ASSERT_EQ(testing::deliver_numbered(*sink, 0, 2).kind, Verdict::Kind::kAcked);
    ASSERT_EQ(testing::deliver_numbered(*sink, 2, 1).kind, Verdict::Kind::kAcked);
    const auto holdings = sink->holdings();
    ASSERT_TRUE(holdings.ok()) << holdings.error().message;
    EXPECT_EQ((*holdings)[0].distinct_rows, 3U);
    auto second =
        base::read_file(full.path / (gzip ? "requests-00000002.csv.gz" : "requests-00000002.csv"))
            .value();
    if (gzip) second = gunzip(second).value();
    EXPECT_EQ(second,
              "request_time,path,status,ratio,ok,_segment,_offset\n"
              "2026-11-20T18:52:00Z,/p.gif,2,0.5,true," +
                  to_text(testing::kSegment) + ",2\n");
  }
}

TEST_F(FileFormatsTest, RawLinesAreTheLogWithItsHeaderOncePerFile) {
  auto sink = make_file_sink(options(FileFormat::kRaw));
  EXPECT_TRUE(sink->traits().takes_lines);
  ASSERT_TRUE(sink->open().ok());
  const std::string header(logfmt::kAccessHeader);
  const std::string lines = numbered_line(1) + "# a hole\n" + numbered_line(2);
  Batcher batcher({{}, true}, {}, {});
  batcher.append(kAccess, 0, header + lines, 0);
  const Batch first = batcher.cut(FlushReason::kDrain);
  ASSERT_EQ(sink->deliver(first).kind, Verdict::Kind::kAcked);
  batcher.append(kAccess, header.size() + lines.size(), numbered_line(3), 0);
  ASSERT_EQ(sink->deliver(batcher.cut(FlushReason::kDrain)).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(content("access-00000001.log"),
            header + numbered_line(1) + numbered_line(2) + numbered_line(3));
  EXPECT_FALSE(sink->holdings().ok());
}

TEST_F(FileFormatsTest, RawEventsKeepWhatLooksLikeACommentInsideALine) {
  auto sink = make_file_sink(options(FileFormat::kRaw));
  ASSERT_TRUE(sink->open().ok());
  const std::string event = "{\"name\":\"#1 \\n# two\"}\n";
  Batch batch;
  batch.lines.push_back({kEvents, 0, event});
  ASSERT_EQ(sink->deliver(batch).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(content("events-00000001.ndjson"), event);
}

TEST(OutputEnds, TextAndBack) {
  const OutputEnds ends = {{"clicks", {1, 0}}, {"requests", {3, 4711}}};
  EXPECT_EQ(to_text(ends), "clicks=1:0 requests=3:4711");
  EXPECT_EQ(parse_output_ends(to_text(ends)), ends);
  EXPECT_EQ(parse_output_ends(""), OutputEnds{});
  const std::string text = to_text(ends);
  for (std::size_t size = 1; size < text.size(); ++size) {
    const auto parsed = parse_output_ends(text.substr(0, size));
    EXPECT_TRUE(!parsed || *parsed != ends) << size;
  }
  for (const char* wrong : {"3 4711", "=1:0", "a=0:0", "a=1", "a=1:", "a=1:0 ", "a=1:0  b=1:0"}) {
    EXPECT_FALSE(parse_output_ends(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace pixel::shipper
