// SPDX-License-Identifier: Apache-2.0
// Against the strict server: it checks every signature, condition, checksum and part.
#include "shipper/transport/object_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/shipper/transport/strict_store.h"

namespace pixel::shipper {
namespace {

using Kind = StoreError::Kind;
using nlohmann::json;
using ::testing::HasSubstr;
using testing::StrictStore;

const PutOptions kOptions{"text/plain", "gzip", {{"pixel-batch", "0123"}, {"pixel-lines", "7"}}};

template <class T>
std::string error_of(const StoreResult<T>& result) {
  return result ? "" : result.error().message;
}

class ObjectStoreTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new StrictStore({"--page", "3"}); }
  static void TearDownTestSuite() { delete server_; }
  void SetUp() override {
    server_->fail(json::array());
    store_.emplace(server_->settings());
    ASSERT_TRUE(store_->prepare());
  }
  ObjectStore& store() { return *store_; }
  static std::string large() { return std::string(2 * kS3PartBytesMin + 77, 'L'); }

  static StrictStore* server_;
  std::optional<ObjectStore> store_;
};
StrictStore* ObjectStoreTest::server_ = nullptr;

TEST_F(ObjectStoreTest, AnObjectComesBackAsItWasPut) {
  const std::string key = "a b/date=2026-11-20/+&'(\xC3\xBC)~*!@,;:$/x.gz";
  const std::string body("\0\xFF bytes", 8);
  const auto put = store().put(key, body, kOptions);
  ASSERT_TRUE(put) << error_of(put);
  const auto got = store().get(key, 100);
  ASSERT_TRUE(got) << error_of(got);
  EXPECT_EQ(*got, body);
  const auto info = store().head(key);
  ASSERT_TRUE(info && *info);
  EXPECT_EQ((*info)->bytes, body.size());
  EXPECT_EQ((*info)->meta("pixel-batch"), "0123");
  EXPECT_EQ((*info)->meta("absent"), "");
  EXPECT_FALSE(*store().head("absent"));
}

TEST_F(ObjectStoreTest, TheSameAgainIsFineAndAnythingElseIsRefused) {
  ASSERT_TRUE(store().put("same", "body", kOptions));
  EXPECT_TRUE(store().put("same", "body", kOptions));
  const auto longer = store().put("same", "another body", kOptions);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().kind, Kind::kRefused);
  EXPECT_THAT(longer.error().message, HasSubstr("with 4 bytes instead of 12"));
  PutOptions other = kOptions;
  other.metadata[0].second = "4567";
  const auto marked = store().put("same", "BODY", other);
  ASSERT_FALSE(marked);
  EXPECT_THAT(marked.error().message, HasSubstr("pixel-batch = '0123' instead of '4567'"));
  EXPECT_EQ(*store().get("same", 100), "body");
}

TEST_F(ObjectStoreTest, LargeObjectsGoUpInPartsAndAppearAtOnce) {
  const std::string body = large();
  const auto put = store().put("large", body, kOptions);
  ASSERT_TRUE(put) << error_of(put);
  EXPECT_EQ(*store().get("large", body.size()), body);
  EXPECT_EQ(server_->count("PUT", "large?partNumber="), 3);
  EXPECT_EQ((*store().head("large"))->meta("pixel-lines"), "7");
  EXPECT_TRUE(store().put("large", body, kOptions)) << "it is there: nothing is sent again";
  EXPECT_EQ(server_->count("PUT", "large?partNumber="), 3);
  EXPECT_EQ(store().get("large", 100).error().kind, Kind::kRefused);
  EXPECT_EQ(server_->control("state")["uploads"], 0);
}

TEST_F(ObjectStoreTest, APartThatFailsLeavesNothing) {
  server_->fail(
      {{{"method", "PUT"}, {"key", "broken"}, {"times", 1}, {"action", {{"status", 500}}}}});
  const auto failed = store().put("broken", large(), kOptions);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, Kind::kRetry);
  EXPECT_EQ(server_->control("state")["uploads"], 0);
  EXPECT_TRUE(store().put("broken", large(), kOptions));
}

TEST_F(ObjectStoreTest, UploadsOfAKilledProcessAreAborted) {
  // The answer to the abort is lost too: the upload stays open until the key is put again.
  server_->fail({{{"method", "PUT"}, {"key", "left"}, {"action", {{"drop", "before"}}}},
                 {{"method", "DELETE"}, {"key", "left"}, {"action", {{"drop", "before"}}}}});
  ASSERT_FALSE(store().put("left", large(), kOptions));
  EXPECT_EQ(server_->control("state")["uploads"], 1);
  ASSERT_TRUE(store().put("left", large(), kOptions));
  EXPECT_EQ(server_->control("state")["uploads"], 0);
}

TEST_F(ObjectStoreTest, ALostAnswerIsFoundOutByTheNextTry) {
  for (const bool is_large : {false, true}) {
    const std::string key = is_large ? "lost-large" : "lost";
    const std::string body = is_large ? large() : "small";
    const char* method = is_large ? "POST" : "PUT";
    // The second POST completes the upload.
    json faults = json::array();
    if (is_large) {
      faults.push_back({{"method", method}, {"key", key}, {"action", {{"sleep", 0}}}});
    }
    faults.push_back({{"method", method}, {"key", key}, {"action", {{"drop", "after"}}}});
    server_->fail(faults);
    const auto lost = store().put(key, body, kOptions);
    ASSERT_FALSE(lost) << key;
    EXPECT_EQ(lost.error().kind, Kind::kRetry);
    EXPECT_TRUE(store().put(key, body, kOptions));
    EXPECT_EQ(*store().get(key, body.size()), body);
  }
  EXPECT_EQ(server_->control("state")["overwritten"], 0);
}

