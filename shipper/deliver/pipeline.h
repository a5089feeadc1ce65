// SPDX-License-Identifier: Apache-2.0
// The core of one sink: follow, decode, batch, deliver, retry. A state machine over small
// interfaces (SegmentStore, Sink, DeadLetterLog, a clock): the runner steps it on a thread, a
// simulation with a seed.
//
// Writers and readers: one thread steps; any thread reads status().
// Invariants:
//  1. At most one batch is under way; nothing is read while it is not acked.
//  2. Ranges of a lane are delivered in order and without a gap that is not counted as missing.
//  3. A batch's dead letters are durable before the batch is given to the sink.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "shipper/batch/batcher.h"
#include "shipper/deliver/dead_letter.h"
#include "shipper/deliver/retry.h"
#include "shipper/sinks/sink.h"
#include "shipper/tail/catalogue.h"
#include "shipper/tail/follower.h"

namespace pixel::shipper {

struct PipelineOptions {
  std::string name;
  BatchLimits limits;
  RetryLimits retry;
  std::uint64_t maintain_every_ns = 2 * base::kSecondNs;
  std::size_t chunk_bytes = base::kMiB;
  std::uint64_t failures_max = 0;  // In a row, then the pipeline gives up; 0: never.
  std::uint64_t seed = 0;          // Of the jitter.
};

enum class PipelineState : std::uint8_t {
  kOpening,   // The sink has not been opened yet.
  kRunning,   //
  kRetrying,  // The last attempt failed; the same batch is tried again.
  kRejected,  // The sink refuses the batch: an operator is needed. Tried again, slowly.
  kStopped,   // Ended as asked.
  kFailed,    // Gave up (failures_max).
};
std::string_view pipeline_state_name(PipelineState state) noexcept;

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
};

class Pipeline {
 public:
  using Clock = std::function<std::uint64_t()>;

  /// All references outlive it.
  Pipeline(PipelineOptions options, BatchContent content, Sink& sink, SegmentStore& store,
           DeadLetterLog& dead_letters, Clock now_ns);

  /// What the caller should do before the next step.
  struct Next {
    enum class Kind : std::uint8_t { kStep, kWait, kDone };
    Kind kind = Kind::kStep;
    std::uint64_t wait_until_ns = 0;  // kWait: or until the catalogue changes.
  };
  Next step(const CatalogueSnapshot& catalogue);

  enum class Ending : std::uint8_t {
    kNever,
    kWhenDrained,  // When all that is published is delivered.
    kNow,          // What was read is delivered; nothing more is read.
  };
  void end(Ending ending) { ending_ = ending; }

  /// Closes the sink, if it was opened. The last call, after kDone or instead of further steps:
  /// until then other threads may still ask the sink.
  void close();

  PipelineStatus status() const;
  const PipelineOptions& options() const noexcept { return options_; }

 private:
  Next open(std::uint64_t now_ns);
  Next gather(const CatalogueSnapshot& catalogue, std::uint64_t now_ns);
  Next begin_batch(FlushReason reason);
  Next deliver(std::uint64_t now_ns);
  Next idle(std::uint64_t now_ns);
  Next finish(PipelineState state);
  Next failed(PipelineState state, std::string reason);
  void acked();
  void forget_old_lanes(const CatalogueSnapshot& catalogue);
  void publish_follower();

  const PipelineOptions options_;
  const BatchContent content_;
  Sink& sink_;
  SegmentStore& store_;
  DeadLetterLog& dead_letters_;
  const Clock now_ns_;
  base::Prng prng_;

  std::optional<Follower> follower_;
  std::optional<Batcher> batcher_;
  std::optional<Batch> batch_;  // Under way.
  bool letters_written_ = false;
  bool done_ = false;
  Ending ending_ = Ending::kNever;
  std::uint64_t retry_at_ns_ = 0;
  std::uint64_t maintain_at_ns_ = 0;
  std::uint64_t idle_poll_ns_ = 0;
  std::uint64_t seen_version_ = 0;

  mutable std::mutex mutex_;
  PipelineStatus status_;  // Guarded by mutex_.
};

}  // namespace pixel::shipper
