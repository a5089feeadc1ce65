// SPDX-License-Identifier: Apache-2.0
// The client's own books: the number of every request whose 2xx answer was received in full, one
// decimal per line, appended. One IdFile for the run, one IdWriter per thread: whole lines go out
// in one O_APPEND write each, so that threads need no lock. HOT to add, COLD to flush.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace pixel::load {

class IdFile {
 public:
  /// Appends to an existing file, creates a missing one.
  static base::Result<IdFile> open(const std::filesystem::path& path);
  int fd() const noexcept { return fd_.get(); }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  IdFile(base::UniqueFd fd, std::filesystem::path path)
      : fd_(std::move(fd)), path_(std::move(path)) {}
  base::UniqueFd fd_;
  std::filesystem::path path_;
};

class IdWriter {
 public:
  /// Writes nothing when `file` is null. REQUIRES: `file` outlives this.
  explicit IdWriter(const IdFile* file) : file_(file) {}

  void add(std::uint64_t seq);
  /// Writes out what is older than 50 ms or more than 64 KiB.
  void flush_when_due(std::uint64_t now_ns) {
    if (buffer_.empty() || (now_ns < due_ns_ && buffer_.size() < kBufferBytes)) return;
    flush(now_ns);
  }
  void flush(std::uint64_t now_ns);
  /// The first error of writing; success while there is none.
  const base::Status& status() const noexcept { return status_; }

 private:
  static constexpr std::size_t kBufferBytes = 64 * 1024;
  static constexpr std::uint64_t kFlushIntervalNs = 50'000'000;

  const IdFile* file_;
  std::string buffer_;
  std::uint64_t due_ns_ = 0;
  base::Status status_ = base::ok_status();
};

}  // namespace pixel::load
