// SPDX-License-Identifier: Apache-2.0
#include "shipper/transport/secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/unit/shipper/support/temporary_directory.h"
#include "tests/unit/shipper/transport/raw_server.h"

namespace pixel::shipper {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScopedVariable;

std::string value_of(const std::string& reference) {
  const auto value = Secret(reference).read();
  return value ? *value : "error: " + value.error().message;
}

TEST(SecretTest, FormsOfReferences) {
  for (const char* good : {"env:A_b9", "file:/x", "credential:s3.secret"}) {
    EXPECT_TRUE(Secret::is_reference(good)) << good;
  }
  for (const char* bad : {"", "env:", "env:A B", "env:A=B", "file:", "file:x",
                          "credential:", "credential:../x", "ENV:A", "hunter2"}) {
    EXPECT_FALSE(Secret::is_reference(bad)) << bad;
  }
}

TEST(SecretTest, ValuesOfEachPlace) {
  TemporaryDirectory directory;
  const std::string path = (directory.path() / "secret").string();
  ASSERT_TRUE(base::write_file_atomic(path, "  s3 cret\r\n\n", 0600));
  const ScopedVariable variable("PIXEL_TEST_SECRET", "from the environment");
  const ScopedVariable credentials("CREDENTIALS_DIRECTORY", directory.path().c_str());
  EXPECT_EQ(value_of(""), "");
  EXPECT_EQ(value_of("env:PIXEL_TEST_SECRET"), "from the environment");
  EXPECT_EQ(value_of("file:" + path), "  s3 cret");
  EXPECT_EQ(value_of("credential:secret"), "  s3 cret");
}

TEST(SecretTest, WhatIsMissingSaysWhatToDo) {
  TemporaryDirectory directory;
  const std::string path = (directory.path() / "empty").string();
  ASSERT_TRUE(base::write_file_atomic(path, "\n", 0600));
  const ScopedVariable variable("PIXEL_TEST_SECRET", nullptr);
  const ScopedVariable credentials("CREDENTIALS_DIRECTORY", nullptr);
  EXPECT_THAT(value_of("env:PIXEL_TEST_SECRET"), HasSubstr("no PIXEL_TEST_SECRET: set it"));
  EXPECT_THAT(value_of("file:" + path), HasSubstr("is empty"));
  EXPECT_THAT(value_of("file:" + path + ".not"), HasSubstr("No such file"));
  EXPECT_THAT(value_of("credential:db"), HasSubstr("LoadCredential=db:"));
}

TEST(SecretTest, ASecretInTheConfigurationIsRefusedAndNotShown) {
  const auto reader =
      base::ConfigReader::from_text("a = \"env:A\"\nb = \"hunter2\"\nc = \"\"\n", "test.toml");
  auto root = reader->root();
  Secret a, b, c;
  read_secret(root, "a", a);
  read_secret(root, "b", b);
  read_secret(root, "c", c);
  root.finish();
  EXPECT_EQ(a.reference(), "env:A");
  EXPECT_FALSE(b.is_set());
  EXPECT_FALSE(c.is_set());
  ASSERT_EQ(reader->errors().size(), 1U);
  EXPECT_THAT(reader->errors()[0], HasSubstr("test.toml:2:5: b: expected where the secret lies"));
  EXPECT_THAT(reader->errors()[0], Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace pixel::shipper
