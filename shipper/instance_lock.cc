// SPDX-License-Identifier: Apache-2.0
// See instance_lock.h. COLD.
#include "shipper/instance_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"

namespace pixel::shipper {

base::Result<InstanceLock> InstanceLock::acquire(const std::filesystem::path& state) {
  if (auto status = base::create_directories(state); !status) return status.error();
  const auto path = state / "lock";
  auto fd = base::open_file(path, O_RDWR | O_CREAT, 0644);
  if (!fd) return fd.error();
  if (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return base::errno_error("cannot lock", path, errno);
    const auto holder = base::read_file(path);
    return base::Error{
        fmt::format("another pixel-shipper{} works on {}; stop it, or give this one "
                    "a [state] path of its own (two on one spool: only one may have "
                    "retention.enabled = true)",
                    holder && !holder->empty() ? " (pid " + *holder + ")" : "", state.string())};
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(fd->get(), 0) != 0) return base::errno_error("cannot write", path, errno);
  if (auto status = base::write_all(fd->get(), pid, path); !status) return status.error();
  return InstanceLock(std::move(fd).value());
}

}  // namespace pixel::shipper
