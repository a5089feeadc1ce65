// SPDX-License-Identifier: Apache-2.0
// See worker.h. HOT: the loop: wait, send what is due, hand it over.
#include "tools/pixel_load/worker.h"

#include <sys/prctl.h>

#include <algorithm>

#include "base/clock.h"
#include "base/units.h"

namespace pixel::load {
namespace {

constexpr std::uint64_t kUpkeepIntervalNs = 2 * base::kMillisecondNs;
constexpr std::uint64_t kIdleWaitNs = 20 * base::kMillisecondNs;
// A run limited by count only gives up after this many timeouts without any answer.
constexpr std::uint64_t kFruitlessTimeouts = 3;

}  // namespace

Worker::Worker(const Plan& plan, unsigned index, const std::atomic<bool>& stop)
    : plan_(plan),
      stop_(stop),
      index_(index),
      random_(plan.options.seed + index),
      ids_(plan.id_file()),
      connections_(plan.share(plan.options.connections, index)),
      ready_(connections_.size()) {
  // Counted thread by thread: each has connections to every target. Where thread and target were
  // the same number, a server and its client shared a core and its caches.
  std::uint64_t number = 0;
  for (unsigned i = 0; i < index; ++i) number += plan.share(plan.options.connections, i);
  for (std::size_t slot = 0; slot < connections_.size(); ++slot, ++number) {
    Connection& connection = connections_[slot];
    connection.in_flight.resize(plan.options.pipeline);
    connection.target = static_cast<std::uint32_t>(number % plan.targets.size());
    // Otherwise every connection would ask for the same thing at the same time.
    connection.next_template =
        static_cast<std::uint32_t>(slot % plan.targets[connection.target].templates.size());
  }
}

Worker::~Worker() {
  for (std::uint32_t slot = 0; slot < connections_.size(); ++slot) close_connection(slot);
  io_.reset();  // Before the buffers that its operations name.
}

void Worker::begin(std::uint64_t start_ns) {
  const Options& options = plan_.options;
  if (options.rate > 0) schedule_ = Schedule(options.rate, start_ns, index_, plan_.threads);
  requests_left_ = options.requests == 0 ? UINT64_MAX : plan_.share(options.requests, index_);
  next_seq_ = options.seq_base + index_;
  measure_from_ns_ = start_ns + options.warmup_ns;
  if (options.duration_ns != 0) end_ns_ = start_ns + options.duration_ns;
  last_answer_ns_ = start_ns;
  waiting_count_ = static_cast<std::uint32_t>(connections_.size());
  dirty_.reserve(connections_.size());
}

base::Status Worker::run(std::uint64_t start_ns) {
  auto io = create_io(plan_.options.io);
  if (!io) return io.error();
  io_ = std::move(*io);
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // The default of 50 us would be added to each intended time.
  begin(start_ns);
  for (std::uint64_t now = start_ns;; now = base::monotonic_ns()) {
    if (now >= next_upkeep_ns_) upkeep(now);
    if (sending_ && !may_send(now)) begin_drain(now);
    if (!sending_ && is_drained(now)) break;
    if (sending_) issue_due_requests(now);
    flush_dirty();
    base::Status waited = io_->wait(wait_ns(base::monotonic_ns()), *this);
    if (!waited) return waited;
  }
  finish();
  return ids_.status();
}

bool Worker::may_send(std::uint64_t now_ns) const noexcept {
  if (stop_.load(std::memory_order_relaxed) || now_ns >= end_ns_ || requests_left_ == 0) {
    return false;
  }
  if (dead_count_ == connections_.size()) return false;
  const bool fruitless =
      now_ns - std::min(now_ns, last_answer_ns_) > kFruitlessTimeouts * plan_.options.timeout_ns;
  return end_ns_ != UINT64_MAX || !fruitless;
}

void Worker::begin_drain(std::uint64_t now_ns) {
  sending_ = false;
  const bool stopped = stop_.load(std::memory_order_relaxed);
  const std::uint64_t bound_ns =
      stopped ? std::min(plan_.options.stop_wait_ns, plan_.options.timeout_ns)
              : plan_.options.timeout_ns;
  drain_until_ns_ = now_ns + bound_ns;
  if (requests_left_ != 0) {
    const std::uint64_t missed = schedule_.missed(std::min(now_ns, end_ns_));
    counts_.missed.add(std::min(missed, requests_left_));
  }
}

bool Worker::is_drained(std::uint64_t now_ns) const noexcept {
  return in_flight_total_ == 0 || now_ns >= drain_until_ns_;
}

void Worker::issue_due_requests(std::uint64_t now_ns) {
  while (requests_left_ > 0 && !ready_.empty()) {
    // To send takes time as well: what has become due meanwhile goes too.
    if (!schedule_.due(now_ns)) now_ns = base::monotonic_ns();
    if (now_ns >= end_ns_ || !schedule_.due(now_ns)) return;
    const std::uint32_t slot = ready_.pop();
    Connection& connection = connections_[slot];
    connection.ready_queued = false;
    if (connection.state != Connection::State::kOpen || !connection.has_room()) continue;
    fill(slot, now_ns);
    make_ready(slot);
  }
}

// Requests that are due together go together, as far as the pipeline allows: one send for all.
void Worker::fill(std::uint32_t slot, std::uint64_t now_ns) {
  const Connection& connection = connections_[slot];
  do {
    issue(slot, now_ns);
  } while (requests_left_ > 0 && connection.has_room() && schedule_.due(now_ns));
}

void Worker::issue(std::uint32_t slot, std::uint64_t now_ns) {
  Connection& connection = connections_[slot];
  const auto& templates = plan_.targets[connection.target].templates;
  const std::size_t bytes_before = connection.outgoing.size();
  templates[connection.next_template].append(next_seq_, random_, connection.outgoing);
  if (++connection.next_template == templates.size()) connection.next_template = 0;
  const std::uint64_t meant_ns = schedule_.take(now_ns);
  connection.push({next_seq_, meant_ns, now_ns});
  if (schedule_.is_open_loop() && meant_ns >= measure_from_ns_) {
    send_delay_.record(now_ns - meant_ns);
  }
  // Threads take turns: numbers are unique without sharing a counter.
  next_seq_ += plan_.threads;
  --requests_left_;
  ++in_flight_total_;
  counts_.sent.add();
  counts_.bytes_sent.add(connection.outgoing.size() - bytes_before);
  if (connection.dirty) return;
  connection.dirty = true;
  dirty_.push_back(slot);
}

void Worker::flush_dirty() {
  for (const std::uint32_t slot : dirty_) {
    connections_[slot].dirty = false;
    flush(slot);
  }
  dirty_.clear();
}

void Worker::flush(std::uint32_t slot) {
  Connection& connection = connections_[slot];
  if (connection.send_busy || connection.outgoing.empty()) return;
  connection.sending.swap(connection.outgoing);
  connection.outgoing.clear();
  // With one request under way its answer says that the buffer is free.
  connection.send_busy = plan_.options.pipeline > 1;
  io_->send({slot, connection.generation}, connection.fd, connection.sending, connection.send_busy);
}

std::uint64_t Worker::wait_ns(std::uint64_t now_ns) const noexcept {
  const bool busy_with_connections = waiting_count_ + connecting_count_ > 0;
  std::uint64_t wake_ns = now_ns + (busy_with_connections ? kUpkeepIntervalNs : kIdleWaitNs);
  if (sending_) {
    wake_ns = std::min(wake_ns, end_ns_);
    if (schedule_.is_open_loop() && !ready_.empty()) {
      wake_ns = std::min(wake_ns, schedule_.next_ns());
    }
  } else {
    wake_ns = std::min(wake_ns, drain_until_ns_);
  }
  return wake_ns > now_ns ? wake_ns - now_ns : 0;
}

void Worker::upkeep(std::uint64_t now_ns) {
  next_upkeep_ns_ = now_ns + kUpkeepIntervalNs;
  connect_waiting(now_ns);
  if (now_ns >= next_overdue_ns_) close_overdue(now_ns);
  ids_.flush_when_due(now_ns);
}

void Worker::finish() {
  counts_.unanswered.add(in_flight_total_);
  in_flight_total_ = 0;
  ids_.flush(base::monotonic_ns());
}

}  // namespace pixel::load
