// SPDX-License-Identifier: Apache-2.0
#include "shipper/transport/aws_credentials.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "tests/unit/shipper/support/temporary_directory.h"
#include "tests/unit/shipper/transport/raw_server.h"

namespace pixel::shipper {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawServer;
using testing::ScopedVariable;

std::int64_t now_s() { return static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs); }

std::string role_json(const std::string& key, std::int64_t expires_in_s) {
  return fmt::format(
      R"({{"Code":"Success","AccessKeyId":"{}","SecretAccessKey":"s/{}","Token":"t",)"
      R"("Expiration":"{}"}})",
      key, key, base::format_iso8601(now_s() + expires_in_s));
}

/// No source has anything, whatever machine this is.
class AwsCredentialsTest : public ::testing::Test {
 protected:
  AwsCredentialsTest() {
    for (const char* name :
         {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
          "AWS_EC2_METADATA_DISABLED"}) {
      variables_.emplace_back(name, nullptr);
    }
    set("AWS_SHARED_CREDENTIALS_FILE", (directory_.path() / "credentials").c_str());
    set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1");
  }
  void set(const char* name, const std::string& value) {
    variables_.emplace_back(name, value.c_str());
  }
  static AwsCredentialSettings from(AwsSource source) {
    AwsCredentialSettings settings;
    settings.source = source;
    return settings;
  }

  TemporaryDirectory directory_;
  std::deque<ScopedVariable> variables_;
};

/// IMDSv2 as EC2 has it: no token, no answer.
bool answer_as_imds(int fd, const std::string& request, std::int64_t expires_in_s) {
  if (request.starts_with("PUT /latest/api/token ")) {
    const bool has_ttl =
        request.find("X-aws-ec2-metadata-token-ttl-seconds: 21600") != std::string::npos;
    return RawServer::say_response(fd, has_ttl ? "200 OK" : "400 Bad Request", "the-token");
  }
  if (request.find("X-aws-ec2-metadata-token: the-token\r\n") == std::string::npos) {
    return RawServer::say_response(fd, "401 Unauthorized", "");
  }
  const std::string base = "GET /latest/meta-data/iam/security-credentials/";
  if (request.starts_with(base + " ")) return RawServer::say_response(fd, "200 OK", "my-role\n");
  if (request.starts_with(base + "my-role ")) {
    return RawServer::say_response(fd, "200 OK", role_json("ASIAINSTANCE", expires_in_s));
  }
  return RawServer::say_response(fd, "404 Not Found", "");
}

TEST_F(AwsCredentialsTest, FromTheEnvironment) {
  set("AWS_ACCESS_KEY_ID", "AKIA");
  EXPECT_FALSE(AwsCredentialProvider(from(AwsSource::kEnvironment)).get());
  set("AWS_SECRET_ACCESS_KEY", "s");
  set("AWS_SESSION_TOKEN", "t");
  const auto credentials = AwsCredentialProvider(from(AwsSource::kAuto)).get();
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->access_key, "AKIA");
  EXPECT_EQ(credentials->secret_key, "s");
  EXPECT_EQ(credentials->session_token, "t");
  EXPECT_EQ(credentials->source, "the environment");
}

TEST_F(AwsCredentialsTest, FromTheSharedFile) {
  ASSERT_TRUE(base::write_file_atomic(directory_.path() / "credentials",
                                      "# comment\n[default]\naws_access_key_id = D\n"
                                      "aws_secret_access_key=a=b\n\n[ other ]\r\n"
                                      "aws_access_key_id=O\r\naws_secret_access_key = o\r\n"
                                      "aws_session_token = t\r\n[role]\nrole_arn = x",
                                      0600));
  auto credentials = AwsCredentialProvider(from(AwsSource::kAuto)).get();
  ASSERT_TRUE(credentials) << credentials.error().message;
  EXPECT_EQ(credentials->access_key, "D");
  EXPECT_EQ(credentials->secret_key, "a=b");
  EXPECT_EQ(credentials->session_token, "");
  set("AWS_PROFILE", "other");
  credentials = AwsCredentialProvider(from(AwsSource::kFile)).get();
  ASSERT_TRUE(credentials) << credentials.error().message;
  EXPECT_EQ(credentials->access_key, "O");
  EXPECT_EQ(credentials->session_token, "t");
  AwsCredentialSettings settings = from(AwsSource::kFile);
  for (const char* bad : {"role", "absent"}) {
    settings.profile = bad;
    credentials = AwsCredentialProvider(settings).get();
    ASSERT_FALSE(credentials);
    EXPECT_THAT(credentials.error().message, HasSubstr("profile [" + settings.profile + "]"));
  }
}

TEST_F(AwsCredentialsTest, FromTheContainerWithItsToken) {
  RawServer server([](int fd, const std::string& request) {
    const bool is_right = request.starts_with("GET /v2/x ") &&
                          request.find("Authorization: Bearer abc\r\n") != std::string::npos;
    return is_right ? RawServer::say_response(fd, "200 OK", role_json("ASIACONTAINER", 3600))
                    : RawServer::say_response(fd, "403 Forbidden", "");
  });
  set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url("/v2/x"));
  EXPECT_FALSE(AwsCredentialProvider(from(AwsSource::kContainer)).get());
  ASSERT_TRUE(base::write_file_atomic(directory_.path() / "token", "Bearer abc\n", 0600));
  set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", (directory_.path() / "token").string());
  auto credentials = AwsCredentialProvider(from(AwsSource::kAuto)).get();
  ASSERT_TRUE(credentials) << credentials.error().message;
  EXPECT_EQ(credentials->access_key, "ASIACONTAINER");
  EXPECT_NEAR(static_cast<double>(credentials->expires_at), static_cast<double>(now_s() + 3600), 5);
  set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/v2/x");
  credentials = AwsCredentialProvider(from(AwsSource::kContainer)).get();
  ASSERT_FALSE(credentials);
  EXPECT_THAT(credentials.error().message, HasSubstr("neither HTTPS nor an address of this"));
}

