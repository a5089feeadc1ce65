// SPDX-License-Identifier: Apache-2.0
// A directory of a test's own, removed at its end.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace pixel::shipper {

class TemporaryDirectory {
 public:
  TemporaryDirectory() : TemporaryDirectory(std::filesystem::temp_directory_path()) {}
  /// In memory where the system has such a place: for tests that sync thousands of times.
  static std::filesystem::path memory() {
    const bool has_it = ::access("/dev/shm", W_OK) == 0;
    return has_it ? "/dev/shm" : std::filesystem::temp_directory_path();
  }
  explicit TemporaryDirectory(const std::filesystem::path& parent) {
    std::string name = (parent / "pixel-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace pixel::shipper
