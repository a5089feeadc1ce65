// SPDX-License-Identifier: Apache-2.0
// See deliveries.h: the sending side. deliveries_settle.cc has what verdicts do.
#include "shipper/deliver/deliveries.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace pixel::shipper {
namespace {

std::uint32_t concurrency_of(const PipelineOptions& options, const SinkTraits& traits) {
  if (traits.keeps_checkpoint) return 1;
  const std::uint32_t most = std::max(traits.concurrency_max, 1U);
  return options.concurrency == 0 ? most : std::min(options.concurrency, most);
}

}  // namespace

Deliveries::Deliveries(const PipelineOptions& options, Parts parts)
    : options_(options),
      parts_(std::move(parts)),
      traits_(parts_.sink.traits()),
      tables_hash_(options.content_hash),
      prng_(options.seed),
      concurrency_(concurrency_of(options, traits_)),
      rate_(options.rows_per_second_max) {
  CHECK(traits_.keeps_checkpoint || parts_.journal != nullptr);
}

void Deliveries::begin(Checkpoint acked) {
  acked_ = std::move(acked);
  letters_beyond_ = false;  // The log was just cut to it.
  failures_in_a_row_ = 0;
  publish();
}

bool Deliveries::moves(const logfmt::LaneId& lane) const {
  return std::any_of(flights_.begin(), flights_.end(), [&lane](const Flight& flight) {
    return flight.parcel.delta.lanes.contains(lane);
  });
}

void Deliveries::forget(const logfmt::LaneId& lane) {
  acked_.lanes.erase(lane);
  if (parts_.journal != nullptr) parts_.journal->forget(lane);
}

void Deliveries::add(Parcel parcel) {
  Flight& flight = flights_.emplace_back();
  flight.parcel = std::move(parcel);
  flight.id = next_id_++;
}

void Deliveries::add_again(std::uint64_t number, Parcel parcel) {
  add(std::move(parcel));
  flights_.back().number = number;
}

bool Deliveries::step(std::uint64_t now_ns) {
  bool did_something = take_outcomes();
  did_something = complete(now_ns) || did_something;
  return send(now_ns) || did_something;
}

std::optional<std::uint64_t> Deliveries::wake_at_ns(std::uint64_t now_ns) const {
  std::optional<std::uint64_t> at_ns;
  // What is due and was not done waits for a delivery under way.
  const auto consider = [&](std::uint64_t ns) {
    if (ns > now_ns) at_ns = at_ns ? std::min(*at_ns, ns) : ns;
  };
  for (const Flight& flight : flights_) {
    if (flight.stage == Flight::Stage::kWaiting) consider(flight.retry_at_ns);
  }
  consider(complete_at_ns_);
  consider(rate_at_ns_);
  return at_ns;
}

// In order: the journal has intents in the order of their ranges, so none is written before the one
// before it is.
bool Deliveries::send(std::uint64_t now_ns) {
  rate_at_ns_ = 0;
  for (auto flight = flights_.begin(); flight != flights_.end(); ++flight) {
    // The sink's checkpoint cannot pass over one of two halves that waits.
    if (parts_.journal == nullptr && flight != flights_.begin()) return false;
    if (flight->stage != Flight::Stage::kWaiting) continue;
    const bool is_first_send = parts_.journal != nullptr && flight->number == 0;
    if (now_ns < flight->retry_at_ns) {
      if (is_first_send) return false;
      continue;
    }
    if (!prepare(flight)) return true;
    if (parts_.journal != nullptr && !flight->parcel.has_rows()) {
      flight->stage = Flight::Stage::kTaken;
      return true;
    }
    if (flying_ >= window()) return false;
    if (const std::uint64_t at_ns = rate_.ready_at_ns(now_ns); at_ns > now_ns) {
      rate_at_ns_ = at_ns;
      return false;
    }
    begin_delivery(*flight, now_ns);
    return true;
  }
  return false;
}

