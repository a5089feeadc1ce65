// SPDX-License-Identifier: Apache-2.0
// A whole run: starts the threads, shows progress, takes SIGINT and SIGTERM, adds up. COLD.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/result.h"
#include "tools/pixel_load/counts.h"
#include "tools/pixel_load/histogram.h"
#include "tools/pixel_load/plan.h"

namespace pixel::load {

struct RunResult {
  std::unique_ptr<Counts> counts = std::make_unique<Counts>();
  Histogram latency;         // Nanoseconds, of measured answers.
  Histogram send_delay;      // Open loop: nanoseconds from the intended time to the sending.
  double seconds = 0;        // From the end of the warm-up to the last measured answer.
  double cpu_seconds = 0;    // User and system, of this process.
  std::string error;         // Of a thread or of the ids file; empty when there was none.
  bool interrupted = false;  // Ended by a signal.

  double rate() const noexcept;
  /// At least one answer, none malformed, no error.
  bool good() const noexcept;
};

/// `plan.options.io` "auto" becomes the name of what this machine can do.
void choose_io(Plan& plan);

/// Blocks until the run has ended. Threads end early once `stop` is true.
RunResult run(const Plan& plan, std::atomic<bool>& stop);

/// run(), ended early also by SIGINT and SIGTERM, which stay blocked in the process.
RunResult run_with_signals(const Plan& plan);

}  // namespace pixel::load
