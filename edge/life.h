// SPDX-License-Identifier: Apache-2.0
// WorkerCore from boot to drain, and what it does once a second. COLD.
#pragma once

#include <algorithm>
#include <cstring>

#include "base/memory_freeze.h"
#include "edge/worker_core.h"

namespace pixel::edge {

namespace detail {
// Blocks are reserved, not used: see lazy_memory.h. Who needs more than these is refused.
inline constexpr std::uint32_t kPartialBlocksMax = 65'536;
inline constexpr std::uint32_t kTailBlocksMax = 4'096;
// What fits into the second-level cache beside the rest: to fetch a block from further away takes
// longer than to parse (docs/PERFORMANCE.md).
inline constexpr std::uint32_t kMemoriesMax = 256;
inline constexpr std::uint32_t kOutputSlots = 512;
inline constexpr std::uint32_t kLingerSeconds = 2;
inline constexpr std::uint32_t kEndsPerLoop = 4;
inline constexpr std::uint32_t kCompletionsPerEnd = 8;  // Who is busy has longer loops.
}  // namespace detail

template <Ring R>
WorkerCore<R>::WorkerCore(const WorkerOptions& options, WorkerControl& control, R& ring)
    : options_(options),
      control_(control),
      counters_(control.counters),
      ring_(ring),
      waits_for_disk_(options.durability == Durability::kDisk),
      disk_(waits_for_disk_ ? std::optional<DiskLane>(std::in_place, *options.supply, *options.slot)
                            : std::optional<DiskLane>()),
      events_disk_(
          waits_for_disk_ && options.events_supply != nullptr
              ? std::optional<DiskLane>(std::in_place, *options.events_supply, *options.events_slot)
              : std::optional<DiskLane>()),
      writer_(*options.supply, *options.slot, options.segment_age_s, disk_ ? &*disk_ : nullptr),
      ids_(*options.cipher),
      rules_(std::make_unique<WorkerRules>(options.rules, options.limits.head_bytes)),
      connections_(options.connections_max),
      wheel_(static_cast<std::uint32_t>(ring.monotonic_ns() / 1'000'000'000)),
      partials_(std::min(options.connections_max, detail::kPartialBlocksMax),
                detail::partial_block_bytes(options.limits)),
      tails_(std::min(options.connections_max, detail::kTailBlocksMax),
             2 * OutputArena::kSlotBytes),
      bodies_(options.bodies_max, detail::body_block_bytes(options)),
      memories_(std::min(options.connections_max, detail::kMemoriesMax), sizeof(HeadMemory)),
      address_counts_(options.connections_per_address == 0 ? 0 : options.connections_max),
      arena_(detail::kOutputSlots, waits_for_disk_ ? 3 : 2),
      composed_(waits_for_disk_ ? 3 : 2),
      wait_policy_(options.batch_wait_us_max),
      line_scratch_(new char[detail::line_scratch_bytes(options.limits)]),
      next_held_(new std::uint16_t[options.receive_buffers]),
      held_bytes_(new std::uint32_t[options.receive_buffers]),
      now_ns_(ring.monotonic_ns()) {
  if (options.events_supply != nullptr) {
    events_.emplace(*options.events_supply, *options.events_slot, options.segment_age_s,
                    events_disk_ ? &*events_disk_ : nullptr);
  }
  for (const WorkerListener& listener : options.listeners) {
    R::adopt_listener(listener.fd);
    listeners_.push_back({listener.fd, listener.expects_proxy});
  }
}

template <Ring R>
void WorkerCore<R>::begin() {
  tick();
  prepare_wake(ring_.next_entry(), control_.wake_fd());
  for (std::uint32_t i = 0; i < listeners_.size(); ++i) arm_accept(i);
}

template <Ring R>
void WorkerCore<R>::run() {
  begin();
  control_.serving.store(true, std::memory_order_release);
  base::freeze_this_thread();
  while (step()) {
  }
  base::thaw_this_thread();
  control_.serving.store(false, std::memory_order_release);
}

// --- Once a second -----------------------------------------------------------------------------

template <Ring R>
void WorkerCore<R>::tick() {
  wall_s_ = ring_.realtime_s();
  ticked_s_ = now_s();
  date_time_ = logfmt::format_date_time(wall_s_);
  change_rules();
  rules_->responses.set_date(wall_s_);
  writer_.tick(wall_s_);
  if (events_) events_->tick(wall_s_);
  const bool has_standby = options_.supply->standby_count() != 0 &&
                           (!events_ || options_.events_supply->standby_count() != 0);
  if (waits_for_disk_) look_at_disk();
  if (has_standby && control_.disk_trouble.load(std::memory_order_relaxed) == 0) {
    control_.has_place.store(true, std::memory_order_relaxed);
  }
  options_.slot->heartbeat_ns.store(now_ns_, std::memory_order_relaxed);
  counters_.connections_open.set(connections_.open_count());
  counters_.completion_overflows.set(ring_.completion_overflows());
  draining_ ? close_idle() : look_for_overlooked();
}

/// Arms accept anew (on_accept_end), which looks into the backlog. The kernel wakes one of the
/// rings that wait on a listener: one that was woken and then ended, or was cancelled, before it
/// accepted leaves the connection there, and nobody else is told of it until the next one comes.
template <Ring R>
void WorkerCore<R>::look_for_overlooked() {
  for (std::uint32_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i].armed) cancel_accept(i);
  }
}

template <Ring R>
void WorkerCore<R>::cancel_accept(std::uint32_t listener) {
  prepare_cancel_one(ring_.next_entry(), listeners_[listener].fd,
                     {Operation::kAccept, 0, listener});
}

/// Some of those whose second has come; the rest a little later. Each end holds up the others by
/// some 10 us, here and in the kernel, which also wakes us for what we shut down ourselves: two
/// task works each, before which a ready request may wait, and an enter runs 20 of them. What they
/// cause comes back together too, 40 ms later: delayed acknowledgements.
template <Ring R>
void WorkerCore<R>::visit_deadlines(std::uint32_t completions) {
  next_ends_ns_ = now_ns_ + detail::kEndsPauseNs;
  const std::uint32_t ends = detail::kEndsPerLoop + completions / detail::kCompletionsPerEnd;
  wheel_.advance(
      now_s(), [this](Connection& connection) { return on_deadline(connection); },
      ends * TimerWheel<Connection>::kEndEffort);
}

/// Takes rules that were offered. The old ones stay for a second: answers of this loop may still
/// be sent from their bytes; and until no answer of theirs waits for the disk.
template <Ring R>
void WorkerCore<R>::change_rules() {
  const bool is_done_with_old = !waits_for_disk_ || group_.sent_number >= old_rules_group_ ||
                                (held_.empty() && outputs_.empty());
  if (old_rules_ && is_done_with_old) control_.try_give_back(old_rules_);
  if (old_rules_) return;
  std::unique_ptr<WorkerRules> offered = control_.try_take_rules();
  if (!offered) return;
  old_rules_ = std::move(rules_);
  old_rules_group_ = group_.number + 1;
  rules_ = std::move(offered);
  counters_.rules_changed.add();
}

template <Ring R>
std::uint32_t WorkerCore<R>::deadline_s(const Connection& connection) const noexcept {
  const auto seconds = [](std::uint64_t ns) {
    return static_cast<std::uint32_t>((ns + 999'999'999) / 1'000'000'000);
  };
  // active_s is rounded down: one second more, so that nothing ends early.
  const std::uint32_t active_s = connection.active_s + 1;
  const Timeouts& timeouts = rules_->rules->timeouts;
  if (connection.lingering) return active_s + detail::kLingerSeconds;
  if (connection.tail != BlockPool::kNone) return active_s + seconds(timeouts.send_ns);
  if (connection.body != BlockPool::kNone) {
    return seconds(body_block(connection).started_ns + timeouts.body_ns);
  }
  if (connection.expects_proxy && connection.partial == BlockPool::kNone) {
    return active_s + seconds(timeouts.header_ns);
  }
  if (connection.partial != BlockPool::kNone) {
    return seconds(connection.head_started_ns + timeouts.header_ns);
  }
  return active_s + seconds(timeouts.keep_alive_ns);
}

/// Its second has come. Returns a later deadline, or 0 where the connection has been dealt with.
template <Ring R>
std::uint32_t WorkerCore<R>::on_deadline(Connection& connection) {
  const std::uint32_t deadline = deadline_s(connection);
  if (deadline > now_s()) return deadline;
  if (awaits_disk(connection)) return now_s() + 1;  // It is we who let it wait.
  // An answer to it needs room; in the next second there is some.
  if (!connection.close_after_output && !may_parse(connection)) return now_s() + 1;
  if (connection.tail != BlockPool::kNone) {
    counters_.timeouts_send.add();
  } else if (connection.body != BlockPool::kNone && !connection.lingering) {
    counters_.timeouts_body.add();
    if (!connection.close_after_output) {
      abandon_body(connection, static_cast<std::size_t>(ResponseId::kRequestTimeout));
      return 0;
    }
  } else if (connection.partial != BlockPool::kNone && !connection.lingering) {
    counters_.timeouts_header.add();
    if (!connection.close_after_output && !connection.expects_proxy) {
      time_out_head(connection);
      return 0;
    }
  } else if (!connection.lingering) {
    counters_.timeouts_idle.add();
  }
  close_connection(connection);
  return 0;
}

/// 408 for a head that did not come to its end (RFC 9110 section 15.5.9). Where its request line
/// was whole there is a request to log: it is parsed alone, as a head that ends there.
template <Ring R>
void WorkerCore<R>::time_out_head(Connection& connection) {
  char* const block = partials_.block(connection.partial);
  const std::string_view bytes(block, connection.partial_bytes);
  const std::size_t line_end = bytes.rfind("\r\n");
  RequestView request;
  if (line_end != std::string_view::npos) {
    std::memcpy(block + line_end + 2, "\r\n", 2);
    static_cast<void>(parse_request({block, line_end + 4}, options_.limits, request));
  }
  connection.linger = true;
  answer_fault(connection, request, connection.partial_bytes,
               static_cast<std::size_t>(ResponseId::kRequestTimeout), false);
}

// --- Drain -------------------------------------------------------------------------------------

template <Ring R>
void WorkerCore<R>::begin_drain() {
  draining_ = true;
  for (const Listener& each : listeners_) prepare_cancel(ring_.next_entry(), each.fd);
  close_idle();
}

/// Closes connections on which nothing has moved for a second: whoever is about to send the next
/// request gets its answer, with "Connection: close".
template <Ring R>
void WorkerCore<R>::close_idle() {
  connections_.for_each_open([this](Connection& connection) {
    const bool idle = connection.partial == BlockPool::kNone &&
                      connection.body == BlockPool::kNone && connection.output.count == 0 &&
                      connection.held.count == 0 && connection.tail == BlockPool::kNone &&
                      !connection.queued_input && !connection.close_after_output;
    if (idle && connection.active_s + 1 < now_s()) close_connection(connection);
  });
}

/// False when nothing is left to do: the segment has been given away.
template <Ring R>
bool WorkerCore<R>::drain_step() {
  if (!draining_) begin_drain();
  const std::uint64_t deadline_ns = control_.drain_deadline_ns();
  if (now_ns_ >= deadline_ns) {
    connections_.for_each_open([this](Connection& connection) { close_connection(connection); });
  }
  // Completions of closed connections take a moment; a second is more than they ever need.
  const bool waited_enough = now_ns_ >= deadline_ns + 1'000'000'000;
  // A listener that is still armed may have accepted somebody.
  const bool accepting = std::any_of(listeners_.begin(), listeners_.end(),
                                     [](const Listener& each) { return each.armed; });
  if ((connections_.open_count() != 0 || accepting || is_disk_busy()) && !waited_enough)
    return true;
  waits_for_disk_ ? commit_outputs() : flush_outputs();
  ring_.enter(Wait{0, 0, 0});
  writer_.finish();
  if (events_) events_->finish();
  if (waits_for_disk_) finish_lanes();
  tick();
  return false;
}

}  // namespace pixel::edge
