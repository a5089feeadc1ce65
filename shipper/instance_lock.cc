// SPDX-License-Identifier: Apache-2.0
// See instance_lock.h. COLD.
#include "shipper/instance_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/clock.h"
#include "base/file.h"

namespace pixel::shipper {

namespace {

constexpr useconds_t kLookAgainUs = 50'000;

// flock(2), again and again until the time is over.
bool try_lock(int fd, std::uint64_t wait_ns) {
  const std::uint64_t until_ns = base::monotonic_ns() + wait_ns;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || base::monotonic_ns() >= until_ns) return false;
    ::usleep(kLookAgainUs);
  }
  return true;
}

}  // namespace

base::Result<InstanceLock> InstanceLock::acquire(const std::filesystem::path& state,
                                                 std::uint64_t wait_ns) {
  if (auto status = base::create_directories(state); !status) return status.error();
  const auto path = state / "lock";
  auto fd = base::open_file(path, O_RDWR | O_CREAT, 0644);
  if (!fd) return fd.error();
  if (!try_lock(fd->get(), wait_ns)) {
    if (errno != EWOULDBLOCK) return base::errno_error("lock", path, errno);
    const auto holder = base::read_file(path);
    return base::Error{
        fmt::format("another pixel-shipper{} works on {}; stop it, or give this one "
                    "a [state] path of its own (two on one spool: only one may have "
                    "retention.enabled = true)",
                    holder && !holder->empty() ? " (pid " + *holder + ")" : "", state.string())};
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(fd->get(), 0) != 0) return base::errno_error("write", path, errno);
  if (auto status = base::write_all(fd->get(), pid, path); !status) return status.error();
  return InstanceLock(std::move(fd).value());
}

}  // namespace pixel::shipper