TEST_F(AwsCredentialsTest, ContainerAddressesThatMayBeAsked) {
  for (const char* good : {"https://anywhere/x", "http://127.0.0.1:80/x", "http://localhost/x",
                           "http://169.254.170.2/x", "http://169.254.170.23:80/x",
                           "http://[fd00:ec2::23]/x", "http://[::1]:8080"}) {
    EXPECT_TRUE(is_container_url_allowed(good)) << good;
  }
  for (const char* bad : {"http://192.0.2.1/", "http://169.254.170.21/", "http://localhost.evil/",
                          "http://127.0.0.1@192.0.2.1/", "ftp://127.0.0.1/", ""}) {
    EXPECT_FALSE(is_container_url_allowed(bad)) << bad;
  }
}

TEST_F(AwsCredentialsTest, FromTheInstanceByVersion2AndRenewedInTime) {
  std::atomic<std::int64_t> expires_in_s{3600};
  std::atomic<bool> is_down{false};
  RawServer server([&](int fd, const std::string& request) {
    return is_down ? RawServer::reset(fd) : answer_as_imds(fd, request, expires_in_s);
  });
  set("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
  AwsCredentialProvider provider(from(AwsSource::kAuto));
  auto credentials = provider.get();
  ASSERT_TRUE(credentials) << credentials.error().message;
  EXPECT_EQ(credentials->access_key, "ASIAINSTANCE");
  EXPECT_EQ(credentials->session_token, "t");
  EXPECT_EQ(credentials->source, "the instance's role my-role");
  EXPECT_TRUE(provider.get());
  EXPECT_EQ(server.requests().size(), 3U) << "valid for an hour: asked once";
  provider.forget();
  expires_in_s = 60;
  EXPECT_TRUE(provider.get());
  EXPECT_TRUE(provider.get());
  EXPECT_EQ(server.requests().size(), 9U) << "about to end: asked each time";
  is_down = true;
  EXPECT_TRUE(provider.get()) << "what is still valid is used";
  provider.forget();
  EXPECT_FALSE(provider.get());
}

TEST_F(AwsCredentialsTest, FromSecretsOfTheConfiguration) {
  set("PIXEL_TEST_ACCESS", "AKIACONFIG");
  set("PIXEL_TEST_SECRET", "config-secret");
  const auto reader = base::ConfigReader::from_text(
      "credentials = \"instance\"\naccess_key = \"env:PIXEL_TEST_ACCESS\"\n"
      "secret_key = \"env:PIXEL_TEST_SECRET\"\n",
      "t");
  auto root = reader->root();
  AwsCredentialSettings settings;
  read_aws_credential_settings(root, settings);
  ASSERT_TRUE(reader->errors().empty()) << reader->errors()[0];
  EXPECT_EQ(settings.source, AwsSource::kInstance);
  const auto credentials = AwsCredentialProvider(settings).get();
  ASSERT_TRUE(credentials) << credentials.error().message;
  EXPECT_EQ(credentials->access_key, "AKIACONFIG");
  EXPECT_EQ(credentials->secret_key, "config-secret");
  EXPECT_EQ(credentials->source, "env:PIXEL_TEST_ACCESS");
}

TEST_F(AwsCredentialsTest, HalfAPairInTheConfigurationIsAnError) {
  const auto reader = base::ConfigReader::from_text("access_key = \"env:A\"\n", "t");
  auto root = reader->root();
  AwsCredentialSettings settings;
  read_aws_credential_settings(root, settings);
  ASSERT_EQ(reader->errors().size(), 1U);
  EXPECT_THAT(reader->errors()[0], HasSubstr("access_key and secret_key together"));
}

TEST_F(AwsCredentialsTest, NoneAnywhereNamesEveryPlace) {
  const auto credentials = AwsCredentialProvider(from(AwsSource::kAuto)).get();
  ASSERT_FALSE(credentials);
  for (const char* part : {"env: AWS_ACCESS_KEY_ID", "file: ", "container: neither",
                           "instance: PUT http://127.0.0.1:1"}) {
    EXPECT_THAT(credentials.error().message, HasSubstr(part));
  }
  set("AWS_EC2_METADATA_DISABLED", "true");
  const auto disabled = AwsCredentialProvider(from(AwsSource::kInstance)).get();
  ASSERT_FALSE(disabled);
  EXPECT_THAT(disabled.error().message, HasSubstr("AWS_EC2_METADATA_DISABLED"));
}

TEST_F(AwsCredentialsTest, AnswersThatAreNone) {
  for (const char* bad :
       {"", "[]", "{}", "{\"AccessKeyId\":\"a\"}", "{\"AccessKeyId\":1,\"SecretAccessKey\":\"b\"}",
        "{\"Code\":\"Failed\",\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\"}",
        "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\",\"Expiration\":\"never\"}"}) {
    EXPECT_FALSE(parse_aws_json(bad)) << bad;
  }
  const auto forever = parse_aws_json("{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\"}");
  ASSERT_TRUE(forever);
  EXPECT_EQ(forever->expires_at, 0);
  const auto dated = parse_aws_json(
      "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\",\"Expiration\":\"2026-11-20T18:52:00Z\"}");
  ASSERT_TRUE(dated);
  EXPECT_EQ(base::format_iso8601(dated->expires_at), "2026-11-20T18:52:00Z");
}

}  // namespace
}  // namespace pixel::shipper
