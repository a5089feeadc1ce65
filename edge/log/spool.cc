// SPDX-License-Identifier: Apache-2.0
// COLD: see spool.h.
#include "edge/log/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "base/file.h"

namespace pixel::edge {

base::Status create_spool(const Spool& spool) {
  if (auto made = base::create_directories(spool.active()); !made) return made;
  return base::create_directories(spool.sealed());
}

base::Result<SpoolLock> SpoolLock::acquire(const Spool& spool, std::uint64_t timeout_ns) {
  auto fd = base::open_file(spool.lock_file(), O_RDWR | O_CREAT);
  if (!fd) return fd.error();
  const std::uint64_t deadline_ns = base::monotonic_ns() + timeout_ns;
  while (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return base::errno_error("lock", spool.lock_file(), errno);
    }
    if (base::monotonic_ns() >= deadline_ns) {
      return base::Error{fmt::format("{} is locked: another process is starting on this spool",
                                     spool.lock_file().string())};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return SpoolLock(std::move(*fd));
}

SpoolLock::~SpoolLock() {
  // Said in so many words: a thread with its own descriptor table may hold a copy of this one, and
  // closing ours alone would then keep the lock.
  if (fd_) ::flock(fd_.get(), LOCK_UN);
}

}  // namespace pixel::edge
