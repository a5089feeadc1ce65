// SPDX-License-Identifier: Apache-2.0
// Keeps a window of a segment's pages ahead of its writer present and writable, and starts the
// writing of finished pages behind it. COLD: the keeper's thread; nothing here may stall a worker.
//
// Why not the whole segment: after dirty_expire (30 s) or an fdatasync the kernel write-protects
// dirty pages, those touched ahead too, and the worker faults once per page all the same.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pixel::edge {

/// How one segment stands.
struct TouchState {
  std::uint64_t touched_end = 0;  // Pages before it were populated; page aligned.
  std::uint64_t written_end = 0;  // All before it was given to write-back, or freed; in huge pages.
};

/// Which system interface populates pages.
enum class PopulateBy : std::uint8_t {
  // MADV_POPULATE_READ, then MADV_POPULATE_WRITE (Linux 5.14): an error number instead of SIGBUS.
  // Of a huge page of a file each takes half of the time, a quarter of a millisecond in which a
  // kernel without preemption keeps the core; between them a worker runs that waits for it.
  kTwoAdvices,
  kAdvice,  // The second alone: private memory has nothing to read.
  kTouch,   // An atomic OR with 0 per page: never loses a byte the writer stores meanwhile.
};

/// Populates [state.touched_end, position + window) within `capacity` in whole pages. Returns errno
/// of the first failure, 0 on success. `by` becomes kTouch where the kernel knows none.
int touch_ahead(char* base, std::uint64_t capacity, std::uint64_t position,
                std::uint64_t window_bytes, TouchState& state, PopulateBy& by) noexcept;

/// Starts write-back (sync_file_range, no waiting) of whole huge pages finished before `position`.
/// Not fdatasync: that write-protects pages ahead too (append p99.9 1 us -> 32-129 us). `base` is
/// the mapping of `fd`: they are let go of it first, and come back when somebody looks at them.
void write_behind(int fd, char* base, std::uint64_t position, TouchState& state) noexcept;

/// Of private memory: gives back whole huge pages before `position`. REQUIRES: nobody reads them
/// again.
void release_behind(char* base, std::uint64_t position, TouchState& state) noexcept;

}  // namespace pixel::edge
