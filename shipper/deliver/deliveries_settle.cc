// SPDX-License-Identifier: Apache-2.0
// See deliveries.h: what verdicts do.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "shipper/deliver/deliveries.h"

namespace pixel::shipper {

bool Deliveries::take_outcomes() {
  bool did_something = false;
  while (auto outcome = parts_.dispatcher.take()) {
    did_something = true;
    const auto flight =
        std::find_if(flights_.begin(), flights_.end(),
                     [&outcome](const Flight& each) { return each.id == outcome->id; });
    CHECK(flight != flights_.end() && flight->stage == Flight::Stage::kFlying);
    --flying_;
    settle(flight, std::move(*outcome));
  }
  if (did_something) publish();
  return did_something;
}

void Deliveries::settle(Place flight, Outcome outcome) {
  const Verdict& verdict = outcome.verdict;
  const std::uint64_t took_ns = outcome.ended_ns - std::min(flight->sent_ns, outcome.ended_ns);
  flight->stage = Flight::Stage::kWaiting;
  parts_.board.update([&](PipelineStatus& status) { status.deliver_ns += took_ns; });
  if (verdict.kind != Verdict::Kind::kAcked && take_back(*flight, verdict.kind)) return;
  switch (verdict.kind) {
    case Verdict::Kind::kAcked:
      concurrency_.acked(took_ns, flight->under_way, outcome.ended_ns);
      parts_.board.update([&](PipelineStatus& status) { status.latency.add(took_ns); });
      flight->stage = Flight::Stage::kTaken;
      flight->trouble = PipelineState::kRunning;
      flight->failures = 0;
      if (!verdict.faults.empty()) take_rows_out(*flight, verdict.faults, true);
      return;
    case Verdict::Kind::kRetry:
      if (verdict.is_overload) concurrency_.overloaded(outcome.ended_ns);
      parts_.board.update([](PipelineStatus& status) { ++status.errors.retriable; });
      fail(*flight, PipelineState::kRetrying, verdict.reason, verdict.retry_after_ns);
      return;
    case Verdict::Kind::kSplit:
      parts_.board.update([](PipelineStatus& status) { ++status.errors.split; });
      flight->is_split_owed = true;
      flight->retry_at_ns = 0;
      flight->error = verdict.reason;
      return;
    case Verdict::Kind::kRowsRejected:
      parts_.board.update([](PipelineStatus& status) { ++status.errors.row; });
      take_rows_out(*flight, verdict.faults, false);
      return;
    case Verdict::Kind::kRejected:
      parts_.board.update([](PipelineStatus& status) { ++status.errors.fatal; });
      fail(*flight, PipelineState::kRejected, verdict.reason, 0);
      return;
  }
}

// What was written early does not count: the batch comes again with its rows. True where it does so
// at once, because what the sink says of rows, or of their number, it has to say of these.
bool Deliveries::take_back(Flight& flight, Verdict::Kind kind) {
  if (!flight.parcel.batch.is_written) return false;
  parts_.builder.build(flight.parcel);
  return kind == Verdict::Kind::kSplit || kind == Verdict::Kind::kRowsRejected;
}

// A sink that has taken the rest already is believed in what it says of its rows; one that took
// nothing and names no row of the batch would be asked the same forever.
void Deliveries::take_rows_out(Flight& flight, const std::vector<RowFault>& faults,
                               bool was_taken) {
  auto rows = parts_.builder.locate(flight.parcel, faults);
  if (rows.empty()) {
    if (was_taken) return;
    fail(flight, PipelineState::kRejected, "the sink refuses rows without saying which", 0);
    return;
  }
  const std::size_t count = rows.size();
  const bool is_late = was_taken && parts_.journal == nullptr;
  const Checkpoint stored = flight.parcel.batch.after;
  if (is_late) {
    for (const RefusedRow& row : rows) {
      Parcel alone;
      alone.raw = flight.parcel.raw;
      alone.refused = {row};
      parts_.builder.build(alone);
      for (DeadLetter& letter : alone.batch.dead_letters) {
        const bool is_its = letter.segment == row.segment && letter.offset == row.offset &&
                            letter.reason == row.reason;
        if (is_its) flight.late_letters.push_back(std::move(letter));
      }
    }
  }
  refuse(flight, std::move(rows));
  if (is_late) flight.parcel.batch.after = stored;
  if (was_taken && parts_.journal != nullptr) {
    // So that nobody asks for these rows after a crash. Where it fails, "done" says the same, and
    // the sink answers the same token with the same faults.
    flight.is_refusal_owed = !parts_.journal->refuse(intent_of(flight)).ok();
  }
  parts_.board.update([&](PipelineStatus& status) { status.rows_refused += count; });
}

// The batch is another one from here on, of the same ranges and under the same token.
void Deliveries::refuse(Flight& flight, std::vector<RefusedRow> rows) {
  auto& refused = flight.parcel.refused;
  refused.insert(refused.end(), std::make_move_iterator(rows.begin()),
                 std::make_move_iterator(rows.end()));
  parts_.builder.build(flight.parcel);
  flight.is_refusal_owed = true;
  flight.are_letters_written = false;
  flight.retry_at_ns = 0;
}

// A refused batch waits the longest pause at once: only an operator can change its fate, and going
// past it would lose it.
void Deliveries::fail(Flight& flight, PipelineState trouble, std::string error,
                      std::uint64_t wait_ns) {
  flight.trouble = trouble;
  flight.error = std::move(error);
  const std::uint64_t pause_ns = trouble == PipelineState::kRejected
                                     ? options_.retry.cap_ns
                                     : retry_delay_ns(options_.retry, ++flight.failures, prng_);
  flight.retry_at_ns = parts_.now_ns() + std::max(pause_ns, wait_ns);
  ++failures_in_a_row_;
  parts_.board.update([trouble](PipelineStatus& status) {
    ++(trouble == PipelineState::kRejected ? status.rejections : status.retries);
  });
  publish();
}

// `flight` is the first half afterwards. A single line that is too large is a dead letter.
base::Status Deliveries::try_split(Place& flight) {
  auto halves = parts_.builder.split(flight->parcel);
  if (!halves) {
    flight->is_split_owed = false;
    const LineChunk& line = flight->parcel.raw.front();
    refuse(*flight, {{line.segment, line.offset, kWholeLine,
                      fmt::format("too large for the destination: {}", flight->error)}});
    return base::ok_status();
  }
  Flight first;
  Flight second;
  first.parcel = std::move(halves->first);
  second.parcel = std::move(halves->second);
  first.id = next_id_++;
  second.id = next_id_++;
  if (parts_.journal != nullptr) {
    first.number = parts_.journal->take_number();
    second.number = parts_.journal->take_number();
    const auto status = parts_.journal->split(flight->number, intent_of(first), intent_of(second));
    if (!status) return status;
  }
  parts_.board.update([](PipelineStatus& status) { ++status.splits; });
  const auto at = flights_.insert(flight, std::move(first));
  flights_.insert(flight, std::move(second));
  flights_.erase(flight);
  flight = at;
  return base::ok_status();
}

}  // namespace pixel::shipper
