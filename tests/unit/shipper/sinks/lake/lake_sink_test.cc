// SPDX-License-Identifier: Apache-2.0
// The lake sink by what lies in its folders: partitions, types, schema changes, merging, failures.
#include "shipper/sinks/lake/lake_sink.h"

#include <sys/resource.h>

#include <atomic>
#include <fstream>
#include <limits>

#include "tests/unit/shipper/sinks/lake/lake_fixture.h"

namespace pixel::shipper {
namespace {

using testing::BatchMaker;
using testing::deliver_numbered;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kHourUs;
using testing::kNoonUs;
using testing::make_column;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::test_columns;

class LakeSinkTest : public testing::LakeTest {};

TEST_F(LakeSinkTest, ANewLakeIsEmptyAndCanBeAsked) {
  auto sink = make_sink();
  auto checkpoint = sink->open();
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(*checkpoint, Checkpoint{});
  auto holdings = sink->holdings();
  ASSERT_TRUE(holdings) << holdings.error().message;
  EXPECT_TRUE(holdings->empty());
  EXPECT_THAT(ask(*sink, "SELECT count(*), max(date), max(hour) FROM requests"),
              HasSubstr("[[0,null,null]]"));
}

TEST_F(LakeSinkTest, AFailedOpenCanBeTriedAgain) {
  const auto commit = settings_.path / "_pixeledge/commit.json";
  std::filesystem::create_directories(commit);
  auto sink = make_sink();
  ASSERT_FALSE(sink->open());
  std::filesystem::remove(commit);
  auto checkpoint = sink->open();
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(deliver_numbered(*sink, 0, 3).kind, Verdict::Kind::kAcked);
  EXPECT_THAT(counts(), ElementsAre("3", "3", "3"));
}

TEST_F(LakeSinkTest, ABatchOverTwoHoursFillsTwoPartitions) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  BatchMaker maker(0);
  maker.add({kNoonUs, "/a", 1, 1, true, 0});
  // The last and the first microsecond at the edge of an hour.
  const std::int64_t edge = kNoonUs / kHourUs * kHourUs + kHourUs;
  maker.add({edge - 1, "/b", 2, 1, true, 1});
  maker.add({edge, "/c", 3, 1, true, 2});
  maker.add({kNoonUs, "/d", 4, 1, true, 3});
  ASSERT_EQ(sink->deliver(maker.finish(4)).kind, Verdict::Kind::kAcked);
  EXPECT_THAT(files(), ElementsAre(StartsWith("date=2026-11-20/hour=18/0000000001-"),
                                   StartsWith("date=2026-11-20/hour=19/0000000001-")));
  EXPECT_THAT(glob("CAST(date AS VARCHAR), CAST(hour AS VARCHAR), string_agg(path, '')",
                   "GROUP BY ALL ORDER BY ALL LIMIT 1"),
              ElementsAre("2026-11-20", "18", "/a/b/d"));
  EXPECT_THAT(ask(*sink, "SELECT date, hour, path FROM requests WHERE hour = 19"),
              HasSubstr("[[\"2026-11-20\",19,\"/c\"]]"));
  EXPECT_EQ(staged_count(), 0U);
}

TEST_F(LakeSinkTest, FilesDoNotRepeatTheFolders) {
  auto columns = test_columns();
  ColumnSpec date = make_column("date", ColumnType::kVarchar);
  date.field = logfmt::Field::kDate;
  columns.push_back(date);
  auto sink = make_sink(columns);
  ASSERT_TRUE(sink->open());
  BatchMaker maker(0);
  maker.add({});
  maker.add_text_column("2026-11-20");
  ASSERT_EQ(sink->deliver(maker.finish(1)).kind, Verdict::Kind::kAcked);
  auto database = duckdb::Database::open(":memory:", {});
  auto connection = database->connect();
  auto names = connection->read_texts(
      fmt::format("SELECT string_agg(name, ' ') FROM parquet_schema('{}/requests/*/*/*.parquet') "
                  "WHERE type IS NOT NULL",
                  settings_.path.string()));
  ASSERT_TRUE(names) << names.error().message;
  EXPECT_EQ(names->rows[0][0], "request_time path status ratio ok _segment _offset");
  auto codecs = connection->read_texts(
      fmt::format("SELECT DISTINCT compression FROM parquet_metadata('{}/requests/*/*/*.parquet')",
                  settings_.path.string()));
  EXPECT_EQ(codecs->rows[0][0], "ZSTD");
}

TEST_F(LakeSinkTest, ColumnsThatTheFoldersHideAreRefused) {
  auto columns = test_columns();
  columns.push_back(make_column("hour", ColumnType::kVarchar, ColumnSource::kQuery));
  auto opened = make_sink(columns)->open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("column requests.hour"));
  columns = test_columns();
  columns.erase(columns.begin());
  EXPECT_FALSE(make_sink(columns)->open());
}

