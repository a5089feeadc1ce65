// SPDX-License-Identifier: Apache-2.0
// Keeps two shippers off the same state directory: flock(2) on <state>/lock, held until destruction
// or death. COLD.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "base/unique_fd.h"

namespace pixel::shipper {

class InstanceLock {
 public:
  /// Creates the directory if needed. An error that names the holder's pid where it is still held
  /// after `wait_ns`.
  static base::Result<InstanceLock> acquire(const std::filesystem::path& state,
                                            std::uint64_t wait_ns = 0);

 private:
  explicit InstanceLock(base::UniqueFd fd) : fd_(std::move(fd)) {}
  base::UniqueFd fd_;
};

}  // namespace pixel::shipper
