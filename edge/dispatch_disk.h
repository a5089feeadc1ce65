// SPDX-License-Identifier: Apache-2.0
// Answers that wait for the disk (log.durability = "disk"): group commit. HOT by thread; no
// allocation, and no system call but the opening of a segment.
//
// At the end of a loop all answers since the last group, and their lines, become a group: the lines
// are written and synced, one write for each segment that has some, and the answers are held. What
// is answered meanwhile is the next group. When the last write of a group has completed its lines
// are published and its answers sent, and the next one begins: no more than one is under way, so a
// slow disk makes groups larger, not more.
//
// A group that the disk does not take is withdrawn: its connections are closed without an answer,
// and so are those of the answers that waited behind it. Its lines stay in memory and are written
// again until the disk takes them; until then there is no place for a line (log.on_full decides
// what a request gets), so that no number is missing in the lane, and the log goes on by itself.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "edge/worker_core.h"
#include "logfmt/segment_name.h"

namespace pixel::edge {

namespace detail {
/// A write that takes so long means that the disk does not answer.
inline constexpr std::uint64_t kDiskSilentNs = 2'000'000'000;
}  // namespace detail

/// Whether it has answers that are not sent because the disk has not their lines yet.
template <Ring R>
bool WorkerCore<R>::awaits_disk(const Connection& connection) const noexcept {
  return waits_for_disk_ && (connection.held.count != 0 || connection.output.count != 0);
}

/// The end of a loop.
template <Ring R>
void WorkerCore<R>::commit_outputs() {
  const bool is_written = group_.open && group_.writes == 0;
  if (is_written) settle_group();
  inputs_wait_ = group_.open;
  if (group_.failed) {
    // No line can be among these: there is no place for one.
    hold_outputs();
    send_held();
    if (!group_.open && now_ns_ >= group_.retry_at_ns) write_group();
  } else if (!group_.open) {
    const bool lanes_changed =
        disk_->has_changed() || (events_disk_ && events_disk_->has_changed());
    if (!outputs_.empty() || lanes_changed) begin_group();
    // Without lines nothing keeps it; but a connection gets one send in each loop (prepare_send).
    if (group_.open && group_.writes == 0 && !is_written) settle_group();
  }
  counters_.answers_held.set(answered_lines_ - group_.withdrawn_lines -
                             options_.slot->answers.load(std::memory_order_relaxed));
}

template <Ring R>
void WorkerCore<R>::begin_group() {
  writer_.mark();
  if (events_) events_->mark();
  group_.answered_lines = answered_lines_;
  group_.has_lines = false;
  hold_outputs();
  write_group();
}

/// What was collected is now held; what comes is collected apart. REQUIRES: nothing is held.
template <Ring R>
void WorkerCore<R>::hold_outputs() {
  DCHECK(held_.empty());
  inputs_wait_ = false;
  if (outputs_.empty()) return;
  ++group_.number;
  while (!outputs_.empty()) {
    Connection& connection = outputs_.pop();
    connection.queued_output = false;
    if (!connection.open || connection.output.count == 0) [[unlikely]] {
      release_if_settled(connection);
      continue;
    }
    connection.held = connection.output;
    connection.output = Output{};
    held_.push(connection);
  }
  arena_.turn();
  composed_.turn();
}

// --- Writing -----------------------------------------------------------------------------------

/// All that is marked and not saved: of a new group, or the rest of one that was written in part.
template <Ring R>
void WorkerCore<R>::write_group() {
  group_.open = true;
  group_.error = 0;
  group_.begun_ns = now_ns_;
  write_lane(0);
  if (events_disk_) write_lane(1);
  group_.has_lines |= group_.writes != 0;
}

template <Ring R>
void WorkerCore<R>::write_lane(std::uint32_t lane) {
  DiskLane& disk = lane == 0 ? *disk_ : *events_disk_;
  disk.for_each_unsaved([&](std::uint32_t number, DiskSegment& each) {
    if (each.fd < 0) {
      const auto name = logfmt::active_file_name_text(each.segment.id);
      each.fd = ring_.open_segment(options_.active_folder, name.text);
    }
    if (each.fd < 0) {
      group_.error = -each.fd;
      return;
    }
    prepare_durable_write(ring_.next_entry(), each.fd, each.segment.base + each.saved,
                          static_cast<std::uint32_t>(each.marked - each.saved), each.saved,
                          {Operation::kWrite, lane, number});
    ++group_.writes;
  });
}

template <Ring R>
void WorkerCore<R>::on_written(CompletionToken token, int result) {
  --group_.writes;
  if (result > 0) {
    (token.generation == 0 ? *disk_ : *events_disk_)
        .save(token.index, static_cast<std::uint64_t>(result));
  } else if (result != -EINTR && result != -EAGAIN) {
    group_.error = result == 0 ? EIO : -result;
  }
}

/// No write of the group is under way any more.
template <Ring R>
void WorkerCore<R>::settle_group() {
  if (group_.error != 0) return fail_group();
  const bool is_saved = disk_->is_saved() && (!events_disk_ || events_disk_->is_saved());
  if (!is_saved) return write_group();
  group_.open = false;
  if (group_.has_lines) count_sync();
  publish_lanes();
  send_held();
  if (group_.failed) end_disk_trouble();
}

template <Ring R>
void WorkerCore<R>::count_sync() {
  const std::uint64_t taken_ns = now_ns_ - group_.begun_ns;
  const auto bound = std::lower_bound(kSyncBoundsNs.begin(), kSyncBoundsNs.end(), taken_ns);
  counters_.syncs[static_cast<std::size_t>(bound - kSyncBoundsNs.begin())].add();
  counters_.sync_ns.add(taken_ns);
}

template <Ring R>
void WorkerCore<R>::publish_lanes() {
  const auto close = [this](int fd) { prepare_close(ring_.next_entry(), fd); };
  if (events_disk_) events_disk_->publish(close);
  disk_->publish(close);
  options_.slot->answers.store(group_.answered_lines - group_.withdrawn_lines,
                               std::memory_order_release);
}

// --- Sending -----------------------------------------------------------------------------------

/// The next enter submits them.
template <Ring R>
void WorkerCore<R>::send_held() {
  group_.sent_number = group_.number;
  std::uint64_t bytes = 0;
  while (!held_.empty()) {
    Connection& connection = held_.pop();
    if (!connection.open) [[unlikely]] {
      release_if_settled(connection);
      continue;
    }
    const Output held = std::exchange(connection.held, Output{});
    // It may have answers in the next group; then it is not the end yet.
    const bool ends = connection.close_after_output && connection.output.count == 0;
    bytes += held.count;
    connection.active_s = now_s();  // Its idle time begins now.
    if (connection.tail != BlockPool::kNone) [[unlikely]] {
      append_to_tail(connection, held);
      continue;
    }
    send_output(connection, held, ends && connection.linger);
    if (ends) [[unlikely]]
      closers_.push(connection);
  }
  counters_.bytes_sent.add(bytes);
}

/// Its last send was short and the rest is under way: these follow it (on_tail_done).
template <Ring R>
void WorkerCore<R>::append_to_tail(Connection& connection, const Output& output) {
  if (connection.tail_end + output.count > tails_.block_bytes()) {
    counters_.slow_reader_closes.add();
    return close_connection(connection);
  }
  std::copy_n(output.bytes, output.count, tails_.block(connection.tail) + connection.tail_end);
  connection.tail_end += output.count;
}

// --- A disk that takes nothing -----------------------------------------------------------------

template <Ring R>
void WorkerCore<R>::fail_group() {
  group_.open = false;
  group_.retry_at_ns = now_ns_ + detail::kDiskRetryNs;
  counters_.sync_errors.add();
  control_.disk_trouble.store(group_.error, std::memory_order_relaxed);
  control_.has_place.store(false, std::memory_order_relaxed);
  if (group_.failed) return;  // Once more.
  group_.failed = true;
  writer_.suspend();
  if (events_) events_->suspend();
  withdraw_answers();
}

/// Closes whoever waits for an answer: it would claim what is not so. What was collected behind the
/// group goes with it; it could wait for long.
template <Ring R>
void WorkerCore<R>::withdraw_answers() {
  const std::uint64_t waiting = answered_lines_ - group_.withdrawn_lines -
                                options_.slot->answers.load(std::memory_order_relaxed);
  counters_.answers_withdrawn.add(waiting);
  group_.withdrawn_lines += waiting;
  group_.answered_lines = answered_lines_;
  const auto close_held = [this] {
    while (!held_.empty()) {
      Connection& connection = held_.pop();
      connection.held = Output{};
      connection.open ? close_connection(connection) : release_if_settled(connection);
    }
  };
  close_held();
  hold_outputs();
  close_held();
  group_.sent_number = group_.number;
}

template <Ring R>
void WorkerCore<R>::end_disk_trouble() {
  group_.failed = false;
  control_.disk_trouble.store(0, std::memory_order_relaxed);
  writer_.resume();
  if (events_) events_->resume();
}

/// Once a second: whether it answers at all.
template <Ring R>
void WorkerCore<R>::look_at_disk() {
  if (group_.failed) return;
  const bool silent = group_.open && now_ns_ - group_.begun_ns >= detail::kDiskSilentNs;
  control_.disk_trouble.store(silent ? WorkerControl::kDiskSilent : 0, std::memory_order_relaxed);
  if (silent) control_.has_place.store(false, std::memory_order_relaxed);
}

/// The end of the drain. Lanes that the disk has not taken are left to the next start's recovery:
/// the keeper finds that they were not given back.
template <Ring R>
void WorkerCore<R>::finish_lanes() {
  if (is_disk_busy()) return;
  writer_.mark();
  if (events_) events_->mark();
  const bool is_saved = disk_->is_saved() && (!events_disk_ || events_disk_->is_saved());
  if (is_saved) publish_lanes();
  ring_.enter(Wait{0, 0, 0});  // Closes the last files.
}

}  // namespace pixel::edge
