// SPDX-License-Identifier: Apache-2.0
// What goes to S3 and when: against the strict server, which counts what is sent.
#include "shipper/sinks/lake/lake_upload.h"

#include <fcntl.h>

#include <set>

#include "base/file.h"
#include "shipper/sinks/lake/lake_merge.h"
#include "tests/unit/shipper/sinks/lake/lake_fixture.h"
#include "tests/unit/shipper/transport/strict_store.h"

namespace pixel::shipper {
namespace {

using lake::LakeFile;
using lake::UploadLog;
using nlohmann::json;
using testing::deliver_numbered;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

LakeFile file_of(std::uint64_t bytes, std::int64_t changed_at, bool is_final = false) {
  LakeFile file;
  file.bytes = bytes;
  file.changed_at = changed_at;
  file.is_final = is_final;
  return file;
}

TEST(LakeFinishedFilesTest, LargeFilesAtOnceSmallOnesWhenThePartitionIsClosed) {
  LakeSettings settings;
  settings.target_bytes = 1000;
  settings.merge_files = 4;
  settings.close_ns = 60 * base::kSecondNs;
  const auto finished = [&](const std::vector<LakeFile>& files, std::int64_t now) {
    return lake::finished_files(files, settings, now);
  };
  EXPECT_THAT(finished({file_of(600, 0), file_of(10, 0)}, 59), ElementsAre(0));
  EXPECT_THAT(finished({file_of(600, 0), file_of(10, 0)}, 60), ElementsAre(0, 1));
  EXPECT_THAT(finished({file_of(10, 0), file_of(10, 0)}, 60), IsEmpty()) << "to be merged first";
  EXPECT_THAT(finished({file_of(10, 0, true), file_of(10, 0)}, 60), ElementsAre(1));
  EXPECT_THAT(finished({file_of(10, 0, true), file_of(600, 0, true)}, 60), IsEmpty());
  EXPECT_FALSE(lake::plan_merge({file_of(10, 0, true), file_of(10, 0)}, settings, 60));
}

TEST(LakeUploadLogTest, EveryCutIsReadAndEveryChangeIsNoticed) {
  testing::TemporaryDirectory directory;
  const auto path = directory.path() / "uploads.log";
  {
    UploadLog log(path);
    ASSERT_TRUE(log.open());
    ASSERT_TRUE(log.add("p/a", false));
    ASSERT_TRUE(log.add("p/b", false));
    ASSERT_TRUE(log.add("p/a", true));
  }
  const std::string text = *base::read_file(path);
  const UploadLog::Files all = {{"p/a", true}, {"p/b", false}};
  EXPECT_EQ(lake::parse_upload_log(text).files, all);
  for (std::size_t length = 0; length < text.size(); ++length) {
    const auto cut = lake::parse_upload_log(text.substr(0, length));
    EXPECT_FALSE(cut.is_damaged) << length;
    EXPECT_LE(cut.files.size(), 2U);
  }
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 4;
    const auto read = lake::parse_upload_log(changed);
    EXPECT_TRUE(read.is_damaged || read.files != all) << i;
    EXPECT_TRUE(read.is_damaged) << i;
  }
  ASSERT_TRUE(base::write_file_atomic(path, text + "0123 beg"));
  UploadLog log(path);
  const auto loaded = log.open();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->files, all);
  ASSERT_TRUE(log.add("p/c", false));
  EXPECT_EQ(lake::parse_upload_log(*base::read_file(path)).files.size(), 3U);
}

