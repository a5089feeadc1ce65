// SPDX-License-Identifier: Apache-2.0
// See pipeline.h.
#include "shipper/deliver/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "shipper/deliver/intent_reader.h"

namespace pixel::shipper {
namespace {

// New lines in an active segment wake nobody: it is looked at this often, less so the longer
// nothing came, and less so where a batch waits for its age anyway (each look costs some 40 us).
constexpr std::uint64_t kPollFirstNs = 10 * base::kMillisecondNs;
constexpr std::uint64_t kPollMaxNs = 100 * base::kMillisecondNs;
constexpr std::uint64_t kPollsPerAge = 16;
// Where nothing comes for longer, no batch's memory is kept for the next.
constexpr std::uint64_t kKeepMemoryNs = base::kSecondNs;

std::uint64_t poll_ns(const BatchLimits& limits, std::uint64_t last_ns) {
  const std::uint64_t first_ns = std::clamp(limits.age_ns / kPollsPerAge, kPollFirstNs, kPollMaxNs);
  return std::clamp(last_ns + last_ns / 4, first_ns, kPollMaxNs);
}

// While only the end of a delivery is waited for, which wakes the runner.
constexpr std::uint64_t kLookNs = base::kSecondNs;

// The journal's batches must come out the same whenever they are made: they are gathered as lines,
// and made from them in the order of their places.
BatchContent gathered(const BatchContent& content, const Journal* journal) {
  return {content.tables, content.is_lines || journal != nullptr, journal != nullptr};
}

PipelineOptions with_hash(PipelineOptions options, const BatchContent& content) {
  options.content_hash ^= content_hash(content);
  return options;
}

}  // namespace

std::string_view pipeline_state_name(PipelineState state) noexcept {
  switch (state) {
    case PipelineState::kOpening:
      return "opening";
    case PipelineState::kRunning:
      return "running";
    case PipelineState::kRetrying:
      return "retrying";
    case PipelineState::kRejected:
      return "rejected";
    case PipelineState::kStopped:
      return "stopped";
    case PipelineState::kFailed:
      return "failed";
    case PipelineState::kUnresolved:
      return "unresolved";
  }
  return "unknown";
}

Pipeline::Pipeline(PipelineOptions options, BatchContent content, Sink& sink, SegmentStore& store,
                   DeadLetterLog& dead_letters, Clock now_ns, Journal* journal,
                   Dispatcher* dispatcher)
    : options_(with_hash(std::move(options), content)),
      content_(std::move(content)),
      sink_(sink),
      store_(store),
      dead_letters_(dead_letters),
      journal_(sink.traits().keeps_checkpoint ? nullptr : journal),
      now_ns_(std::move(now_ns)),
      prng_(options_.seed + 1),
      dispatcher_(dispatcher == nullptr ? inline_ : *dispatcher),
      builder_(content_),
      deliveries_(options_,
                  {sink_, dead_letters_, journal_, dispatcher_, builder_, board_, now_ns_}) {}

Pipeline::Next Pipeline::step(const CatalogueSnapshot& catalogue) {
  if (done_) return {Next::Kind::kDone, 0};
  const std::uint64_t now_ns = now_ns_();
  if (!follower_) {
    // Nothing was read: nothing is owed.
    if (ending_ == Ending::kNow) return finish(PipelineState::kStopped);
    if (now_ns < retry_at_ns_) return {Next::Kind::kWait, retry_at_ns_};
    return open(now_ns);
  }
  if (deliveries_.step(now_ns)) {
    if (deliveries_.has_given_up()) return finish(PipelineState::kFailed);
    if (deliveries_.is_empty()) maintain_if_due(now_ns_());
    return {};
  }
  if (!again_.empty() && ending_ != Ending::kNow) return read_again(catalogue, now_ns);
  if (!deliveries_.has_room()) return wait(now_ns, now_ns + kLookNs);
  return gather(catalogue, now_ns);
}

Batcher::WriteEarly Pipeline::write_early() {
  if (!sink_.traits().writes_early) return nullptr;
  return [this](const std::vector<RowBlock>& tables) { return sink_.write_early(tables); };
}

base::Result<Checkpoint> Pipeline::open_parts() {
  auto checkpoint = sink_.open();
  if (!checkpoint) return checkpoint;
  if (journal_ != nullptr) {
    if (auto status = journal_->open(); !status) return status.error();
    checkpoint = journal_->state().checkpoint;
  }
  if (auto status = dead_letters_.open(checkpoint->dead_letter_bytes); !status) {
    return status.error();
  }
  return checkpoint;
}

Pipeline::Next Pipeline::open(std::uint64_t now_ns) {
  auto checkpoint = open_parts();
  if (!checkpoint) {
    ++failures_;
    deliveries_.count_failure();
    board_.update([&](PipelineStatus& status) {
      status.last_error = checkpoint.error().message;
      status.failures_in_a_row = failures_;
    });
    if (deliveries_.has_given_up()) return finish(PipelineState::kFailed);
    retry_at_ns_ = now_ns_() + retry_delay_ns(options_.retry, failures_, prng_);
    return {Next::Kind::kWait, retry_at_ns_};
  }
  failures_ = 0;
  retry_at_ns_ = 0;
  cut_ = *checkpoint;
  if (journal_ != nullptr) {
    again_ = journal_->state().intents;
    cut_ = journal_->state().reached();
  }
  follower_.emplace(store_, cut_, options_.chunk_bytes, content_.kinds());
  batcher_.emplace(gathered(content_, journal_), options_.limits, cut_, write_early());
  maintain_at_ns_ = now_ns + options_.maintain_every_ns;
  board_.update([&](PipelineStatus& status) {
    status.unresolved_intents = again_.size();
    status.opening_note = opening_note(*checkpoint);
  });
  deliveries_.begin(std::move(checkpoint).value());
  return {};
}

// Damage that opening found, and made good where it could.
std::string Pipeline::opening_note(const Checkpoint& checkpoint) {
  std::string note = journal_ != nullptr ? journal_->note() : "";
  const auto kept_bytes = dead_letters_.append({});
  if (!kept_bytes || *kept_bytes >= checkpoint.dead_letter_bytes) return note;
  return fmt::format(
      "{}{}{} bytes of its dead letter file are gone: restore it, or see what they were with: "
      "pixel-shipper audit --sink {}",
      note, note.empty() ? "" : "; ", checkpoint.dead_letter_bytes - *kept_bytes, options_.name);
}

// Why an intent may not be sent by this program as it is; "" where it may.
std::string Pipeline::refusal_of(const Intent& intent) const {
  const std::uint32_t version = sink_.traits().encoder_version;
  std::string what;
  if (intent.encoder_version != version) {
    what = fmt::format("was written by encoder version {}, this program has {}",
                       intent.encoder_version, version);
  } else if (intent.tables_hash != options_.content_hash) {
    what = "was made with other tables than the config has now";
  }
  if (what.empty()) return what;
  return fmt::format(
      "batch {} may have been sent, and {}: other bytes must not go under its token. Run the old "
      "{} until nothing is unresolved",
      intent.number, what, intent.encoder_version != version ? "version" : "config");
}

Pipeline::Next Pipeline::read_again(const CatalogueSnapshot& catalogue, std::uint64_t now_ns) {
  if (now_ns < retry_at_ns_ || !deliveries_.has_room()) {
    return wait(now_ns, now_ns < retry_at_ns_ ? retry_at_ns_ : now_ns + kLookNs);
  }
  const Intent& intent = again_.front();
  std::string error = refusal_of(intent);
  if (error.empty()) {
    auto parcel = read_intent(intent, store_, catalogue, builder_);
    if (parcel) {
      deliveries_.add_again(intent.number, std::move(parcel).value());
      again_.pop_front();
      failures_ = 0;
      retry_at_ns_ = 0;
      board_.update([this](PipelineStatus& status) { status.unresolved_intents = again_.size(); });
      deliveries_.set_unresolved("");
      return {};
    }
    error = fmt::format(
        "batch {} may have been sent and cannot be read again: {}. Restore what is "
        "missing",
        intent.number, parcel.error().message);
  }
  retry_at_ns_ = now_ns_() + retry_delay_ns(options_.retry, ++failures_, prng_);
  board_.update([](PipelineStatus& status) { ++status.unresolved_errors; });
  deliveries_.count_failure();
  deliveries_.set_unresolved(fmt::format(
      "{}, or run pixel-shipper journal discard --sink {}: its {} lines may then arrive twice",
      error, options_.name, intent.delta.lines));
  if (deliveries_.has_given_up()) return finish(PipelineState::kFailed);
  return wait(now_ns, retry_at_ns_);
}

Pipeline::Next Pipeline::gather(const CatalogueSnapshot& catalogue, std::uint64_t now_ns) {
  forget_old_lanes(catalogue);
  if (ending_ == Ending::kNow) {
    if (!batcher_->is_empty()) return begin_batch(FlushReason::kDrain);
    return deliveries_.is_empty() ? finish(PipelineState::kStopped)
                                  : wait(now_ns, now_ns + kLookNs);
  }
  if (const auto reason = batcher_->due(now_ns)) return begin_batch(*reason);
  const auto chunk = follower_->next(catalogue, now_ns);
  if (skip_gaps(now_ns)) return {};
  if (!chunk) return idle(now_ns);
  idle_poll_ns_ = 0;
  read_at_ns_ = now_ns;
  if (batcher_->is_empty()) batcher_->reuse(deliveries_.take_spare());
  follower_->consume(batcher_->append(chunk->segment, chunk->offset, chunk->text, now_ns));
  return {};
}

// A gap begins a batch, so that whoever cuts the batch in two knows where it lies. True where a
// batch was cut for that; the chunk that follows is lent again.
bool Pipeline::skip_gaps(std::uint64_t now_ns) {
  const std::vector<Gap> gaps = follower_->take_gaps();
  if (gaps.empty()) return false;
  const bool has_lines = !batcher_->is_empty();
  if (has_lines) begin_batch(FlushReason::kAge);
  for (const Gap& gap : gaps) {
    batcher_->skip(gap.lane, gap.to, gap.missing_lines, now_ns);
    gap_lanes_[gap.lane] = gap.to;
  }
  return has_lines;
}

Pipeline::Next Pipeline::begin_batch(FlushReason reason) {
  Batch batch = batcher_->cut(reason);
  const bool lacks_rows = sink_.traits().writes_early && !batch.is_written;
  Delta delta = delta_between(cut_, batch.after);
  cut_ = batch.after;
  Parcel parcel = builder_.adopt(std::move(batch), std::move(delta));
  parcel.gap_lanes = std::exchange(gap_lanes_, {});
  if (journal_ != nullptr || lacks_rows) builder_.build(parcel);
  deliveries_.add(std::move(parcel));
  board_.update([this](PipelineStatus& status) { status.follower = follower_->counters(); });
  return {};
}

Pipeline::Next Pipeline::idle(std::uint64_t now_ns) {
  publish_follower();
  if (ending_ == Ending::kWhenDrained) {
    if (!batcher_->is_empty()) return begin_batch(FlushReason::kDrain);
    if (!follower_->is_waiting() && deliveries_.is_empty()) return finish(PipelineState::kStopped);
    const bool hopeless =
        options_.failures_max != 0 && follower_->counters().read_errors >= options_.failures_max;
    if (hopeless) return finish(PipelineState::kFailed);
  }
  if (now_ns >= maintain_at_ns_ && !deliveries_.is_flying()) {
    maintain_if_due(now_ns);
    return {};
  }
  // What the last batch needed may have been a backlog's.
  if (now_ns - read_at_ns_ >= kKeepMemoryNs) deliveries_.take_spare();
  idle_poll_ns_ = poll_ns(options_.limits, idle_poll_ns_);
  std::uint64_t until_ns = now_ns + idle_poll_ns_;
  if (!deliveries_.is_flying()) until_ns = std::min(until_ns, maintain_at_ns_);
  if (const auto due_ns = batcher_->due_at_ns()) until_ns = std::min(until_ns, *due_ns);
  return wait(now_ns, until_ns);
}

Pipeline::Next Pipeline::wait(std::uint64_t now_ns, std::uint64_t until_ns) const {
  if (const auto at_ns = deliveries_.wake_at_ns(now_ns)) until_ns = std::min(until_ns, *at_ns);
  return {Next::Kind::kWait, until_ns};
}

void Pipeline::maintain_if_due(std::uint64_t now_ns) {
  if (now_ns < maintain_at_ns_ || deliveries_.is_flying()) return;
  sink_.maintain();
  maintain_at_ns_ = now_ns_() + options_.maintain_every_ns;
}

Pipeline::Next Pipeline::finish(PipelineState state) {
  done_ = true;
  board_.update([&](PipelineStatus& status) {
    if (state == PipelineState::kFailed && status.last_error.empty() && follower_) {
      status.last_error = follower_->last_error();
    }
    status.state = state;
  });
  return {Next::Kind::kDone, 0};
}

void Pipeline::close() {
  dispatcher_.finish();
  if (follower_) sink_.close();
  done_ = true;
}

// Positions of lanes without any file are of no use, but an empty spool may also be one that is not
// mounted: only a later life of the same node proves that the lane is over.
void Pipeline::forget_old_lanes(const CatalogueSnapshot& catalogue) {
  if (catalogue.version == seen_version_) return;
  bool is_complete = true;
  std::vector<logfmt::LaneId> old_lanes;
  for (const auto& [lane, position] : batcher_->reached().lanes) {
    if (catalogue.lanes.contains(lane)) continue;
    const logfmt::LaneId later{lane.kind, lane.node, lane.boot + 1, 0};
    const auto found = catalogue.lanes.lower_bound(later);
    const bool is_over = found != catalogue.lanes.end() && found->first.kind == lane.kind &&
                         found->first.node == lane.node;
    if (!is_over) continue;
    const bool is_moving = deliveries_.moves(lane) || !batcher_->is_empty();
    if (is_moving) {
      is_complete = false;
    } else {
      old_lanes.push_back(lane);
    }
  }
  if (is_complete) seen_version_ = catalogue.version;
  for (const logfmt::LaneId& lane : old_lanes) {
    batcher_->forget(lane);
    cut_.lanes.erase(lane);
    deliveries_.forget(lane);
  }
}

void Pipeline::publish_follower() {
  board_.update([this](PipelineStatus& status) {
    status.follower = follower_->counters();
    if (status.state == PipelineState::kRunning) status.last_error = follower_->last_error();
  });
}

}  // namespace pixel::shipper
