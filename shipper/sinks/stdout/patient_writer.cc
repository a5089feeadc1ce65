// SPDX-License-Identifier: Apache-2.0
// See patient_writer.h.
#include "shipper/sinks/stdout/patient_writer.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/units.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kFilePieceBytes = base::kMiB;

// A pipe that polls writable takes so many bytes without blocking (pipe(7)); the descriptor is
// others' too and is not made non-blocking for them.
std::size_t piece_bytes(int fd) {
  struct stat info {};
  const bool is_file = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  return is_file ? kFilePieceBytes : PIPE_BUF;
}

}  // namespace

PatientWriter::End PatientWriter::write(std::string_view bytes, std::uint64_t stall_timeout_ns,
                                        std::size_t& written) {
  const std::size_t piece = piece_bytes(fd_);
  const auto timeout_ms =
      static_cast<int>(std::min<std::uint64_t>(stall_timeout_ns / base::kMillisecondNs, INT_MAX));
  while (!bytes.empty()) {
    pollfd ready{fd_, POLLOUT, 0};
    const int polled = ::poll(&ready, 1, timeout_ms);
    if (polled == 0) return End::kStalled;
    if (polled < 0 && errno == EINTR) continue;
    const ssize_t taken = ::write(fd_, bytes.data(), std::min(bytes.size(), piece));
    if (taken < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      error_ = errno;
      return errno == EPIPE ? End::kClosed : End::kFailed;
    }
    written += static_cast<std::size_t>(taken);
    bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
  return End::kWritten;
}

}  // namespace pixel::shipper