TEST_F(LakeSinkTest, EveryTypeAndNullComesBack) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  BatchMaker maker(0);
  maker.add({kNoonUs + 123456, "/gr\xC3\xBC\xC3\x9F\xF0\x9F\x98\x80\xFF", -7, 1.25, false, 0});
  maker.add({kNoonUs, std::nullopt, std::nullopt, std::nullopt, std::nullopt, 1});
  maker.add({std::nullopt, "", std::numeric_limits<std::int64_t>::min(), 1e300, true, 2});
  ASSERT_EQ(sink->deliver(maker.finish(3)).kind, Verdict::Kind::kAcked);
  EXPECT_THAT(ask(*sink,
                  "SELECT request_time, path, status, ratio, ok, date, hour FROM requests "
                  "ORDER BY _offset"),
              HasSubstr("[[\"2026-11-20 18:52:00.123456\",\"/gr\xC3\xBC\xC3\x9F\xF0\x9F\x98\x80"
                        "\xEF\xBF\xBD\",-7,1.25,false,\"2026-11-20\",18],"
                        "[\"2026-11-20 18:52:00\",null,null,null,null,\"2026-11-20\",18],"
                        "[null,\"\",-9223372036854775808,1e+300,true,\"1970-01-01\",0]]"));
}

TEST_F(LakeSinkTest, ABatchOfDeadLettersAloneMovesTheCheckpoint) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(sink->deliver(BatchMaker(0).finish(3, 3)).kind, Verdict::Kind::kAcked);
  sink->close();
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_EQ(make_sink()->open()->dead_lettered, 3U);
}

TEST_F(LakeSinkTest, ReopenGoesOnFromTheRecord) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 5000, 7).kind, Verdict::Kind::kAcked);
  sink->close();
  auto again = make_sink();
  EXPECT_EQ(again->open()->rows, 5000U);
  ASSERT_EQ(deliver_numbered(*again, 5000, 10).kind, Verdict::Kind::kAcked);
  auto holdings = again->holdings();
  ASSERT_TRUE(holdings) << holdings.error().message;
  ASSERT_THAT(*holdings, SizeIs(1));
  EXPECT_EQ((*holdings)[0].segment, testing::kSegment);
  EXPECT_EQ((*holdings)[0].rows, 5010U);
  EXPECT_EQ((*holdings)[0].distinct_rows, 5010U);
}

TEST_F(LakeSinkTest, OneOpenerAtATime) {
  auto first = make_sink();
  ASSERT_TRUE(first->open());
  auto refused = make_sink()->open();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("locked"));
  first->close();
  EXPECT_TRUE(make_sink()->open());
}

TEST_F(LakeSinkTest, ColumnsMayComeAndGoButNotChangeTheirType) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 2).kind, Verdict::Kind::kAcked);
  sink->close();
  auto columns = test_columns();
  columns.push_back(make_column("a", ColumnType::kVarchar, ColumnSource::kQuery));
  settings_.merge_files = 2;
  auto wide = make_sink(columns);
  ASSERT_TRUE(wide->open());
  BatchMaker maker(2);
  maker.add({});
  maker.add_text_column("x");
  ASSERT_EQ(wide->deliver(maker.finish(1)).kind, Verdict::Kind::kAcked);
  const std::string by_a = "SELECT a, count(*) FROM requests GROUP BY 1 ORDER BY 1";
  EXPECT_THAT(ask(*wide, by_a), HasSubstr("[[\"x\",1],[null,2]]"));
  settle(*wide);  // The two kinds of file become one.
  EXPECT_THAT(files(), ElementsAre(EndsWith("-L1.parquet")));
  EXPECT_THAT(ask(*wide, by_a), HasSubstr("[[\"x\",1],[null,2]]"));
  wide->close();

  columns.back().type = ColumnType::kInteger;
  auto changed = make_sink(columns)->open();
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().message, HasSubstr("column a of table requests is VARCHAR"));
  // Also when no delivery in between had the column.
  auto narrow = make_sink();
  ASSERT_TRUE(narrow->open());
  ASSERT_EQ(deliver_numbered(*narrow, 3, 1).kind, Verdict::Kind::kAcked);
  narrow->close();
  EXPECT_FALSE(make_sink(columns)->open());
}