class LakeUploadTest : public testing::LakeTest {
 protected:
  LakeUploadTest() {
    settings_.close_ns = 0;
    settings_.upload = LakeUpload{server_.settings(), "lake"};
    settings_.upload->store.part_bytes = kS3PartBytesMin;
    reader_.emplace(server_.settings());
    EXPECT_TRUE(reader_->prepare());
  }
  /// Maintains until the bucket has `count` objects.
  void wait_for(Sink& sink, std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (uploaded().size() < count && std::chrono::steady_clock::now() < end) {
      sink.maintain();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(uploaded().size(), count);
  }
  std::set<std::string> uploaded() {
    std::set<std::string> keys;
    EXPECT_TRUE(reader_->for_each("", [&](const ObjectSummary& object) {
      keys.insert(object.key);
      return true;
    }));
    return keys;
  }
  /// The bucket has the lake's files, byte for byte, and nothing else.
  void expect_the_same() {
    std::set<std::string> wanted;
    for (const std::string& file : files()) {
      const std::string key = "lake/requests/" + file;
      wanted.insert(key);
      const auto content = reader_->get(key, base::kGiB);
      ASSERT_TRUE(content) << content.error().message;
      EXPECT_EQ(*content, *base::read_file(settings_.path / "requests" / file));
    }
    EXPECT_EQ(uploaded(), wanted);
    EXPECT_EQ(server_.control("state")["overwritten"], 0);
  }

  testing::StrictStore server_;
  std::optional<ObjectStore> reader_;
};

TEST_F(LakeUploadTest, MergedFilesGoUpOnceAndReplacedOnesNever) {
  auto sink = make_sink();
  const auto opened = sink->open();
  ASSERT_TRUE(opened) << opened.error().message;
  for (std::uint64_t batch = 0; batch < 6; ++batch) {
    ASSERT_EQ(deliver_numbered(*sink, batch * 10, 10, 5).kind, Verdict::Kind::kAcked);
  }
  settle(*sink);
  wait_for(*sink, 2);
  expect_the_same();
  for (int i = 0; i < 5; ++i) sink->maintain();
  sink->close();
  auto again = make_sink();
  ASSERT_TRUE(again->open());
  for (int i = 0; i < 5; ++i) again->maintain();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(server_.count("PUT"), 2) << "each once, in both lives";
  EXPECT_THAT(counts(), ElementsAre("60", "60", "60"));
}

TEST_F(LakeUploadTest, LateRowsBecomeAFileOfTheirOwn) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  for (std::uint64_t batch = 0; batch < 5; ++batch) {
    ASSERT_EQ(deliver_numbered(*sink, batch * 10, 10).kind, Verdict::Kind::kAcked);
    wait_for(*sink, batch + 1);
  }
  expect_the_same();
  EXPECT_EQ(files().size(), 5U) << "what was uploaded is not merged";
}

TEST_F(LakeUploadTest, LostAnswersAndRefusalsAreTriedAgain) {
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  server_.fail({{{"method", "PUT"}, {"times", 1}, {"action", {{"status", 503}}}},
                {{"method", "PUT"}, {"times", 1}, {"action", {{"drop", "after"}}}}});
  ASSERT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
  wait_for(*sink, 1);
  expect_the_same();
}

TEST_F(LakeUploadTest, AStopDoesNotWaitForASlowServerAndTheNextLifeGoesOn) {
  server_.fail({{{"method", "PUT"}, {"times", 1}, {"action", {{"sleep", 20}}}}});
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
  sink->maintain();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto begin = std::chrono::steady_clock::now();
  sink->close();
  sink.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  auto again = make_sink();
  ASSERT_TRUE(again->open());
  wait_for(*again, 1);
  expect_the_same();
}

TEST_F(LakeUploadTest, ADamagedLogMakesEveryFileFinal) {
  {
    auto sink = make_sink();
    ASSERT_TRUE(sink->open());
    ASSERT_EQ(deliver_numbered(*sink, 0, 10).kind, Verdict::Kind::kAcked);
    wait_for(*sink, 1);
    sink->close();
  }
  const auto path = settings_.path / "_pixeledge/uploads.log";
  std::string text = *base::read_file(path);
  text[3] = 'x';
  ASSERT_TRUE(base::write_file_atomic(path, text));
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  ASSERT_EQ(deliver_numbered(*sink, 10, 10).kind, Verdict::Kind::kAcked);
  wait_for(*sink, 2);
  expect_the_same();
}

TEST_F(LakeUploadTest, KilledAtAnyMomentTheBucketBecomesTheLake) {
  base::Prng prng(20'261'126);
  settings_.merge_files = 2;
  for (int round = 0; round < testing::kCrashRounds / 3; ++round) {
    testing::kill_while(
        [&](auto ready) {
          auto sink = make_sink();
          auto checkpoint = sink->open();
          if (!checkpoint) ::_exit(1);
          for (std::uint64_t next = checkpoint->rows;; next += 10) {
            if (deliver_numbered(*sink, next, 10, 7).kind != Verdict::Kind::kAcked) ::_exit(1);
            sink->maintain();
            ready();
          }
        },
        prng, 60'000);
  }
  auto sink = make_sink();
  ASSERT_TRUE(sink->open());
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto is_done = [&] { return staged_count() == 0 && uploaded().size() == files().size(); };
  while (!is_done() && std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 10; ++i) sink->maintain();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(is_done());
  EXPECT_GT(files().size(), 1U);
  expect_the_same();
}

}  // namespace
}  // namespace pixel::shipper
