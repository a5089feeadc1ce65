// SPDX-License-Identifier: Apache-2.0
// See pipeline.h.
#include "shipper/deliver/pipeline.h"

#include <algorithm>
#include <utility>

namespace pixel::shipper {
namespace {

// New lines in an active segment wake nobody: it is looked at this often, less so the longer
// nothing came.
constexpr std::uint64_t kPollFirstNs = 10 * base::kMillisecondNs;
constexpr std::uint64_t kPollMaxNs = 100 * base::kMillisecondNs;

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
  }
  return "unknown";
}

Pipeline::Pipeline(PipelineOptions options, BatchContent content, Sink& sink, SegmentStore& store,
                   DeadLetterLog& dead_letters, Clock now_ns)
    : options_(std::move(options)),
      content_(std::move(content)),
      sink_(sink),
      store_(store),
      dead_letters_(dead_letters),
      now_ns_(std::move(now_ns)),
      prng_(options_.seed) {}

Pipeline::Next Pipeline::step(const CatalogueSnapshot& catalogue) {
  if (done_) return {Next::Kind::kDone, 0};
  const std::uint64_t now_ns = now_ns_();
  if (now_ns < retry_at_ns_) return {Next::Kind::kWait, retry_at_ns_};
  if (!follower_) {
    // Nothing was read: nothing is owed.
    if (ending_ == Ending::kNow) return finish(PipelineState::kStopped);
    return open(now_ns);
  }
  if (batch_) return deliver(now_ns);
  return gather(catalogue, now_ns);
}

Pipeline::Next Pipeline::open(std::uint64_t now_ns) {
  auto checkpoint = sink_.open();
  if (!checkpoint) return failed(PipelineState::kOpening, checkpoint.error().message);
  if (auto status = dead_letters_.open(checkpoint->dead_letter_bytes); !status) {
    return failed(PipelineState::kOpening, status.error().message);
  }
  follower_.emplace(store_, *checkpoint, options_.chunk_bytes, content_.kinds());
  batcher_.emplace(content_, options_.limits, *checkpoint);
  maintain_at_ns_ = now_ns + options_.maintain_every_ns;
  const std::lock_guard lock(mutex_);
  status_.state = PipelineState::kRunning;
  status_.failures_in_a_row = 0;
  status_.last_error.clear();
  status_.delivered = std::make_shared<const Checkpoint>(std::move(checkpoint).value());
  return {};
}

Pipeline::Next Pipeline::gather(const CatalogueSnapshot& catalogue, std::uint64_t now_ns) {
  forget_old_lanes(catalogue);
  if (ending_ == Ending::kNow) {
    return batcher_->is_empty() ? finish(PipelineState::kStopped)
                                : begin_batch(FlushReason::kDrain);
  }
  if (const auto reason = batcher_->due(now_ns)) return begin_batch(*reason);
  const auto chunk = follower_->next(catalogue, now_ns);
  for (const Gap& gap : follower_->take_gaps()) {
    batcher_->skip(gap.lane, gap.to, gap.missing_lines, now_ns);
  }
  if (!chunk) return idle(now_ns);
  idle_poll_ns_ = 0;
  follower_->consume(batcher_->append(chunk->segment, chunk->offset, chunk->text, now_ns));
  return {};
}

Pipeline::Next Pipeline::idle(std::uint64_t now_ns) {
  publish_follower();
  if (ending_ == Ending::kWhenDrained) {
    if (!batcher_->is_empty()) return begin_batch(FlushReason::kDrain);
    if (!follower_->is_waiting()) return finish(PipelineState::kStopped);
    const bool hopeless =
        options_.failures_max != 0 && follower_->counters().read_errors >= options_.failures_max;
    if (hopeless) return finish(PipelineState::kFailed);
  }
  if (now_ns >= maintain_at_ns_) {
    sink_.maintain();
    maintain_at_ns_ = now_ns_() + options_.maintain_every_ns;
    return {};
  }
  idle_poll_ns_ = std::clamp(idle_poll_ns_ + idle_poll_ns_ / 4, kPollFirstNs, kPollMaxNs);
  std::uint64_t until_ns = std::min(now_ns + idle_poll_ns_, maintain_at_ns_);
  if (const auto due_ns = batcher_->due_at_ns()) until_ns = std::min(until_ns, *due_ns);
  return {Next::Kind::kWait, until_ns};
}

