// SPDX-License-Identifier: Apache-2.0
// Against the strict server: what is there after each kind of failure.
#include "shipper/sinks/s3/s3_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "logfmt/format.h"
#include "shipper/encode/gzip_member.h"
#include "shipper/transport/object_store.h"
#include "tests/unit/shipper/sinks/batch_maker.h"
#include "tests/unit/shipper/sinks/s3/line_batch.h"
#include "tests/unit/shipper/transport/strict_store.h"

namespace pixel::shipper {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::kSegment;
using testing::line_at;
using testing::LineBatch;
using testing::StrictStore;

class S3SinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_.store = server_.settings();
    settings_.prefix = "p";
    reader_.emplace(server_.settings());
    ASSERT_TRUE(reader_->prepare());
  }
  std::unique_ptr<Sink> make_sink() {
    auto sink = create_s3_sink({testing::table_of(testing::test_columns())}, settings_);
    const auto opened = sink->open();
    EXPECT_TRUE(opened) << opened.error().message;
    return sink;
  }
  /// All objects, unzipped, one after the other by key.
  std::string content() {
    std::string all;
    EXPECT_TRUE(reader_->for_each("", [&](const ObjectSummary& object) {
      const auto text = gunzip(*reader_->get(object.key, base::kMiB));
      EXPECT_TRUE(text);
      all += *text;
      return true;
    }));
    return all;
  }

  StrictStore server_;
  S3SinkSettings settings_;
  std::optional<ObjectStore> reader_;
};

TEST_F(S3SinkTest, LinesArriveAndTheSameBatchAgainChangesNothing) {
  LineBatch batch;
  const std::string first = line_at("2026-11-20\t18", 1);
  const std::string second = line_at("2026-11-20\t19", 2);
  batch.add(kSegment, 0, first + second);
  for (int life = 0; life < 3; ++life) {
    auto sink = make_sink();
    const Verdict verdict = sink->deliver(batch.finish());
    ASSERT_EQ(verdict.kind, Verdict::Kind::kAcked) << verdict.reason;
    const auto holdings = sink->holdings();
    ASSERT_TRUE(holdings) << holdings.error().message;
    ASSERT_EQ(holdings->size(), 1U);
    EXPECT_EQ((*holdings)[0].segment, kSegment);
    EXPECT_EQ((*holdings)[0].rows, 2U);
    EXPECT_EQ((*holdings)[0].distinct_rows, 2U);
  }
  const std::string header(logfmt::kAccessHeader);
  EXPECT_EQ(content(), header + first + header + second);
  EXPECT_EQ(server_.control("state")["objects"], 2);
  EXPECT_EQ(server_.control("state")["overwritten"], 0);
}

