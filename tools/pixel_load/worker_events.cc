// SPDX-License-Identifier: Apache-2.0
// See worker.h. HOT: what the kernel reports, connection by connection.
#include <algorithm>

#include "base/clock.h"
#include "tools/pixel_load/worker.h"

namespace pixel::load {

void Worker::on_wake() { woke_ns_ = base::monotonic_ns(); }

void Worker::on_connected(ConnectionKey key, int error) {
  if (!is_current(key)) return;
  Connection& connection = connections_[key.slot];
  if (error != 0) {
    counts_.connect_errors.add();
    close_connection(key.slot);
    retry_later(key.slot, Backoff::kGrowing);
    return;
  }
  counts_.connects.add();
  --connecting_count_;
  connection.state = Connection::State::kOpen;
  io_->start_receive(key, connection.fd);
  make_ready(key.slot);
}

void Worker::on_received(ConnectionKey key, std::string_view bytes) {
  if (!is_current(key)) return;
  Connection& connection = connections_[key.slot];
  counts_.bytes_received.add(bytes.size());
  while (!bytes.empty()) {
    if (connection.in_flight_count == 0) return refuse_malformed(key.slot);
    const AnswerParser::Progress progress = connection.parser.feed(bytes, plan_.to_head, memo_);
    bytes.remove_prefix(progress.consumed);
    if (progress.step == AnswerParser::Step::kMalformed) return refuse_malformed(key.slot);
    if (progress.step == AnswerParser::Step::kNeedMore) continue;
    complete_answer(key.slot);
    if (!connection.parser.close()) continue;
    counts_.connections_closed_by_peer.add();
    close_connection(key.slot);
    return retry_later(key.slot, Backoff::kNone);
  }
}

void Worker::on_receive_ended(ConnectionKey key, int error) {
  if (!is_current(key)) return;
  Connection& connection = connections_[key.slot];
  if (error == 0 && connection.in_flight_count > 0 &&
      connection.parser.finish() == AnswerParser::Step::kAnswer) {
    complete_answer(key.slot);
  }
  if (connection.in_flight_count > 0 || error != 0) return lose_connection(key.slot);
  counts_.connections_closed_by_peer.add();
  if (!connection.parser.close()) counts_.closed_unannounced.add();
  close_connection(key.slot);
  // A peer that takes connections only to close them is not asked again at once.
  retry_later(key.slot, connection.failures == 0 ? Backoff::kNone : Backoff::kGrowing);
  connection.failures = std::max(connection.failures, 1u);
}

void Worker::on_receive_paused(ConnectionKey key) {
  if (is_current(key)) io_->start_receive(key, connections_[key.slot].fd);
}

void Worker::on_sent(ConnectionKey key, int error) {
  if (!is_current(key)) return;
  // The peer may have answered before it closed: what it sent is still to be read.
  if (error != 0) {
    connections_[key.slot].outgoing.clear();
    return;
  }
  connections_[key.slot].send_busy = false;
  flush(key.slot);
}

void Worker::complete_answer(std::uint32_t slot) {
  Connection& connection = connections_[slot];
  const InFlight request = connection.pop();
  --in_flight_total_;
  last_answer_ns_ = woke_ns_;
  connection.failures = 0;
  const unsigned status = connection.parser.status();
  counts_.answered.add();
  counts_.by_class[status / 100].add();
  if (status / 100 == 2) ids_.add(request.seq);
  if (request.meant_ns >= measure_from_ns_) {
    counts_.measured.add();
    latency_.record(woke_ns_ - std::min(woke_ns_, request.meant_ns));
    last_measured_ns_ = woke_ns_;
  }
  make_ready(slot);
}

void Worker::lose_connection(std::uint32_t slot) {
  counts_.connections_lost.add();
  close_connection(slot);
  retry_later(slot, Backoff::kGrowing);
}

void Worker::refuse_malformed(std::uint32_t slot) {
  counts_.malformed.add();
  close_connection(slot);
  retry_later(slot, Backoff::kGrowing);
}

void Worker::make_ready(std::uint32_t slot) {
  Connection& connection = connections_[slot];
  if (connection.ready_queued || !connection.has_room()) return;
  if (connection.state != Connection::State::kOpen) return;
  connection.ready_queued = true;
  ready_.push(slot);
}

}  // namespace pixel::load
