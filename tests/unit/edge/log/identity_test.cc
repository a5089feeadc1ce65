// SPDX-License-Identifier: Apache-2.0
// Boot numbers never come twice; the node key is made once and kept.
#include "edge/log/identity.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/unit/edge/log/log_fixture.h"

namespace pixel::edge {
namespace {

using ::testing::HasSubstr;

struct IdentityTest : public ::testing::Test {
  TempFolder folder;
  Spool spool{folder.path()};
};

TEST_F(IdentityTest, BootIsTheTimeOrTheNextNumber) {
  EXPECT_EQ(*take_boot_number(spool, 1000), 1000U);
  EXPECT_EQ(*take_boot_number(spool, 1000), 1001U);  // Restarted within the second.
  EXPECT_EQ(*take_boot_number(spool, 900), 1002U);   // The clock went back.
  EXPECT_EQ(*take_boot_number(spool, 5000), 5000U);
}

TEST_F(IdentityTest, AnEmptiedSpoolStillGrows) {
  EXPECT_EQ(*take_boot_number(spool, 1000), 1000U);
  std::filesystem::remove(spool.boot_file());
  EXPECT_EQ(*take_boot_number(spool, 1001), 1001U);
}

TEST_F(IdentityTest, ADamagedBootFileIsAnError) {
  for (const char* text : {"", "x", "12x", "-1", "4294967295", "99999999999"}) {
    ASSERT_TRUE(base::write_file_atomic(spool.boot_file(), text).ok());
    const auto boot = take_boot_number(spool, 1000);
    ASSERT_FALSE(boot.ok()) << text;
    EXPECT_THAT(boot.error().message, HasSubstr("holds no boot number"));
  }
}

TEST_F(IdentityTest, TheKeyIsMadeOnceForItsOwnerOnly) {
  const auto path = folder.path() / "state" / "node.key";
  const auto first = load_or_create_node_key(path);
  ASSERT_TRUE(first.ok());
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(info.st_size, 16);
  EXPECT_EQ(*load_or_create_node_key(path), *first);
  const auto other = load_or_create_node_key(folder.path() / "other.key");
  EXPECT_NE(*other, *first);
}

TEST_F(IdentityTest, AKeyOfAnotherSizeIsNeverReplaced) {
  const auto path = folder.path() / "node.key";
  ASSERT_TRUE(base::write_file_atomic(path, "short").ok());
  const auto key = load_or_create_node_key(path);
  ASSERT_FALSE(key.ok());
  EXPECT_THAT(key.error().message, HasSubstr("holds 5 bytes: a node key has 16"));
  EXPECT_EQ(*base::read_file(path), "short");
}

TEST_F(IdentityTest, OneStartingProcessAtATime) {
  {
    const auto first = SpoolLock::acquire(spool, 0);
    ASSERT_TRUE(first.ok());
    const auto second = SpoolLock::acquire(spool, 20'000'000);
    ASSERT_FALSE(second.ok());
    EXPECT_THAT(second.error().message, HasSubstr("another process is starting"));
  }
  EXPECT_TRUE(SpoolLock::acquire(spool, 0).ok());
}

}  // namespace
}  // namespace pixel::edge