TEST_F(LakeSinkTest, SmallFilesAreMergedAndNoRowIsLost) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  for (std::uint64_t batch = 0; batch < 37; ++batch) {
    ASSERT_EQ(deliver_numbered(*sink, batch * 10, 10, 3).kind, Verdict::Kind::kAcked);
  }
  EXPECT_THAT(files(), SizeIs(74));
  settle(*sink);
  EXPECT_LE(files().size(), 2U * 3 * 3);
  EXPECT_THAT(counts(), ElementsAre("370", "370", "370"));
  EXPECT_EQ(sink->holdings()->at(0).rows, 370U);
  EXPECT_EQ(staged_count(), 0U);
  sink->close();
  auto again = make_sink();
  EXPECT_EQ(again->open()->rows, 370U);
  EXPECT_EQ(again->holdings()->at(0).rows, 370U);
}

TEST_F(LakeSinkTest, APartitionAtRestBecomesOneFile) {
  settings_.close_ns = 0;
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  for (std::uint64_t batch = 0; batch < 7; ++batch) {
    ASSERT_EQ(deliver_numbered(*sink, batch * 10, 10).kind, Verdict::Kind::kAcked);
  }
  settle(*sink);
  EXPECT_THAT(files(), SizeIs(1));
  EXPECT_THAT(counts(), ElementsAre("70", "70", "70"));
}

TEST_F(LakeSinkTest, FilesOfOthersInAPartitionStay) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
  const auto note = settings_.path / "requests/date=2026-11-20/hour=18/note.txt";
  std::ofstream(note) << "mine";
  for (std::uint64_t batch = 1; batch < 8; ++batch) {
    ASSERT_EQ(deliver_numbered(*sink, batch * 10, 10).kind, Verdict::Kind::kAcked);
  }
  settle(*sink);
  EXPECT_THAT(files(), SizeIs(2));
  EXPECT_TRUE(std::filesystem::exists(note));
}

TEST_F(LakeSinkTest, WithoutFolderSwapsNoRowIsEverTwice) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
  // A folder inside the partition cannot be hard linked: the plain way must do.
  std::filesystem::create_directories(settings_.path / "requests/date=2026-11-20/hour=18/sub");
  for (std::uint64_t batch = 1; batch < 8; ++batch) {
    ASSERT_EQ(deliver_numbered(*sink, batch * 10, 10).kind, Verdict::Kind::kAcked);
  }
  settle(*sink);
  EXPECT_THAT(files(), SizeIs(1));
  EXPECT_THAT(counts(), ElementsAre("80", "80", "80"));
}

TEST_F(LakeSinkTest, AGlobNeverSeesARowTwiceNorMissesOne) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 100).kind, Verdict::Kind::kAcked);
  std::atomic<std::uint64_t> acked{100};
  std::atomic<bool> done{false};
  std::uint64_t seen = 0;
  std::uint64_t stale = 0;
  std::thread reader([&] {
    while (!done) {
      const std::uint64_t before = acked;
      const auto found = counts();
      if (found.size() == 1) {  // A merge took a file between the listing and the opening.
        EXPECT_THAT(found[0], HasSubstr("o such file")) << found[0];
        ++stale;
        continue;
      }
      EXPECT_EQ(found[0], found[1]);
      EXPECT_EQ(found[0], found[2]);
      EXPECT_GE(std::stoull(found[0]), before);
      EXPECT_TRUE(sink->holdings());  // The sink's own readers are never disturbed.
      ++seen;
    }
  });
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
  while (std::chrono::steady_clock::now() < end) {
    EXPECT_EQ(deliver_numbered(*sink, acked, 100).kind, Verdict::Kind::kAcked);
    acked += 100;
    sink->maintain();
  }
  done = true;
  reader.join();
  EXPECT_GT(seen, 0U);
  RecordProperty("globs_whole", static_cast<int>(seen));
  RecordProperty("globs_to_repeat", static_cast<int>(stale));
}

