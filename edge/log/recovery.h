// SPDX-License-Identifier: Apache-2.0
// What dead processes left in a spool becomes sealed segments and closed books. COLD: at start,
// before workers and keeper.
//
// Every step is idempotent: killed anywhere, the next start completes it. Files of a process that
// lives (its control page is locked) and of another format version are never touched.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "edge/log/spool.h"
#include "logfmt/request_id.h"

namespace pixel::edge {

struct RecoveryOptions {
  Spool spool;
  std::string distribution;                         // In sealed file names.
  const logfmt::RequestIdCipher* cipher = nullptr;  // The node's; reads sequences out of lines.
  /// Called after each step that changed the disk; tests end the process there. May be empty.
  std::function<void()> after_step;
};

struct RecoveryReport {
  std::uint64_t sealed_segments = 0;
  std::uint64_t lines = 0;               // In them.
  std::uint64_t discarded_segments = 0;  // Without a whole line: unlinked.
  std::uint64_t torn_tail_bytes = 0;     // Cut off after the last whole line.
  std::uint64_t holes = 0;               // Filled.
  std::uint64_t hole_bytes = 0;
  std::uint64_t boots = 0;            // Process lives whose books were closed.
  std::vector<std::string> problems;  // Files that stay as they are, and why.
};

/// Recovers the spool. An error only where its folders cannot be read; trouble with one file is a
/// problem in the report and leaves that file for the next start.
/// REQUIRES: the SpoolLock is held.
base::Result<RecoveryReport> recover_spool(const RecoveryOptions& options);

}  // namespace pixel::edge
