// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>

namespace pixel::base {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "file_test.XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(FileTest, WritesAndReadsBack) {
  const fs::path path = folder_ / "x";
  for (const std::size_t bytes : {0U, 1U, 65'536U, 200'001U}) {
    std::string content(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) content[i] = static_cast<char>(i * 31);
    ASSERT_TRUE(write_file_atomic(path, content).ok());
    EXPECT_EQ(*read_file(path), content);
  }
  EXPECT_EQ(*list_directory(folder_), std::vector<std::string>{"x"}) << "no temporary file is left";
}

TEST_F(FileTest, ModeOfANewFile) {
  const fs::path path = folder_ / "secret";
  ASSERT_TRUE(write_file_atomic(path, "k", 0600).ok());
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(FileTest, WhatACrashLeftLendsNothingToTheNewFile) {
  const fs::path path = folder_ / "secret";
  auto left = open_file(folder_ / "secret.tmp", O_WRONLY | O_CREAT, 0644);
  ASSERT_TRUE(left.ok());
  ASSERT_TRUE(write_all(left->get(), "old and longer", path).ok());
  ASSERT_TRUE(write_file_atomic(path, "k", 0600).ok());
  EXPECT_EQ(*read_file(path), "k");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(FileTest, ErrorsNamePathAndCause) {
  const std::string missing = (folder_ / "missing").string();
  EXPECT_EQ(read_file(missing).error().message,
            "cannot open " + missing + ": No such file or directory");
  EXPECT_EQ(write_file_atomic(missing + "/x", "").error().message,
            "cannot create " + missing + "/x.tmp: No such file or directory");
  EXPECT_EQ(list_directory(missing).error().message,
            "cannot read " + missing + ": No such file or directory");
  EXPECT_EQ(read_file(folder_).error().message,
            "cannot read " + folder_.string() + ": Is a directory");
  EXPECT_EQ(sync_directory(missing).error().message,
            "cannot open " + missing + ": No such file or directory");
  EXPECT_EQ(errno_error("eat", "/x", EPERM).message, "cannot eat /x: Operation not permitted");
}

TEST_F(FileTest, AFailedWriteLeavesTheOldFileAndNoOther) {
  const fs::path path = folder_ / "target";
  fs::create_directory(path);
  EXPECT_FALSE(write_file_atomic(path, "new").ok()) << "a file does not replace a folder";
  EXPECT_TRUE(fs::is_directory(path));
  EXPECT_EQ(*list_directory(folder_), std::vector<std::string>{"target"});
}

TEST_F(FileTest, WriteAllToAFullDevice) {
  auto full = open_file("/dev/full", O_WRONLY);
  ASSERT_TRUE(full.ok());
  EXPECT_EQ(write_all(full->get(), "x", "/dev/full").error().message,
            "cannot write /dev/full: No space left on device");
  EXPECT_TRUE(write_all(full->get(), "", "/dev/full").ok());
}

TEST_F(FileTest, Directories) {
  const fs::path deep = folder_ / "a" / "b" / "c";
  EXPECT_TRUE(base::create_directories(deep).ok());
  EXPECT_TRUE(base::create_directories(deep).ok()) << "fine when it exists";
  ASSERT_TRUE(write_file_atomic(folder_ / "z", "").ok());
  EXPECT_EQ(*list_directory(folder_), (std::vector<std::string>{"a", "z"}));
  EXPECT_FALSE(base::create_directories(folder_ / "z" / "y").ok());
}

TEST_F(FileTest, ARelativeName) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  EXPECT_TRUE(write_file_atomic("plain", "1").ok());
  EXPECT_EQ(*read_file("plain"), "1");
  fs::current_path(before);
}

// A reader sees the old or the new bytes, never a part.
TEST_F(FileTest, ReadersSeeWholeFiles) {
  const fs::path path = folder_ / "x";
  const std::string contents[] = {std::string(10'000, 'a'), std::string(20'000, 'b')};
  ASSERT_TRUE(write_file_atomic(path, contents[0]).ok());
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done.load()) {
      const auto seen = read_file(path);
      ASSERT_TRUE(seen.ok());
      ASSERT_TRUE(*seen == contents[0] || *seen == contents[1]);
    }
  });
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(write_file_atomic(path, contents[i % 2]).ok());
  done.store(true);
  reader.join();
}

TEST_F(FileTest, OpenedFilesAreNotInherited) {
  auto opened = open_file(folder_ / "x", O_RDWR | O_CREAT);
  ASSERT_TRUE(opened.ok());
  EXPECT_NE(::fcntl(opened->get(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace pixel::base
