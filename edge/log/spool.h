// SPDX-License-Identifier: Apache-2.0
// Where the log lives: the folders and files of one spool, and the lock of those who change who
// owns what in it. COLD.
//
//   <root>/active/   segments being written, control pages
//   <root>/sealed/   finished segments, manifests, boot ledgers
//   <root>/boot      the last boot number given away
//   <root>/lock      held while a process starts: identity, recovery, control page
#pragma once

#include <filesystem>

#include "base/result.h"
#include "base/unique_fd.h"

namespace pixel::edge {

struct Spool {
  std::filesystem::path root;

  std::filesystem::path active() const { return root / "active"; }
  std::filesystem::path sealed() const { return root / "sealed"; }
  std::filesystem::path boot_file() const { return root / "boot"; }
  std::filesystem::path lock_file() const { return root / "lock"; }
};

/// Creates the folders of a spool where they are missing.
base::Status create_spool(const Spool& spool);

/// flock(LOCK_EX) on the spool's lock file: one process at a time takes a boot number, recovers
/// what dead ones left and makes its control page. Move-only; released on destruction.
class SpoolLock {
 public:
  /// Waits up to `timeout_ns` for another starting process, then gives an error that says so.
  static base::Result<SpoolLock> acquire(const Spool& spool, std::uint64_t timeout_ns);

  SpoolLock(SpoolLock&&) noexcept = default;
  SpoolLock& operator=(SpoolLock&&) = delete;
  ~SpoolLock();

 private:
  explicit SpoolLock(base::UniqueFd fd) noexcept : fd_(std::move(fd)) {}
  base::UniqueFd fd_;
};

}  // namespace pixel::edge
