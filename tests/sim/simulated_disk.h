// SPDX-License-Identifier: Apache-2.0
// The disk of a simulated ring: writes with their sync that take their time, fall short, or fail.
//
// A file holds what is durable and nothing else: bytes get there when their write completes, not
// when it was submitted. So whoever reads the file sees what a loss of power would leave, and
// memory that was given back or written over too early shows as a wrong line.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>

#include "base/prng.h"

namespace pixel::sim {

class SimulatedDisk {
 public:
  SimulatedDisk() = default;
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;
  ~SimulatedDisk();

  // --- What a test arranges.
  bool silent = false;  // No write completes.
  int error = 0;        // errno of every write that completes.
  bool no_more_files = false;

  std::size_t writes_under_way() const { return writes_.size(); }
  std::size_t open_files() const { return files_.size(); }
  std::uint64_t writes_done() const { return writes_done_; }

  // --- What the ring asks for.
  static bool is_file(int fd) { return fd >= kFirstFd; }
  int open(int folder, const char* name);
  void close(int fd);
  void submit(const io_uring_sqe& entry);
  /// Completes writes; with `dice` late, short, failed and in any order, else all of them at once.
  void progress(base::Prng* dice,
                const std::function<void(std::uint64_t data, int result)>& complete);

 private:
  static constexpr int kFirstFd = 1'000'000;

  int write(const io_uring_sqe& entry, base::Prng* dice);

  std::map<int, int> files_;  // To the system's descriptor.
  std::deque<io_uring_sqe> writes_;
  std::uint64_t writes_done_ = 0;
  int next_fd_ = kFirstFd;
};

}  // namespace pixel::sim
