// SPDX-License-Identifier: Apache-2.0
// COLD: see pretouch.h.
#include "edge/log/pretouch.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "edge/log/pages.h"

namespace pixel::edge {
namespace {

// Linux 5.14; the C library of Debian 12 knows the names, older headers do not.
constexpr int kMadvPopulateRead = 22;
constexpr int kMadvPopulateWrite = 23;
// Populating is done in steps of this much, a huge page (where the window is that large).
constexpr std::uint64_t kStepBytes = kHugePageBytes;
// Write-back write-protects whole pages: that of the writer must not be among them.
constexpr std::uint64_t kWriteStepBytes = kHugePageBytes;

// A call keeps the core for a tenth to half a millisecond. A worker that waits for the core goes
// before the next one: the scheduler alone lets us go on for some milliseconds (bench/stalls).
int advise(char* begin, std::uint64_t bytes, int advice) noexcept {
  int error = 0;
  do {
    error = ::madvise(begin, bytes, advice) == 0 ? 0 : errno;
    ::sched_yield();
  } while (error == EINTR || error == EAGAIN);
  return error;
}

// REQUIRES: by is not kTouch.
int populate_by_advice(char* begin, std::uint64_t bytes, PopulateBy by) noexcept {
  int error = 0;
  for (std::uint64_t at = 0; at < bytes && error == 0; at += kStepBytes) {
    const std::uint64_t step_bytes = std::min(kStepBytes, bytes - at);
    if (by == PopulateBy::kTwoAdvices) error = advise(begin + at, step_bytes, kMadvPopulateRead);
    if (error == 0) error = advise(begin + at, step_bytes, kMadvPopulateWrite);
  }
  return error;
}

int populate(char* begin, std::uint64_t bytes, PopulateBy& by) noexcept {
  if (by != PopulateBy::kTouch) {
    const int error = populate_by_advice(begin, bytes, by);
    if (error != EINVAL) return error;
    by = PopulateBy::kTouch;
  }
  for (std::uint64_t at = 0; at < bytes; at += page_bytes()) {
    std::atomic_ref<char>(begin[at]).fetch_or(0, std::memory_order_relaxed);
  }
  return 0;
}

}  // namespace

int touch_ahead(char* base, std::uint64_t capacity, std::uint64_t position,
                std::uint64_t window_bytes, TouchState& state, PopulateBy& by) noexcept {
  // A writer that overtook the window has touched those pages itself.
  const std::uint64_t page = page_bytes();
  state.touched_end = std::max(state.touched_end, position / page * page);
  const std::uint64_t end = std::min(capacity, position + window_bytes);
  if (end <= state.touched_end) return 0;
  const std::uint64_t step_bytes = std::min(kStepBytes, window_bytes / 4);
  if (end - state.touched_end < step_bytes && end != capacity) return 0;
  const int error = populate(base + state.touched_end, end - state.touched_end, by);
  if (error == 0) state.touched_end = (end + page - 1) / page * page;
  return error;
}

void write_behind(int fd, char* base, std::uint64_t position, TouchState& state) noexcept {
  const std::uint64_t end = position / kWriteStepBytes * kWriteStepBytes;
  if (end <= state.written_end) return;
  // Writing a page that is mapped write-protects it, and for each the worker's core is interrupted
  // to forget it: 256 times per MiB, some 7 us each on a virtual machine. Letting go of all at once
  // interrupts it once. The pages stay dirty in the cache. A failure costs only time.
  advise(base + state.written_end, end - state.written_end, MADV_DONTNEED);
  // A failure shows again at sealing, by fdatasync; where the call is unknown nothing is lost.
  ::sync_file_range(fd, static_cast<off_t>(state.written_end),
                    static_cast<off_t>(end - state.written_end), SYNC_FILE_RANGE_WRITE);
  ::sched_yield();
  state.written_end = end;
}

void release_behind(char* base, std::uint64_t position, TouchState& state) noexcept {
  const std::uint64_t end = position / kWriteStepBytes * kWriteStepBytes;
  if (end <= state.written_end) return;
  advise(base + state.written_end, end - state.written_end, MADV_DONTNEED);
  state.written_end = end;
}

}  // namespace pixel::edge
