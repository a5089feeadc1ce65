// SPDX-License-Identifier: Apache-2.0
// The batches of one sink between "cut" and "acked": sends them, deals with every verdict, and
// moves the checkpoint over those that are taken, in order. A state machine: the time is given to
// it, and what runs beside it comes back through the dispatcher. One sink's thread.
//
// Invariants:
//  1. At most window() batches are under way: one where the sink keeps the checkpoint.
//  2. The checkpoint moves over a batch when it and all before it are taken: never past one.
//  3. A batch's intent is durable before its first send; what changes it (a split, rows taken out)
//     before the next one.
//  4. Dead letters are durable before the checkpoint that counts them: where the sink keeps it,
//     before the batch is given to the sink, else before it is written as done.
//  5. lines = rows + filtered + dead_lettered, at any moment.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/prng.h"
#include "shipper/deliver/batch_builder.h"
#include "shipper/deliver/concurrency.h"
#include "shipper/deliver/dead_letter.h"
#include "shipper/deliver/dispatcher.h"
#include "shipper/deliver/journal.h"
#include "shipper/deliver/pipeline_options.h"
#include "shipper/deliver/pipeline_status.h"
#include "shipper/deliver/rate_limit.h"

namespace pixel::shipper {

class Deliveries {
 public:
  using Clock = std::function<std::uint64_t()>;
  /// All outlive it. `journal`: null where the sink keeps the checkpoint.
  struct Parts {
    Sink& sink;
    DeadLetterLog& dead_letters;
    Journal* journal;
    Dispatcher& dispatcher;
    BatchBuilder& builder;
    StatusBoard& board;
    Clock now_ns;
  };
  Deliveries(const PipelineOptions& options, Parts parts);

  /// `acked`: what the sink or the journal holds.
  void begin(Checkpoint acked);

  bool has_room() const noexcept { return flights_.size() < window(); }
  bool is_empty() const noexcept { return flights_.empty(); }
  bool is_flying() const noexcept { return flying_ > 0; }
  /// True where a batch that is not acked moves the lane.
  bool moves(const logfmt::LaneId& lane) const;
  void forget(const logfmt::LaneId& lane);

  /// An empty batch, in the memory of one that was acked where there is some.
  Batch take_spare() { return std::exchange(spare_, {}); }
  /// REQUIRES: has_room().
  void add(Parcel parcel);
  /// One whose intent is in the journal already.
  void add_again(std::uint64_t number, Parcel parcel);

  /// True when it did something, and should be called again at once.
  bool step(std::uint64_t now_ns);
  /// When it has something to do next, but for what the dispatcher tells; later than now.
  std::optional<std::uint64_t> wake_at_ns(std::uint64_t now_ns) const;

  /// What an intent of an earlier life suffers from; "" ends it.
  void set_unresolved(std::string error);
  /// A failure in a row more, or none.
  void count_failure();
  bool has_given_up() const noexcept;
  const Checkpoint& acked() const noexcept { return acked_; }

 private:
  struct Flight {
    enum class Stage : std::uint8_t { kWaiting, kFlying, kTaken };
    Parcel parcel;
    std::uint64_t id = 0;
    std::uint64_t number = 0;  // Of its intent; 0: not in the journal yet.
    Stage stage = Stage::kWaiting;
    bool is_refusal_owed = false;  // To the journal.
    bool is_split_owed = false;
    bool are_letters_written = false;  // Where the sink keeps the checkpoint.
    std::uint32_t under_way = 1;       // With it, when it was sent.
    std::uint64_t sent_ns = 0;
    std::uint64_t retry_at_ns = 0;
    std::uint64_t failures = 0;
    PipelineState trouble = PipelineState::kRunning;
    std::string error;
    std::vector<DeadLetter> late_letters;  // Of a sink that keeps the checkpoint.
  };
  using Place = std::list<Flight>::iterator;

  std::uint32_t window() const noexcept { return concurrency_.window(); }
  bool take_outcomes();
  void settle(Place flight, Outcome outcome);
  bool take_back(Flight& flight, Verdict::Kind kind);
  void take_rows_out(Flight& flight, const std::vector<RowFault>& faults, bool was_taken);
  void refuse(Flight& flight, std::vector<RefusedRow> rows);
  void fail(Flight& flight, PipelineState trouble, std::string error, std::uint64_t wait_ns);

  bool send(std::uint64_t now_ns);
  bool prepare(Place& flight);
  base::Status try_prepare(Place& flight);
  base::Status try_split(Place& flight);
  base::Status write_letters(std::span<const DeadLetter> letters, std::uint64_t& bytes);
  void begin_delivery(Flight& flight, std::uint64_t now_ns);
  Intent intent_of(const Flight& flight) const;

  bool complete(std::uint64_t now_ns);
  base::Status try_complete(Place end);
  base::Status write_done(std::span<const DeadLetter> letters, std::uint64_t number,
                          std::size_t batches, Checkpoint& after);
  base::Status append_late(std::span<const DeadLetter> letters, std::uint64_t& bytes);
  void publish();

  const PipelineOptions& options_;
  Parts parts_;
  const SinkTraits traits_;
  const std::uint64_t tables_hash_;
  base::Prng prng_;
  Concurrency concurrency_;
  RateLimit rate_;

  Checkpoint acked_;
  std::list<Flight> flights_;  // In the order of their ranges.
  Batch spare_;                // Of the last that was acked.
  std::uint64_t next_id_ = 1;
  std::uint32_t flying_ = 0;
  bool letters_beyond_ = false;  // The log may have more than acked_ counts.
  std::size_t lettered_ = 0;  // So many of the first have their letters in it, and wait for "done".
  std::uint64_t lettered_bytes_ = 0;
  std::uint64_t rate_at_ns_ = 0;
  std::uint64_t complete_at_ns_ = 0;
  std::uint64_t complete_failures_ = 0;
  std::string complete_error_;
  std::string unresolved_;
  std::uint64_t failures_in_a_row_ = 0;
};

}  // namespace pixel::shipper
