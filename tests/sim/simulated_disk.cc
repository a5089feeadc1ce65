// SPDX-License-Identifier: Apache-2.0
// See simulated_disk.h.
#include "tests/sim/simulated_disk.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/assert.h"

namespace pixel::sim {
namespace {

// What write(2) and fdatasync(2) may say of a file whose blocks are reserved.
constexpr int kWriteErrors[] = {EIO, ENOSPC, EDQUOT, EINTR, EAGAIN, ENOMEM};

}  // namespace

SimulatedDisk::~SimulatedDisk() {
  for (const auto& [fd, own] : files_) ::close(own);
}

int SimulatedDisk::open(int folder, const char* name) {
  if (no_more_files) return -EMFILE;
  const int own = ::openat(folder, name, O_WRONLY | O_CLOEXEC);
  if (own < 0) return -errno;
  files_[next_fd_] = own;
  return next_fd_++;
}

void SimulatedDisk::close(int fd) {
  for (const io_uring_sqe& write : writes_) CHECK(write.fd != fd);
  ::close(files_.at(fd));
  files_.erase(fd);
}

void SimulatedDisk::submit(const io_uring_sqe& entry) {
  CHECK(entry.rw_flags == RWF_DSYNC && entry.len != 0);
  CHECK(files_.count(entry.fd) == 1);
  writes_.push_back(entry);
}

int SimulatedDisk::write(const io_uring_sqe& entry, base::Prng* dice) {
  if (error != 0) return -error;
  if (dice != nullptr && dice->chance(1, 40)) {
    return -kWriteErrors[dice->below(std::size(kWriteErrors))];
  }
  std::size_t count = entry.len;
  if (dice != nullptr && dice->chance(1, 10)) count = 1 + dice->below(count);
  const auto* bytes = reinterpret_cast<const char*>(entry.addr);
  const ssize_t written =
      ::pwrite(files_.at(entry.fd), bytes, count, static_cast<off_t>(entry.off));
  CHECK(written == static_cast<ssize_t>(count));
  return static_cast<int>(count);
}

void SimulatedDisk::progress(base::Prng* dice,
                             const std::function<void(std::uint64_t data, int result)>& complete) {
  if (silent) return;
  for (std::size_t left = writes_.size(); left != 0; --left) {
    const io_uring_sqe entry = writes_.front();
    writes_.pop_front();
    if (dice != nullptr && !dice->chance(1, 4)) {
      writes_.push_back(entry);  // Not yet; the others may overtake it.
      continue;
    }
    ++writes_done_;
    complete(entry.user_data, write(entry, dice));
  }
}

}  // namespace pixel::sim
