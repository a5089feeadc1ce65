// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "shipper/config.h"

namespace pixel::shipper {
namespace {

constexpr std::string_view kSink = "[[sink]]\nname = \"x\"\nkind = \"file\"\npath = \"/x\"\n";

struct Loaded {
  Config config;
  std::vector<std::string> errors;
};

Loaded load(const std::string& sources) {
  const auto reader = base::ConfigReader::from_text(sources + std::string(kSink), "s.toml");
  Loaded loaded{read_config(*reader), {}};
  loaded.errors = reader->errors();
  return loaded;
}

TEST(SourceConfig, SmallestSourcesHaveTheDefaults) {
  const auto loaded = load(
      "[[source]]\nname = \"bucket\"\nkind = \"cloudfront\"\npath = \"/srv/cf/\"\n"
      "[[source]]\nname = \"nginx\"\nkind = \"tail\"\npath = \"/var/log/nginx/a.log*\"\n");
  EXPECT_EQ(loaded.errors, std::vector<std::string>());
  ASSERT_EQ(loaded.config.sources.size(), 2U);
  const SourceOptions& bucket = loaded.config.sources[0];
  EXPECT_EQ(bucket.kind, SourceKind::kCloudfront);
  EXPECT_EQ(bucket.directory, "/srv/cf");
  EXPECT_EQ(bucket.pattern, "*");
  EXPECT_TRUE(bucket.recursive);
  EXPECT_EQ(bucket.delete_after_ns, 0U);
  const SourceOptions& nginx = loaded.config.sources[1];
  EXPECT_EQ(nginx.kind, SourceKind::kTail);
  EXPECT_EQ(nginx.directory, "/var/log/nginx");
  EXPECT_EQ(nginx.pattern, "a.log*");
  EXPECT_FALSE(nginx.recursive);
  EXPECT_EQ(nginx.settle_ns, 10 * base::kSecondNs);
  EXPECT_FALSE(nginx.from_end);
}

TEST(SourceConfig, EveryKeyIsTaken) {
  const auto loaded = load(
      "[[source]]\nname = \"n\"\nkind = \"tail\"\npath = \"/l\"\nrecursive = true\n"
      "settle = \"1s\"\nrescan = \"2s\"\nstart = \"end\"\ndelete_after = \"3d\"\n"
      "remember = \"4d\"\n");
  EXPECT_EQ(loaded.errors, std::vector<std::string>());
  const SourceOptions& source = loaded.config.sources.at(0);
  EXPECT_TRUE(source.recursive);
  EXPECT_TRUE(source.from_end);
  EXPECT_EQ(source.settle_ns, base::kSecondNs);
  EXPECT_EQ(source.rescan_ns, 2 * base::kSecondNs);
  EXPECT_EQ(source.delete_after_ns, 3 * 24 * 3600 * base::kSecondNs);
  EXPECT_EQ(source.remember_ns, 4 * 24 * 3600 * base::kSecondNs);
}

TEST(SourceConfig, ErrorsSayWhatWasExpected) {
  const auto error_of = [](const std::string& lines) {
    const auto errors = load("[[source]]\n" + lines).errors;
    return errors.size() == 1 ? errors[0] : std::to_string(errors.size()) + " errors";
  };
  const std::string good = "name = \"n\"\nkind = \"tail\"\n";
  EXPECT_NE(error_of(good).find("expected an absolute path of a folder"), std::string::npos);
  EXPECT_NE(error_of(good + "path = \"x/y\"\n").find("source.path: expected an absolute path"),
            std::string::npos);
  EXPECT_NE(error_of(good + "path = \"/a*/b\"\n").find("wildcards in the last part only"),
            std::string::npos);
  EXPECT_NE(error_of(good + "path = \"/var/spool/pixeledge/sealed\"\n")
                .find("a folder apart from the shipper's own /var/spool/pixeledge"),
            std::string::npos);
  EXPECT_NE(error_of(good + "path = \"/l\"\nstart = \"middle\"\n").find("\"beginning\""),
            std::string::npos);
  EXPECT_NE(error_of(good + "path = \"/l\"\nsetle = \"1s\"\n").find("settle"), std::string::npos);
  EXPECT_NE(error_of("name = \"N\"\nkind = \"tail\"\npath = \"/l\"\n").find("lower case letters"),
            std::string::npos);
  EXPECT_NE(error_of("name = \"n\"\npath = \"/l\"\n").find("\"cloudfront\" or \"tail\""),
            std::string::npos);
}

}  // namespace
}  // namespace pixel::shipper