TEST_F(S3SinkTest, HalfADeliveryIsCompletedByTheNextTry) {
  LineBatch batch;
  batch.add(kSegment, 0, line_at("2026-11-20\t18", 1) + line_at("2026-11-20\t19", 2));
  auto sink = make_sink();
  for (const json& action : {json{{"status", 500}}, json{{"drop", "before"}}, json{{"status", 409}},
                             json{{"status", 503}, {"code", "SlowDown"}, {"retry_after", 4}}}) {
    // Twice: on a kept connection the client tries a second time by itself.
    server_.fail({{{"method", "PUT"}, {"key", "-19"}, {"times", 2}, {"action", action}}});
    const Verdict verdict = sink->deliver(batch.finish());
    EXPECT_EQ(verdict.kind, Verdict::Kind::kRetry) << action;
    EXPECT_EQ(verdict.retry_after_ns, action.contains("retry_after") ? 4 * base::kSecondNs : 0);
  }
  server_.fail({{{"method", "PUT"}, {"key", "-19"}, {"action", {{"drop", "after"}}}}});
  EXPECT_EQ(sink->deliver(batch.finish()).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(server_.control("state")["objects"], 2);
  EXPECT_EQ(server_.control("state")["overwritten"], 0);
}

TEST_F(S3SinkTest, AnObjectOfAnotherProgramIsLeftAlone) {
  LineBatch batch;
  batch.add(kSegment, 0, line_at("2026-11-20\t18", 1));
  const std::string key = "p/PIXELEDGE.2026-11-20-18." + batch.finish().token() + ".gz";
  ASSERT_TRUE(reader_->put(key, "somebody's", {}));
  auto sink = make_sink();
  const Verdict verdict = sink->deliver(batch.finish());
  EXPECT_EQ(verdict.kind, Verdict::Kind::kRejected);
  EXPECT_THAT(verdict.reason, HasSubstr(key));
  EXPECT_EQ(*reader_->get(key, 100), "somebody's");
  const auto holdings = sink->holdings();
  ASSERT_FALSE(holdings);
  EXPECT_THAT(holdings.error().message, HasSubstr("says nothing of its lines"));
}

TEST_F(S3SinkTest, BatchesOfSeveralThreads) {
  auto sink = make_sink();
  EXPECT_FALSE(sink->traits().keeps_checkpoint);
  EXPECT_TRUE(sink->traits().takes_lines);
  EXPECT_EQ(sink->traits().concurrency_max, 4U);
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 5; ++i) {
        LineBatch batch;
        batch.add(kSegment, (t * 5 + i) * 10'000, line_at("2026-11-20\t18", t * 5 + i));
        EXPECT_EQ(sink->deliver(batch.finish()).kind, Verdict::Kind::kAcked);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto holdings = make_sink()->holdings();
  ASSERT_TRUE(holdings) << holdings.error().message;
  EXPECT_EQ((*holdings)[0].rows, 20U);
  EXPECT_EQ((*holdings)[0].distinct_rows, 20U);
}

TEST_F(S3SinkTest, RestoredLinesAreThoseThatWereMissing) {
  auto sink = make_sink();
  const std::string lines[] = {line_at("2026-11-20\t18", 0), line_at("2026-11-20\t18", 1),
                               line_at("2026-11-20\t18", 2)};
  const std::uint64_t size = lines[0].size();
  LineBatch middle;
  middle.add(kSegment, size, lines[1]);
  ASSERT_EQ(sink->deliver(middle.finish()).kind, Verdict::Kind::kAcked);
  LineBatch all;
  all.add(kSegment, 0, lines[0] + lines[1] + lines[2]);
  for (int i = 0; i < 2; ++i) {
    const Verdict verdict = sink->restore(all.finish());
    ASSERT_EQ(verdict.kind, Verdict::Kind::kAcked) << verdict.reason;
    const auto holdings = make_sink()->holdings();
    ASSERT_TRUE(holdings);
    EXPECT_EQ((*holdings)[0].rows, 3U);
    EXPECT_EQ((*holdings)[0].distinct_rows, 3U);
  }
  EXPECT_EQ(server_.control("state")["objects"], 2);
}

TEST_F(S3SinkTest, ARowThatWasADeadLetterCanBeRestored) {
  settings_.format = S3Format::kJsonl;
  auto sink = make_sink();
  const auto deliver = [&](std::initializer_list<std::int64_t> offsets, bool is_restored) {
    testing::BatchMaker maker(0);
    for (const std::int64_t offset : offsets) {
      testing::TestRow row;
      row.offset = offset;
      maker.add(row);
    }
    return is_restored ? sink->restore(maker.finish(4)) : sink->deliver(maker.finish(4));
  };
  ASSERT_EQ(deliver({0, 2, 3}, false).kind, Verdict::Kind::kAcked);
  for (int i = 0; i < 2; ++i) {
    const Verdict verdict = deliver({0, 1, 2, 3}, true);
    ASSERT_EQ(verdict.kind, Verdict::Kind::kAcked) << verdict.reason;
    const auto holdings = make_sink()->holdings();
    ASSERT_TRUE(holdings) << holdings.error().message;
    EXPECT_EQ((*holdings)[0].rows, 4U);
    EXPECT_EQ((*holdings)[0].distinct_rows, 4U);
  }
  const std::string rows = content();
  for (const char* offset : {":0}", ":1}", ":2}", ":3}"}) EXPECT_THAT(rows, HasSubstr(offset));
}

TEST_F(S3SinkTest, BucketsAreMadeByInitAndMissedByReach) {
  settings_.store.bucket = "not-there-yet";
  auto sink = create_s3_sink({}, settings_);
  const auto missing = sink->reach();
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("pixel-shipper init"));
  EXPECT_EQ(*sink->initialise(true), "would make bucket not-there-yet\n");
  EXPECT_FALSE(sink->reach());
  EXPECT_EQ(*sink->initialise(false), "made bucket not-there-yet\n");
  EXPECT_EQ(*sink->initialise(false), "bucket not-there-yet is there\n");
  EXPECT_TRUE(sink->reach());
}

TEST_F(S3SinkTest, AServerWithoutConditionsIsWrittenTwiceWithTheSameBytes) {
  settings_.store.conditional = false;
  LineBatch batch;
  batch.add(kSegment, 0, line_at("2026-11-20\t18", 1));
  ASSERT_EQ(make_sink()->deliver(batch.finish()).kind, Verdict::Kind::kAcked);
  const std::string before = content();
  ASSERT_EQ(make_sink()->deliver(batch.finish()).kind, Verdict::Kind::kAcked);
  EXPECT_EQ(content(), before);
  EXPECT_EQ(server_.control("state")["objects"], 1);
  EXPECT_THAT(make_sink()->guarantee().because, HasSubstr("same bytes"));
}

}  // namespace
}  // namespace pixel::shipper