// False where what must be durable before the flight is sent is not: it failed, and waits.
bool Deliveries::prepare(Place& flight) {
  const auto status = try_prepare(flight);
  if (!status) fail(*flight, PipelineState::kRetrying, status.error().message, 0);
  return status.ok();
}

base::Status Deliveries::try_prepare(Place& flight) {
  if (flight->is_split_owed) {
    if (auto status = try_split(flight); !status) return status;
  }
  Batch& batch = flight->parcel.batch;
  if (parts_.journal == nullptr) {
    if (flight->are_letters_written) return base::ok_status();
    std::uint64_t bytes = 0;
    if (auto status = write_letters(batch.dead_letters, bytes); !status) return status;
    batch.after = acked_;
    advance(batch.after, flight->parcel.delta);
    batch.after.dead_letter_bytes = bytes;
    flight->are_letters_written = true;
  } else if (flight->number == 0) {
    Intent intent = intent_of(*flight);
    intent.number = parts_.journal->take_number();
    if (auto status = parts_.journal->intend(intent); !status) return status;
    flight->number = intent.number;
  } else if (flight->is_refusal_owed) {
    if (auto status = parts_.journal->refuse(intent_of(*flight)); !status) return status;
  }
  flight->is_refusal_owed = false;
  return base::ok_status();
}

Intent Deliveries::intent_of(const Flight& flight) const {
  Intent intent;
  intent.number = flight.number;
  intent.ranges = flight.parcel.batch.ranges;
  intent.delta = flight.parcel.delta;
  intent.xxh3_128 = BatchBuilder::hash(flight.parcel);
  intent.encoder_version = traits_.encoder_version;
  intent.tables_hash = tables_hash_;
  intent.refused = flight.parcel.refused;
  return intent;
}

// `bytes`: the log's length with them. An attempt before this one may have left others there.
base::Status Deliveries::write_letters(std::span<const DeadLetter> letters, std::uint64_t& bytes) {
  if (std::exchange(letters_beyond_, true)) {
    if (auto status = parts_.dead_letters.open(acked_.dead_letter_bytes); !status) return status;
  }
  const auto length = parts_.dead_letters.append(letters);
  if (!length) return length.error();
  bytes = *length;
  return base::ok_status();
}

void Deliveries::begin_delivery(Flight& flight, std::uint64_t now_ns) {
  Batch& batch = flight.parcel.batch;
  if (parts_.journal != nullptr) {
    batch.after = acked_;
    for (const Flight& each : flights_) {
      advance(batch.after, each.parcel.delta);
      if (&each == &flight) break;
    }
  }
  rate_.take(flight.parcel.delta.rows, now_ns);
  flight.stage = Flight::Stage::kFlying;
  flight.sent_ns = now_ns;
  flight.under_way = ++flying_;
  parts_.board.update([this](PipelineStatus& status) { status.in_flight = flying_; });
  // A list does not move what it holds, and a flying flight stays in it.
  parts_.dispatcher.begin([this, id = flight.id, &batch] {
    Outcome outcome;
    outcome.id = id;
    outcome.verdict = parts_.sink.deliver(batch);
    outcome.ended_ns = parts_.now_ns();
    return outcome;
  });
}

bool Deliveries::complete(std::uint64_t now_ns) {
  if (now_ns < complete_at_ns_) return false;
  auto end = flights_.begin();
  std::size_t count = 0;
  for (; end != flights_.end() && end->stage == Flight::Stage::kTaken; ++end) {
    if (lettered_ != 0 && count == lettered_) break;
    ++count;
  }
  if (count == 0) return false;
  const auto status = try_complete(end);
  if (status) {
    complete_at_ns_ = 0;
    complete_failures_ = 0;
    complete_error_.clear();
  } else {
    complete_error_ = status.error().message;
    complete_at_ns_ = parts_.now_ns() + retry_delay_ns(options_.retry, ++complete_failures_, prng_);
    count_failure();
  }
  publish();
  return true;
}

