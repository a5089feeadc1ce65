// SPDX-License-Identifier: Apache-2.0
#include "shipper/transport/s3_protocol.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/shipper/transport/raw_server.h"

namespace pixel::shipper {
namespace {

using Kind = StoreError::Kind;
using ::testing::HasSubstr;

StoreError classify(long status, const std::string& code = "", HttpHeaders headers = {}) {
  HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  if (!code.empty()) {
    response.body = fmt::format("<Error><Code>{}</Code><Message>m &amp; n</Message></Error>", code);
  }
  return classify_s3_answer(response, "put a/b", "the environment", 0);
}

TEST(S3ProtocolTest, WhatEachStatusMeans) {
  for (const long status : {307L, 408L, 409L, 500L, 502L, 504L}) {
    EXPECT_EQ(classify(status).kind, Kind::kRetry) << status;
  }
  for (const long status : {429L, 503L}) EXPECT_EQ(classify(status).kind, Kind::kOverload);
  for (const long status : {301L, 400L, 401L, 403L, 405L, 411L, 413L, 501L}) {
    EXPECT_EQ(classify(status).kind, Kind::kRefused) << status;
  }
  EXPECT_EQ(classify(404).kind, Kind::kMissing);
  EXPECT_EQ(classify(412).kind, Kind::kExists);
}

TEST(S3ProtocolTest, CodesWeighMoreThanTheStatus) {
  EXPECT_EQ(classify(400, "ExpiredToken").kind, Kind::kExpired);
  EXPECT_EQ(classify(400, "RequestTimeout").kind, Kind::kRetry);
  EXPECT_EQ(classify(400, "XAmzContentSHA256Mismatch").kind, Kind::kRetry);
  EXPECT_EQ(classify(404, "NoSuchKey").kind, Kind::kMissing);
  EXPECT_EQ(classify(404, "NoSuchBucket").kind, Kind::kRefused);
  EXPECT_EQ(classify(404, "NoSuchUpload").kind, Kind::kRetry);
  EXPECT_EQ(classify(409, "ConditionalRequestConflict").kind, Kind::kRetry);
  EXPECT_EQ(classify(200, "SlowDown").kind, Kind::kOverload);
}

TEST(S3ProtocolTest, MessagesNameCauseAndNextStep) {
  EXPECT_EQ(classify(503, "SlowDown").message,
            "cannot put a/b: the store answered 503 SlowDown (m & n)");
  EXPECT_THAT(classify(403, "AccessDenied").message,
              HasSubstr("to the keys from the environment: let its policy allow s3:PutObject"));
  EXPECT_THAT(classify(403).message, HasSubstr("check its rights and its keys"));
  EXPECT_THAT(
      classify(400, "AuthorizationHeaderMalformed", {{"x-amz-bucket-region", "eu-west-3"}}).message,
      HasSubstr("set region = \"eu-west-3\""));
  EXPECT_THAT(classify(501, "NotImplemented").message, HasSubstr("conditional = false"));
  EXPECT_EQ(classify(503, "SlowDown", {{"retry-after", "3"}}).retry_after_ns, 3 * base::kSecondNs);
}

TEST(S3ProtocolTest, UrlsOfBothStyles) {
  S3Settings settings;
  settings.bucket = "logs";
  settings.region = "eu-central-1";
  EXPECT_EQ(bucket_url(settings), "https://logs.s3.eu-central-1.amazonaws.com");
  settings.path_style = true;
  EXPECT_EQ(bucket_url(settings), "https://s3.eu-central-1.amazonaws.com/logs");
  settings.endpoint = "http://127.0.0.1:9000";
  EXPECT_EQ(bucket_url(settings), "http://127.0.0.1:9000/logs");
  settings.path_style = false;
  EXPECT_EQ(bucket_url(settings), "http://logs.127.0.0.1:9000");
  settings.endpoint.clear();
  settings.region = "cn-north-1";
  EXPECT_EQ(bucket_url(settings), "https://logs.s3.cn-north-1.amazonaws.com.cn");
}

TEST(S3ProtocolTest, ListsOfObjects) {
  const auto page = parse_object_page(
      "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"x\"><IsTruncated>true</IsTruncated>"
      "<NextContinuationToken>a/b==</NextContinuationToken>"
      "<Contents><Key>a&amp;b&#39;</Key><Size>17</Size><ETag>&quot;e&quot;</ETag></Contents>"
      "<Contents><Key>c</Key><Size>0</Size></Contents></ListBucketResult>");
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->objects.size(), 2U);
  EXPECT_EQ(page->objects[0].key, "a&b'");
  EXPECT_EQ(page->objects[0].bytes, 17U);
  EXPECT_EQ(page->objects[0].etag, "\"e\"");
  EXPECT_EQ(page->next, "a/b==");
}

TEST(S3ProtocolTest, CutListsAreErrors) {
  const std::string whole =
      "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>c</Key></Contents>"
      "<NextContinuationToken>n</NextContinuationToken></ListBucketResult>";
  ASSERT_TRUE(parse_object_page(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(parse_object_page(whole.substr(0, length))) << length;
  }
  EXPECT_FALSE(
      parse_object_page("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"));
}

TEST(S3ProtocolTest, PartsOfAnUpload) {
  const std::uint64_t part = kS3PartBytesMin;
  EXPECT_EQ(plan_parts(1, part).count, 1U);
  EXPECT_EQ(plan_parts(part, part).count, 1U);
  EXPECT_EQ(plan_parts(part + 1, part).count, 2U);
  EXPECT_EQ(plan_parts(part * kS3PartsMax, part).count, kS3PartsMax);
  EXPECT_EQ(plan_parts(part * kS3PartsMax, part).part_bytes, part);
  for (const std::uint64_t bytes :
       {part * kS3PartsMax + 1, part * kS3PartsMax * 3 + 7, std::uint64_t{5} << 40}) {
    const PartPlan plan = plan_parts(bytes, part);
    EXPECT_LE(plan.count, kS3PartsMax);
    EXPECT_GE(plan.count * plan.part_bytes, bytes);
    EXPECT_LT((plan.count - 1) * plan.part_bytes, bytes);
  }
}

TEST(S3ProtocolTest, CompletionNamesEveryPart) {
  EXPECT_THAT(complete_upload_xml({{"\"a\"", "s="}, {"\"b\"", ""}}),
              HasSubstr("<Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag>"
                        "<ChecksumSHA256>s=</ChecksumSHA256></Part>"
                        "<Part><PartNumber>2</PartNumber><ETag>&quot;b&quot;</ETag></Part>"));
}

TEST(S3SettingsTest, PlacesAndBuckets) {
  const auto place = parse_s3_place("s3://my-bucket//a/b/");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->bucket, "my-bucket");
  EXPECT_EQ(place->prefix, "a/b");
  EXPECT_EQ(parse_s3_place("s3://my-bucket")->prefix, "");
  for (const char* bad :
       {"", "my-bucket", "s3://", "s3://No", "s3:///x", "s3://a..b/x", "s3://ab", "s3://-abc/"}) {
    EXPECT_FALSE(parse_s3_place(bad)) << bad;
  }
}

TEST(S3SettingsTest, KeysAndTheirErrors) {
  const auto read = [](const char* text, S3Settings& settings) {
    const auto reader = base::ConfigReader::from_text(text, "t");
    auto root = reader->root();
    read_s3_settings(root, settings);
    root.finish();
    return reader->errors();
  };
  S3Settings amazon;
  EXPECT_TRUE(read("region = \"eu-west-1\"", amazon).empty());
  EXPECT_FALSE(amazon.path_style);
  S3Settings own;
  EXPECT_TRUE(read("endpoint = \"http://127.0.0.1:9000/\"\npart_bytes = \"5MiB\"", own).empty());
  EXPECT_TRUE(own.path_style);
  EXPECT_EQ(own.endpoint, "http://127.0.0.1:9000");
  S3Settings bad;
  EXPECT_EQ(read("region = \"EU\"\nendpoint = \"127.0.0.1\"\npart_bytes = \"4MiB\"\n"
                 "encryption = \"rot13\"\nsecret_key = \"x\"\nbukket = 1",
                 bad)
                .size(),
            7U);
}

TEST(S3SettingsTest, TheRegionComesFromTheEnvironmentOrIsAskedFor) {
  const testing::ScopedVariable region("AWS_REGION", nullptr);
  const testing::ScopedVariable other("AWS_DEFAULT_REGION", nullptr);
  S3Settings settings;
  settings.bucket = "logs";
  const auto status = complete_s3_settings(settings);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("bucket logs is not known: set region"));
  const testing::ScopedVariable set("AWS_DEFAULT_REGION", "eu-north-1");
  ASSERT_TRUE(complete_s3_settings(settings));
  EXPECT_EQ(settings.region, "eu-north-1");
}

}  // namespace
}  // namespace pixel::shipper
