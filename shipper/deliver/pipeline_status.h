// SPDX-License-Identifier: Apache-2.0
// What a pipeline says of itself. Written by its thread, read by any.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/units.h"
#include "shipper/deliver/checkpoint.h"
#include "shipper/tail/follower.h"

namespace pixel::shipper {

enum class PipelineState : std::uint8_t {
  kOpening,     // The sink has not been opened yet.
  kRunning,     //
  kRetrying,    // The last attempt failed; the same batch is tried again.
  kRejected,    // The sink refuses the batch: an operator is needed. Tried again, slowly.
  kStopped,     // Ended as asked.
  kFailed,      // Gave up (failures_max).
  kUnresolved,  // What may have been sent cannot be sent again as it was: an operator is needed.
};
std::string_view pipeline_state_name(PipelineState state) noexcept;

/// Verdicts that were not kAcked, by what had to be done about them.
struct ErrorCounts {
  std::uint64_t retriable = 0;  // Given again as it was.
  std::uint64_t split = 0;      // Too large: cut in two.
  std::uint64_t row = 0;        // Rows taken out.
  std::uint64_t fatal = 0;      // An operator has to change something.
};

/// How long the batches that were taken took. Bucket i counts those of at most kBoundsNs[i]; the
/// last one the rest. Not cumulative.
struct LatencyHistogram {
  static constexpr std::array<std::uint64_t, 13> kBoundsNs = {
      1 * base::kMillisecondNs,    5 * base::kMillisecondNs,   10 * base::kMillisecondNs,
      25 * base::kMillisecondNs,   50 * base::kMillisecondNs,  100 * base::kMillisecondNs,
      250 * base::kMillisecondNs,  500 * base::kMillisecondNs, base::kSecondNs,
      2500 * base::kMillisecondNs, 5 * base::kSecondNs,        15 * base::kSecondNs,
      60 * base::kSecondNs};
  std::array<std::uint64_t, kBoundsNs.size() + 1> counts{};
  std::uint64_t sum_ns = 0;

  void add(std::uint64_t latency_ns) noexcept {
    std::size_t i = 0;
    while (i < kBoundsNs.size() && latency_ns > kBoundsNs[i]) ++i;
    ++counts[i];
    sum_ns += latency_ns;
  }
};

/// Totals of this process life, unless they are the checkpoint's.
struct PipelineStatus {
  PipelineState state = PipelineState::kOpening;
  std::shared_ptr<const Checkpoint> delivered;  // Null until opened.
  FollowerCounters follower;
  std::uint64_t batches = 0;
  std::uint64_t retries = 0;
  std::uint64_t rejections = 0;
  std::uint64_t failures_in_a_row = 0;
  std::uint64_t last_ack_ns = 0;  // By the clock; 0: none yet.
  std::uint64_t deliver_ns = 0;   // Spent in the sink.
  std::string last_error;         // "" when the last attempt was fine.

  ErrorCounts errors;
  LatencyHistogram latency;
  std::uint32_t in_flight = 0;           // deliver() calls under way.
  std::uint32_t window = 1;              // So many of them may be.
  std::uint64_t splits = 0;              // Batches cut in two.
  std::uint64_t rows_refused = 0;        // Taken out of batches by the sink's word.
  std::uint64_t dead_letters = 0;        // Written to the log, those of rows included.
  std::uint64_t unresolved_intents = 0;  // Of an earlier life, not read again yet.
  std::string opening_note;              // Damage that opening found and made good.
  std::uint64_t unresolved_errors = 0;   // Attempts to read one again that failed.
};

class StatusBoard {
 public:
  template <class Change>
  void update(Change&& change) {
    const std::lock_guard lock(mutex_);
    change(status_);
  }
  PipelineStatus read() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  mutable std::mutex mutex_;
  PipelineStatus status_;  // Guarded by mutex_.
};

}  // namespace pixel::shipper