Pipeline::Next Pipeline::begin_batch(FlushReason reason) {
  batch_ = batcher_->cut(reason);
  letters_written_ = false;
  return {};
}

Pipeline::Next Pipeline::deliver(std::uint64_t now_ns) {
  if (!letters_written_) {
    const auto bytes = dead_letters_.append(batch_->dead_letters);
    if (!bytes) return failed(PipelineState::kRetrying, bytes.error().message);
    batch_->after.dead_letter_bytes = *bytes;
    batcher_->set_dead_letter_bytes(*bytes);
    letters_written_ = true;
  }
  Verdict verdict = sink_.deliver(*batch_);
  const std::uint64_t done_ns = now_ns_();
  {
    const std::lock_guard lock(mutex_);
    status_.deliver_ns += done_ns - now_ns;
  }
  if (verdict.kind == Verdict::Kind::kRetry) {
    return failed(PipelineState::kRetrying, std::move(verdict.reason));
  }
  if (verdict.kind == Verdict::Kind::kRejected) {
    return failed(PipelineState::kRejected, std::move(verdict.reason));
  }
  acked();
  if (done_ns >= maintain_at_ns_) {
    sink_.maintain();
    maintain_at_ns_ = now_ns_() + options_.maintain_every_ns;
  }
  return {};
}

void Pipeline::acked() {
  const std::lock_guard lock(mutex_);
  status_.state = PipelineState::kRunning;
  status_.failures_in_a_row = 0;
  status_.last_error.clear();
  status_.last_ack_ns = now_ns_();
  ++status_.batches;
  status_.follower = follower_->counters();
  status_.delivered = std::make_shared<const Checkpoint>(std::move(batch_->after));
  batch_.reset();
}

// A refused batch waits the longest pause at once: only an operator can change its fate, and going
// past it would lose it.
Pipeline::Next Pipeline::failed(PipelineState state, std::string reason) {
  std::uint64_t failures = 0;
  {
    const std::lock_guard lock(mutex_);
    status_.state = state;
    status_.last_error = std::move(reason);
    failures = ++status_.failures_in_a_row;
    ++(state == PipelineState::kRejected ? status_.rejections : status_.retries);
  }
  if (options_.failures_max != 0 && failures >= options_.failures_max) {
    return finish(PipelineState::kFailed);
  }
  const std::uint64_t pause_ns = state == PipelineState::kRejected
                                     ? options_.retry.cap_ns
                                     : retry_delay_ns(options_.retry, failures, prng_);
  retry_at_ns_ = now_ns_() + pause_ns;
  return {Next::Kind::kWait, retry_at_ns_};
}

Pipeline::Next Pipeline::finish(PipelineState state) {
  done_ = true;
  const std::lock_guard lock(mutex_);
  if (state == PipelineState::kFailed && status_.last_error.empty() && follower_) {
    status_.last_error = follower_->last_error();
  }
  status_.state = state;
  return {Next::Kind::kDone, 0};
}

void Pipeline::close() {
  if (follower_) sink_.close();
  done_ = true;
}

// Positions of lanes without any file are of no use, but an empty spool may also be one that is not
// mounted: only a later life of the same node proves that the lane is over.
void Pipeline::forget_old_lanes(const CatalogueSnapshot& catalogue) {
  if (catalogue.version == seen_version_) return;
  seen_version_ = catalogue.version;
  std::vector<logfmt::LaneId> old_lanes;
  for (const auto& [lane, position] : batcher_->reached().lanes) {
    if (catalogue.lanes.contains(lane)) continue;
    const logfmt::LaneId later{lane.kind, lane.node, lane.boot + 1, 0};
    const auto found = catalogue.lanes.lower_bound(later);
    const bool is_over = found != catalogue.lanes.end() && found->first.kind == lane.kind &&
                         found->first.node == lane.node;
    if (is_over) old_lanes.push_back(lane);
  }
  for (const logfmt::LaneId& lane : old_lanes) batcher_->forget(lane);
}

void Pipeline::publish_follower() {
  const std::lock_guard lock(mutex_);
  status_.follower = follower_->counters();
  if (status_.state == PipelineState::kRunning) status_.last_error = follower_->last_error();
}

PipelineStatus Pipeline::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace pixel::shipper
