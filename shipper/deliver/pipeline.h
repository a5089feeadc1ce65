// SPDX-License-Identifier: Apache-2.0
// The core of one sink: follow, decode, batch, deliver. A state machine over small interfaces
// (SegmentStore, Sink, DeadLetterLog, Journal, Dispatcher, a clock): the runner steps it on a
// thread, a simulation with a seed. Deliveries has what happens to a batch once it is cut.
//
// Writers and readers: one thread steps; any thread reads status().
// Invariants:
//  1. Ranges of a lane are delivered in order and without a gap that is not counted as missing.
//  2. What may have been sent in an earlier life (the journal's intents) is sent again as it was
//     before anything new is.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "shipper/deliver/deliveries.h"
#include "shipper/tail/catalogue.h"
#include "shipper/tail/follower.h"

namespace pixel::shipper {

class Pipeline {
 public:
  using Clock = std::function<std::uint64_t()>;

  /// All references outlive it. `journal`: REQUIRED where the sink keeps no checkpoint, and not
  /// used elsewhere. `dispatcher`: null to deliver within step().
  Pipeline(PipelineOptions options, BatchContent content, Sink& sink, SegmentStore& store,
           DeadLetterLog& dead_letters, Clock now_ns, Journal* journal = nullptr,
           Dispatcher* dispatcher = nullptr);

  /// What the caller should do before the next step.
  struct Next {
    enum class Kind : std::uint8_t { kStep, kWait, kDone };
    Kind kind = Kind::kStep;
    std::uint64_t wait_until_ns = 0;  // kWait: or until the catalogue changes, or a delivery ends.
  };
  Next step(const CatalogueSnapshot& catalogue);

  enum class Ending : std::uint8_t {
    kNever,
    kWhenDrained,  // When all that is published is delivered.
    kNow,          // What was read is delivered; nothing more is read.
  };
  void end(Ending ending) { ending_ = ending; }

  /// Waits for deliveries under way and closes the sink, if it was opened. The last call, after
  /// kDone or instead of further steps: until then other threads may still ask the sink.
  void close();

  PipelineStatus status() const { return board_.read(); }
  const PipelineOptions& options() const noexcept { return options_; }

 private:
  std::string opening_note(const Checkpoint& checkpoint);
  Batcher::WriteEarly write_early();
  Next open(std::uint64_t now_ns);
  base::Result<Checkpoint> open_parts();
  Next read_again(const CatalogueSnapshot& catalogue, std::uint64_t now_ns);
  std::string refusal_of(const Intent& intent) const;
  Next gather(const CatalogueSnapshot& catalogue, std::uint64_t now_ns);
  bool skip_gaps(std::uint64_t now_ns);
  Next begin_batch(FlushReason reason);
  Next idle(std::uint64_t now_ns);
  Next wait(std::uint64_t now_ns, std::uint64_t until_ns) const;
  Next finish(PipelineState state);
  void maintain_if_due(std::uint64_t now_ns);
  void forget_old_lanes(const CatalogueSnapshot& catalogue);
  void publish_follower();

  const PipelineOptions options_;
  const BatchContent content_;
  Sink& sink_;
  SegmentStore& store_;
  DeadLetterLog& dead_letters_;
  Journal* const journal_;
  const Clock now_ns_;
  base::Prng prng_;
  InlineDispatcher inline_;
  Dispatcher& dispatcher_;

  StatusBoard board_;
  BatchBuilder builder_;
  Deliveries deliveries_;
  std::optional<Follower> follower_;
  std::optional<Batcher> batcher_;
  Checkpoint cut_;                                // What the batcher had reached at its last cut.
  std::map<logfmt::LaneId, Position> gap_lanes_;  // Passed over at the begin of its batch.
  std::deque<Intent> again_;                      // Of an earlier life, to be read again.

  bool done_ = false;
  Ending ending_ = Ending::kNever;
  std::uint64_t failures_ = 0;     // In a row, of opening or reading again.
  std::uint64_t retry_at_ns_ = 0;  // These.
  std::uint64_t maintain_at_ns_ = 0;
  std::uint64_t idle_poll_ns_ = 0;
  std::uint64_t read_at_ns_ = 0;  // When lines came last.
  std::uint64_t seen_version_ = 0;
};

}  // namespace pixel::shipper
