// SPDX-License-Identifier: Apache-2.0
// What the keeper tells the admin thread. COLD.
//
// Writers and readers: the keeper's two threads add; any thread loads. The texts have a lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "logfmt/segment_name.h"

namespace pixel::edge {

/// One reading, by value.
struct KeeperStatus {
  struct Lane {
    logfmt::SegmentKind kind = logfmt::SegmentKind::kAccess;
    std::uint16_t worker = 0;
    std::size_t standby_segments = 0;
    bool has_room = false;  // A standby segment, or space left in the one being written.
  };
  std::vector<Lane> lanes;
  std::uint64_t created_segments = 0;
  std::uint64_t sealed_segments = 0;
  std::uint64_t sealed_bytes = 0;
  std::uint64_t sealed_lines = 0;
  std::uint64_t discarded_segments = 0;  // Without lines: unlinked.
  std::uint64_t unsealed_segments = 0;   // Gauge: retired, not yet sealed.
  std::uint64_t seal_errors = 0;         // Failed attempts; some are tried again.
  std::uint64_t abandoned_segments = 0;  // Left in active/ for the next start's recovery.
  std::uint64_t allocate_errors = 0;     // Attempts to make a standby segment.
  std::uint64_t pretouch_errors = 0;
  std::uint64_t passes = 0;      // Of the keeper's loop: it lives.
  std::uint64_t free_bytes = 0;  // Of the spool's file system.
  std::string last_allocate_error;
  std::string last_seal_error;
};

/// The running totals behind it.
class KeeperTotals {
 public:
  std::atomic<std::uint64_t> created_segments{0};
  std::atomic<std::uint64_t> sealed_segments{0};
  std::atomic<std::uint64_t> sealed_bytes{0};
  std::atomic<std::uint64_t> sealed_lines{0};
  std::atomic<std::uint64_t> discarded_segments{0};
  std::atomic<std::uint64_t> unsealed_segments{0};
  std::atomic<std::uint64_t> seal_errors{0};
  std::atomic<std::uint64_t> abandoned_segments{0};
  std::atomic<std::uint64_t> allocate_errors{0};
  std::atomic<std::uint64_t> pretouch_errors{0};
  std::atomic<std::uint64_t> passes{0};

  void fail_allocation(const std::string& cause);
  void fail_seal(const std::string& cause);
  /// Everything but lanes and free_bytes.
  KeeperStatus read() const;

 private:
  mutable std::mutex texts_;
  std::string last_allocate_error_;
  std::string last_seal_error_;
};

}  // namespace pixel::edge