// All that are taken without one before them that is not: one append of letters, one record.
base::Status Deliveries::try_complete(Place end) {
  Checkpoint after = acked_;
  std::vector<DeadLetter> letters;
  std::uint64_t written = 0;
  std::uint64_t batches = 0;
  for (auto flight = flights_.begin(); flight != end; ++flight, ++batches) {
    advance(after, flight->parcel.delta);
    const auto& own =
        parts_.journal == nullptr ? flight->late_letters : flight->parcel.batch.dead_letters;
    letters.insert(letters.end(), own.begin(), own.end());
    written += flight->parcel.batch.dead_letters.size();
  }
  const auto status = parts_.journal == nullptr
                          ? append_late(letters, after.dead_letter_bytes)
                          : write_done(letters, std::prev(end)->number, batches, after);
  if (!status) return status;
  letters_beyond_ = false;
  acked_ = std::move(after);
  spare_ = std::move(std::prev(end)->parcel.batch);
  spare_.reuse();
  flights_.erase(flights_.begin(), end);
  failures_in_a_row_ = 0;
  const std::uint64_t now_ns = parts_.now_ns();
  parts_.board.update([&](PipelineStatus& board) {
    board.batches += batches;
    board.dead_letters += written;
    board.last_ack_ns = now_ns;
    board.delivered = std::make_shared<const Checkpoint>(acked_);
  });
  return base::ok_status();
}

// Once "done" was tried, the letters stay and the same record is tried again: a failed append may
// be on the disk all the same, and then it counts them.
base::Status Deliveries::write_done(std::span<const DeadLetter> letters, std::uint64_t number,
                                    std::size_t batches, Checkpoint& after) {
  if (lettered_ == 0) {
    if (auto status = write_letters(letters, lettered_bytes_); !status) return status;
    lettered_ = batches;
  }
  after.dead_letter_bytes = lettered_bytes_;
  if (auto status = parts_.journal->done(number, after); !status) return status;
  lettered_ = 0;
  return base::ok_status();
}

// The others were written before the batch was given to the sink.
base::Status Deliveries::append_late(std::span<const DeadLetter> letters, std::uint64_t& bytes) {
  bytes = flights_.front().parcel.batch.after.dead_letter_bytes;
  if (letters.empty()) return base::ok_status();
  const auto length = parts_.dead_letters.append(letters);
  if (!length) return length.error();
  bytes = *length;
  return base::ok_status();
}

// The worst of all that is wrong is what an operator should see.
void Deliveries::publish() {
  PipelineState state = PipelineState::kRunning;
  std::string error;
  const auto consider = [&](PipelineState trouble, const std::string& text) {
    const bool is_worse = trouble != PipelineState::kRunning &&
                          (state == PipelineState::kRunning ||
                           (state == PipelineState::kRetrying && trouble != state));
    if (!is_worse) return;
    state = trouble;
    error = text;
  };
  if (!unresolved_.empty()) consider(PipelineState::kUnresolved, unresolved_);
  if (!complete_error_.empty()) consider(PipelineState::kRetrying, complete_error_);
  for (const Flight& flight : flights_) consider(flight.trouble, flight.error);
  parts_.board.update([&](PipelineStatus& status) {
    status.state = state;
    status.last_error = std::move(error);
    status.failures_in_a_row = failures_in_a_row_;
    status.in_flight = flying_;
    status.window = window();
    if (status.delivered == nullptr) status.delivered = std::make_shared<const Checkpoint>(acked_);
  });
}

void Deliveries::set_unresolved(std::string error) {
  unresolved_ = std::move(error);
  publish();
}

void Deliveries::count_failure() {
  ++failures_in_a_row_;
  parts_.board.update([](PipelineStatus& status) { ++status.retries; });
}

bool Deliveries::has_given_up() const noexcept {
  return options_.failures_max != 0 && failures_in_a_row_ >= options_.failures_max;
}

}  // namespace pixel::shipper
