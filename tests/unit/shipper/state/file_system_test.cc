// SPDX-License-Identifier: Apache-2.0
#include "shipper/state/file_system.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

TEST(RealFileSystem, AbsentFileIsNoError) {
  TemporaryDirectory directory;
  FileSystem& files = real_file_system();
  const auto content = files.read(directory.path() / "no" / "file");
  ASSERT_TRUE(content.ok());
  EXPECT_FALSE(content->has_value());
  EXPECT_TRUE(files.list(directory.path() / "no").value().empty());
  EXPECT_TRUE(files.remove(directory.path() / "file").ok());
}

TEST(RealFileSystem, WritesWhereItIsToldAndCuts) {
  TemporaryDirectory directory;
  FileSystem& files = real_file_system();
  const auto path = directory.path() / "a" / "b" / "file";
  ASSERT_TRUE(files.create_directories(path.parent_path()).ok());
  ASSERT_TRUE(files.create_directories(path.parent_path()).ok());
  auto file = files.open(path, FileSystem::Mode::kKeep);
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE((*file)->write_at(0, "abcdef").ok());
  EXPECT_TRUE((*file)->write_at(3, "DEFG").ok());
  EXPECT_TRUE((*file)->sync().ok());
  EXPECT_EQ((*file)->size().value(), 7U);
  EXPECT_TRUE((*file)->truncate(5).ok());
  EXPECT_EQ(files.read(path).value().value(), "abcDE");
  EXPECT_EQ(files.list(path.parent_path()).value(), std::vector<std::string>{"file"});
  ASSERT_TRUE(files.open(path, FileSystem::Mode::kNew).ok());
  EXPECT_EQ(files.read(path).value().value(), "");
}

TEST(RealFileSystem, AtomicWriteReplacesAndLeavesNothingBehind) {
  TemporaryDirectory directory;
  FileSystem& files = real_file_system();
  const auto path = directory.path() / "state";
  for (const char* text : {"one", "two"}) {
    ASSERT_TRUE(write_file_atomic(files, path, text).ok());
    EXPECT_EQ(base::read_file(path).value(), text);
  }
  EXPECT_EQ(files.list(directory.path()).value().size(), 1U);
  EXPECT_FALSE(write_file_atomic(files, directory.path() / "no" / "state", "x").ok());
}

}  // namespace
}  // namespace pixel::shipper