TEST_F(ObjectStoreTest, ACompletionThatFailsInItsBodyIsNone) {
  server_->fail({{{"method", "POST"}, {"key", "late"}, {"action", {{"sleep", 0}}}},
                 {{"method", "POST"},
                  {"key", "late"},
                  {"action", {{"status", 200}, {"code", "InternalError"}}}}});
  const auto failed = store().put("late", large(), kOptions);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, Kind::kRetry);
  EXPECT_THAT(failed.error().message, HasSubstr("InternalError"));
  EXPECT_FALSE(*store().head("late"));
}

TEST_F(ObjectStoreTest, OverloadConflictsAndHalfAnswers) {
  server_->fail(
      {{{"key", "f1"}, {"action", {{"status", 503}, {"code", "SlowDown"}, {"retry_after", 2}}}},
       {{"key", "f2"}, {"action", {{"status", 409}, {"code", "ConditionalRequestConflict"}}}},
       {{"method", "GET"}, {"key", "^$"}, {"action", {{"half", true}}}}});
  const auto slow = store().put("f1", "x", kOptions);
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().kind, Kind::kOverload);
  EXPECT_EQ(slow.error().retry_after_ns, 2 * base::kSecondNs);
  EXPECT_EQ(store().put("f2", "x", kOptions).error().kind, Kind::kRetry);
  EXPECT_EQ(store().list("f").error().kind, Kind::kRetry);
  EXPECT_TRUE(store().list("f"));
}

TEST_F(ObjectStoreTest, ListsOfManyPages) {
  std::vector<std::string> wanted;
  for (int i = 0; i < 10; ++i) {
    wanted.push_back(fmt::format("list/{:02}&<>", i));
    ASSERT_TRUE(store().put(wanted.back(), "x", kOptions));
  }
  std::vector<std::string> found;
  ASSERT_TRUE(store().for_each("list/", [&](const ObjectSummary& object) {
    found.push_back(object.key);
    EXPECT_EQ(object.bytes, 1U);
    return true;
  }));
  EXPECT_EQ(found, wanted);
  int seen = 0;
  ASSERT_TRUE(store().for_each("list/", [&](const ObjectSummary&) { return ++seen < 4; }));
  EXPECT_EQ(seen, 4);
  ASSERT_TRUE(store().remove(wanted[0]));
  ASSERT_TRUE(store().remove(wanted[0]));
  EXPECT_FALSE(*store().head(wanted[0]));
}

TEST_F(ObjectStoreTest, WrongKeysRegionsAndBucketsSayWhatToDo) {
  S3Settings settings = server_->settings();
  settings.region = "eu-west-1";
  EXPECT_THAT(error_of(ObjectStore(settings).reach()), HasSubstr("set region = \"us-east-1\""));
  settings = server_->settings();
  settings.region = "us-east-1";
  settings.bucket = "absent";
  EXPECT_THAT(error_of(ObjectStore(settings).reach()), HasSubstr("make the bucket"));
  settings.bucket = "bucket";
  const testing::ScopedVariable wrong("PIXEL_TEST_S3_SECRET", "wrong");
  const std::string error = error_of(ObjectStore(settings).reach());
  EXPECT_THAT(error, HasSubstr("SignatureDoesNotMatch"));
  EXPECT_THAT(error, HasSubstr("the secret key does not belong to the access key"));
}

TEST_F(ObjectStoreTest, ExpiredCredentialsAreFetchedAgain) {
  StrictStore server({"--token", "first"});
  const testing::ScopedVariable first("PIXEL_TEST_S3_TOKEN", "first");
  S3Settings settings = server.settings();
  settings.credentials.session_token = Secret("env:PIXEL_TEST_S3_TOKEN");
  ObjectStore store(settings);
  ASSERT_TRUE(store.prepare());
  ASSERT_TRUE(store.put("a", "x", kOptions));
  server.control("keys", {{"token", "second"}});
  const testing::ScopedVariable second("PIXEL_TEST_S3_TOKEN", "second");
  const auto put = store.put("b", "x", kOptions);
  EXPECT_TRUE(put) << error_of(put);
  server.control("keys", {{"token", "third"}});
  EXPECT_EQ(store.put("c", "x", kOptions).error().kind, Kind::kExpired);
}

TEST_F(ObjectStoreTest, HeadersOfStorageAndEncryptionAreSigned) {
  S3Settings settings = server_->settings();
  settings.storage_class = "STANDARD_IA";
  settings.encryption = "aws:kms";
  settings.acl = "bucket-owner-full-control";
  settings.checksum = false;
  settings.conditional = false;
  ObjectStore store(settings);
  ASSERT_TRUE(store.prepare());
  const auto put = store.put("headers", "x", kOptions);
  EXPECT_TRUE(put) << error_of(put);
  EXPECT_TRUE(store.put("headers-large", large(), kOptions));
}

TEST_F(ObjectStoreTest, BucketsAreMadeOnce) {
  S3Settings settings = server_->settings();
  settings.bucket = "made-here";
  ObjectStore store(settings);
  ASSERT_TRUE(store.prepare());
  EXPECT_FALSE(store.reach());
  EXPECT_TRUE(store.create_bucket());
  EXPECT_TRUE(store.create_bucket());
  EXPECT_TRUE(store.reach());
}

TEST_F(ObjectStoreTest, ThreadsPutAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        done += store().put(fmt::format("threads/{}/{}", t, i), "x", kOptions).ok();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 40);
}

}  // namespace
}  // namespace pixel::shipper