TEST_F(LakeSinkTest, ADiskThatRefusesMeansRetryAndNothingVisible) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  // No room for the Parquet file; then for the file but not for the record.
  for (const rlim_t bytes : {rlim_t{8 * 1024}, rlim_t{512}}) {
    const rlimit small{bytes, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const Verdict refused = bytes == 512 ? sink->deliver(BatchMaker(10).finish(0))
                                         : deliver_numbered(*sink, 10, 20'000);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(refused.kind, Verdict::Kind::kRetry) << bytes;
    EXPECT_FALSE(refused.reason.empty());
    EXPECT_EQ(staged_count(), 0U);
    EXPECT_THAT(counts(), ElementsAre("10", "10", "10"));
  }
  EXPECT_EQ(deliver_numbered(*sink, 10, 20'000).kind, Verdict::Kind::kAcked);
  EXPECT_THAT(counts(), ElementsAre("20010", "20010", "20010"));
}

TEST_F(LakeSinkTest, APlaceThatCannotBeMadeIsFilledLater) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  // A file where the partition's folder must be: the commit is made, its rows cannot be shown.
  std::ofstream(settings_.path / "requests/date=2026-11-20") << "in the way";
  EXPECT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(deliver_numbered(*sink, 10, 10).kind, Verdict::Kind::kRetry);
  std::filesystem::remove(settings_.path / "requests/date=2026-11-20");
  sink->maintain();
  EXPECT_THAT(counts(), ElementsAre("10", "10", "10"));
  EXPECT_EQ(deliver_numbered(*sink, 10, 10).kind, Verdict::Kind::kAcked);
  EXPECT_THAT(counts(), ElementsAre("20", "20", "20"));
}

TEST_F(LakeSinkTest, ADamagedRecordCostsNoRowAndDoublesNone) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
  ASSERT_EQ(deliver_numbered(*sink, 10, 10).kind, Verdict::Kind::kAcked);
  sink->close();
  std::ofstream(settings_.path / "_pixeledge/commit.json") << "\xFF";
  auto again = make_sink();
  auto checkpoint = again->open();
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(checkpoint->rows, 10U);
  EXPECT_THAT(counts(), ElementsAre("10", "10", "10"));
  EXPECT_EQ(deliver_numbered(*again, 10, 10).kind, Verdict::Kind::kAcked);
  EXPECT_THAT(counts(), ElementsAre("20", "20", "20"));
}

TEST_F(LakeSinkTest, QueriesReachTheLakeAndNothingElse) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
  EXPECT_THAT(ask(*sink, "SELECT count(*) FROM requests"), HasSubstr("[[10]]"));
  const auto record = settings_.path / "_pixeledge/commit.json";
  const std::string record_query = "SELECT * FROM read_text('" + record.string() + "')";
  for (const char* sql : {"SELECT * FROM read_csv('/etc/hostname')", "DROP VIEW requests",
                          "COPY requests TO '/tmp/never.csv'", "SET enable_external_access = true",
                          record_query.c_str()}) {
    EXPECT_THAT(ask(*sink, sql), HasSubstr("error: ")) << sql;
  }
}

TEST_F(LakeSinkTest, RestoreAddsOnlyWhatIsNotThereAndLeavesTheCheckpoint) {
  {
    auto sink = make_sink();
    ASSERT_TRUE(sink->open());
    ASSERT_EQ(deliver_numbered(*sink, 0, 30).kind, Verdict::Kind::kAcked);
    const auto before = files();
    ASSERT_EQ(testing::restore_numbered(*sink, 10, 20).kind, Verdict::Kind::kAcked);
    EXPECT_EQ(files(), before);  // Nothing was missing: no new file.
    for (int times = 0; times < 2; ++times) {
      const Verdict verdict = testing::restore_numbered(*sink, 20, 25);
      ASSERT_EQ(verdict.kind, Verdict::Kind::kAcked) << verdict.reason;
      EXPECT_THAT(counts(), ElementsAre("45", "45", "45"));
      EXPECT_THAT(files(), SizeIs(2));
    }
    sink->close();
  }
  auto sink = make_sink();
  const auto checkpoint = sink->open();
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->lines, 30U);
  EXPECT_THAT(counts(), ElementsAre("45", "45", "45"));
}

TEST_F(LakeSinkTest, AFileThatSomebodyRemovedIsRestored) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
  ASSERT_EQ(deliver_numbered(*sink, 10, 10).kind, Verdict::Kind::kAcked);
  sink->close();
  std::filesystem::remove(settings_.path / "requests" / files().front());
  sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(testing::restore_numbered(*sink, 0, 20).kind, Verdict::Kind::kAcked);
  EXPECT_THAT(counts(), ElementsAre("20", "20", "20"));
}

}  // namespace
}  // namespace pixel::shipper
