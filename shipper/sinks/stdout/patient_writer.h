// SPDX-License-Identifier: Apache-2.0
// Writes to a pipe at its reader's pace, without waiting forever for one that stands still. COLD;
// one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace pixel::shipper {

class PatientWriter {
 public:
  explicit PatientWriter(int fd) : fd_(fd) {}

  enum class End : std::uint8_t {
    kWritten,  // All of it.
    kStalled,  // Nothing was taken for the whole time-out.
    kClosed,   // The reader is gone (EPIPE): nothing will ever be taken.
    kFailed,   // error() says why.
  };
  /// Adds the bytes that were taken to `written`, whatever the end.
  End write(std::string_view bytes, std::uint64_t stall_timeout_ns, std::size_t& written);
  /// Of the last write.
  int error() const noexcept { return error_; }

 private:
  const int fd_;
  int error_ = 0;
};

}  // namespace pixel::shipper
