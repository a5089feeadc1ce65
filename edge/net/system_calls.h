// SPDX-License-Identifier: Apache-2.0
// The calls that need no queueing, shared by the rings that run on a real system. HOT.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>

#include "base/clock.h"

namespace pixel::edge {

struct SystemCalls {
  static bool peer_address(int fd, sockaddr_storage& address) noexcept {
    socklen_t bytes = sizeof address;
    return ::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &bytes) == 0;
  }
  /// shutdown(2), not the ring's operation: that one always goes through a kernel thread.
  static void shut_down_sending(int fd) noexcept { ::shutdown(fd, SHUT_WR); }
  /// Its name and blocks are in memory: it was made a moment ago.
  static int open_segment(int folder, const char* name) noexcept {
    const int fd = ::openat(folder, name, O_WRONLY | O_CLOEXEC);
    return fd >= 0 ? fd : -errno;
  }
  static std::uint64_t monotonic_ns() noexcept { return base::monotonic_ns(); }
  static std::int64_t realtime_s() noexcept {
    return static_cast<std::int64_t>(base::realtime_ns() / 1'000'000'000);
  }
};

}  // namespace pixel::edge
