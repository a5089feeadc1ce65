// SPDX-License-Identifier: Apache-2.0
// Everything of WorkerCore that is not the straight path: ends of multishot operations, short
// sends, input that must wait, refusals, closing. COLD.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "edge/worker_core.h"

namespace pixel::edge {

// --- Accepting ---------------------------------------------------------------------------------

template <Ring R>
void WorkerCore<R>::on_accept_end(std::uint32_t listener, int result) {
  listeners_[listener].armed = false;
  if (draining_ && result == -ECANCELED && !listeners_[listener].swept) {
    // Whom the kernel had woken us for when the cancel came, nobody else is told of: one more look
    // into the backlog, cancelled in the same submission.
    listeners_[listener].swept = true;
    arm_accept(listener);
    return cancel_accept(listener);
  }
  if (draining_ || accept_paused_) return;
  const bool passing = result >= 0 || result == -ECONNABORTED || result == -EPROTO ||
                       result == -EINTR || result == -ECANCELED;
  if (passing) return arm_accept(listener);
  // No descriptor or memory to be had: connections stay in the backlog. Arming again at once
  // would spin.
  counters_.accept_errors.add();
  listeners_[listener].retry_at_ns = now_ns_ + 20'000'000;
  accept_trouble_ = true;
}

/// After a pause only below 95 %: an accept takes all that wait in the backlog, and whom it takes
/// beyond the last slot would have to be turned away.
template <Ring R>
void WorkerCore<R>::retry_accepts() {
  if (draining_) return;
  const std::uint64_t open_count = connections_.open_count();
  if (accept_paused_ && open_count * 20 >= options_.connections_max * std::uint64_t{19}) return;
  accept_paused_ = accept_trouble_ = false;
  for (std::uint32_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i].armed) continue;
    if (now_ns_ >= listeners_[i].retry_at_ns) {
      arm_accept(i);
    } else {
      accept_trouble_ = true;
    }
  }
}

// --- Receiving ---------------------------------------------------------------------------------

template <Ring R>
void WorkerCore<R>::on_receive_end(Connection& connection, int result) {
  if (!connection.open) return release_if_settled(connection);
  // Armed again by on_tail_done, or by parse_queued.
  const bool blocked =
      connection.tail != BlockPool::kNone || (waits_for_disk_ && connection.queued_input);
  if (result > 0 || result == -ECANCELED || result == -EINTR) {
    if (!blocked) arm_receive(connection);
  } else if (result == 0) {
    connection.peer_ended = true;
    finish_connection(connection);
  } else if (result == -ENOBUFS) {
    counters_.receive_buffer_shortages.add();
    starved_.push(connection);
  } else {
    counters_.receive_errors.add();
    close_connection(connection);
  }
}

/// The peer sends no more: what it asked for is still answered, then the connection is closed.
template <Ring R>
void WorkerCore<R>::finish_connection(Connection& connection) {
  if (connection.lingering) return close_connection(connection);
  // parse_queued and on_tail_done come back here.
  if (connection.queued_input || connection.tail != BlockPool::kNone) return;
  if (connection.output.count != 0 || connection.held.count != 0) {
    connection.close_after_output = true;
  } else if (!connection.close_after_output) {
    close_connection(connection);
  }
}

template <Ring R>
void WorkerCore<R>::rearm_starved() {
  ConnectionQueue<StarvedTag> waiting;
  waiting.swap(starved_);
  while (!waiting.empty()) {
    Connection& connection = waiting.pop();
    const bool wanted = connection.open && !connection.receive_armed && !connection.peer_ended &&
                        connection.tail == BlockPool::kNone;
    if (wanted) {
      arm_receive(connection);
    } else {
      release_if_settled(connection);
    }
  }
}

// --- Input that must wait ----------------------------------------------------------------------

template <Ring R>
void WorkerCore<R>::queue_input(Connection& connection) {
  if (connection.queued_input || connection.close_after_output) return;
  connection.queued_input = true;
  inputs_.push(connection);
  // Its turn comes with the disk's: what it sends meanwhile stays with it, not in our buffers.
  if (waits_for_disk_ && connection.receive_armed) cancel(connection, Operation::kReceive);
}

/// Keeps a receive buffer whose turn has not come; or drops it where nobody will read it.
template <Ring R>
void WorkerCore<R>::hold_input(Connection& connection, std::uint16_t buffer, std::uint32_t bytes) {
  if (!connection.open || connection.close_after_output) return ring_.give_back(buffer);
  next_held_[buffer] = Connection::kNoBuffer;
  held_bytes_[buffer] = bytes;
  if (connection.held_first == Connection::kNoBuffer) {
    connection.held_first = buffer;
  } else {
    next_held_[connection.held_last] = buffer;
  }
  connection.held_last = buffer;
  // A peer that does not read must not keep buffers from the others.
  if (connection.tail != BlockPool::kNone) absorb_held(connection);
}

template <Ring R>
void WorkerCore<R>::drop_held(Connection& connection) {
  while (connection.held_first != Connection::kNoBuffer) {
    const std::uint16_t buffer = connection.held_first;
    connection.held_first = next_held_[buffer];
    ring_.give_back(buffer);
  }
}

/// Moves held buffers into the connection's partial block, where they wait without a limit of
/// time of their own. A connection that sends more than fits there while it reads nothing is
/// closed.
template <Ring R>
void WorkerCore<R>::absorb_held(Connection& connection) {
  while (connection.held_first != Connection::kNoBuffer) {
    const std::uint16_t buffer = connection.held_first;
    const std::uint32_t bytes = held_bytes_[buffer];
    if (connection.partial == BlockPool::kNone) {
      connection.partial = partials_.take();
      connection.partial_bytes = 0;
    }
    if (connection.partial == BlockPool::kNone ||
        connection.partial_bytes + bytes > partials_.block_bytes()) {
      counters_.slow_reader_closes.add();
      return close_connection(connection);
    }
    std::memcpy(partials_.block(connection.partial) + connection.partial_bytes,
                ring_.receive_buffer(buffer), bytes);
    connection.partial_bytes += bytes;
    connection.held_first = next_held_[buffer];
    ring_.give_back(buffer);
  }
}

template <Ring R>
void WorkerCore<R>::run_queued_input() {
  ConnectionQueue<InputTag> waiting;
  waiting.swap(inputs_);
  while (!waiting.empty()) {
    Connection& connection = waiting.pop();
    connection.queued_input = false;
    if (!connection.open) {
      release_if_settled(connection);
    } else if (connection.tail == BlockPool::kNone) {
      parse_queued(connection);
    }
  }
}

/// Goes on where the last loop stopped, oldest bytes first, as far as the output has room.
template <Ring R>
void WorkerCore<R>::parse_queued(Connection& connection) {
  if (connection.partial != BlockPool::kNone) continue_partial(connection, {});
  while (connection.open && !connection.queued_input && !connection.close_after_output &&
         connection.held_first != Connection::kNoBuffer) {
    const std::uint16_t buffer = connection.held_first;
    connection.held_first = next_held_[buffer];
    parse_buffer(connection, buffer, held_bytes_[buffer]);
  }
  if (connection.close_after_output) drop_held(connection);
  if (connection.open && connection.peer_ended) return finish_connection(connection);
  const bool was_cancelled = waits_for_disk_ && connection.open && !connection.queued_input &&
                             !connection.receive_armed && connection.tail == BlockPool::kNone;
  if (was_cancelled) arm_receive(connection);
}

// --- Answers that are not a pixel --------------------------------------------------------------

template <Ring R>
void WorkerCore<R>::refuse(Connection& connection, const RequestView& request, Refusal refusal) {
  counters_.refused_heads[static_cast<std::size_t>(refusal)].add();
  connection.linger = true;  // Whatever follows is not read; a reset could overtake the answer.
  answer_fault(connection, request, request.head_bytes,
               static_cast<std::size_t>(response_of(refusal)), refusal == Refusal::kBodyTooLarge);
}

/// The answer to a request that cannot be served; it is logged where its line was understood.
template <Ring R>
void WorkerCore<R>::answer_fault(Connection& connection, const RequestView& request,
                                 std::uint64_t request_bytes, std::size_t response_index,
                                 bool has_whole_head) {
  if (request.method_text.empty()) {
    return answer_unlogged(connection, response_index, Persistence::kClose, false);
  }
  Exchange exchange(request, {}, request_bytes);
  if (has_whole_head) exchange.route = rules_->book.table.find(request.path);
  static_cast<void>(describe_client(connection, exchange));
  if (!has_whole_head && rules_->policy.hides_faults()) hide_person(exchange);
  if (has_whole_head) {
    add_cors(exchange);
    let_pages_read(exchange);
    if (response_index == static_cast<std::size_t>(ResponseId::kContentTooLarge)) {
      add_header(exchange, detail::kErrorHeader, fault_code(RecordFault::kBodyTooLarge));
    }
  }
  answer(connection, exchange, response_index, Persistence::kClose);
}

/// Of whoever may have opted out in what did not come.
template <Ring R>
void WorkerCore<R>::hide_person(Exchange& exchange) {
  exchange.client_address = "0.0.0.0";
  exchange.client_port = 0;
  exchange.forwarded_for = exchange.query = exchange.referer = {};
  exchange.user_agent = exchange.cookie = exchange.visitor = exchange.headers = {};
}

/// An answer to what has no line.
template <Ring R>
void WorkerCore<R>::answer_unlogged(Connection& connection, std::size_t response_index,
                                    Persistence persistence, bool head_only) {
  const Response& response = rules_->responses.get(response_index, persistence);
  counters_.answered[static_cast<std::size_t>(response.id)].add();
  if (persistence == Persistence::kClose) connection.close_after_output = true;
  queue_output(connection, response.bytes, head_only ? response.head_bytes : response.total_bytes);
}

/// There is no place for a line. True: answer all the same; false: 503 has been answered instead.
template <Ring R>
bool WorkerCore<R>::answer_without_line(Connection& connection, Persistence persistence,
                                        bool head_only) {
  control_.has_place.store(false, std::memory_order_relaxed);
  if (rules_->rules->serve_when_full) {
    counters_.lines_unlogged.add();
    options_.slot->unlogged.store(counters_.lines_unlogged.get(), std::memory_order_relaxed);
    return true;
  }
  counters_.lines_refused.add();
  options_.slot->refused.store(counters_.lines_refused.get(), std::memory_order_relaxed);
  answer_unlogged(connection, static_cast<std::size_t>(ResponseId::kServiceUnavailable),
                  persistence, head_only);
  return false;
}

// --- Sends that were short ---------------------------------------------------------------------

template <Ring R>
void WorkerCore<R>::on_send_failed(Connection& connection, int result) {
  if (!connection.open) return;
  if (result >= 0 || result == -EAGAIN || result == -EINTR) {
    return begin_tail(connection, result > 0 ? static_cast<std::uint32_t>(result) : 0);
  }
  counters_.send_errors.add();
  close_connection(connection);
}

/// The peer reads slowly: the unsent rest is copied and sent as one tracked operation, and until
/// that is done no input is taken.
template <Ring R>
void WorkerCore<R>::begin_tail(Connection& connection, std::uint32_t sent_bytes) {
  counters_.send_tails.add();
  connection.tail = tails_.take();
  if (connection.tail == BlockPool::kNone) {
    counters_.slow_reader_closes.add();
    return close_connection(connection);
  }
  char* const block = tails_.block(connection.tail);
  const std::uint32_t rest = connection.sent.count - sent_bytes;
  std::memcpy(block, connection.sent.bytes + sent_bytes, rest);
  connection.tail_begin = 0;
  connection.tail_end = rest;
  if (!waits_for_disk_) {
    // Where the queue of submissions ran full, answers of this loop may have been collected before
    // the failure was seen: they follow. (Those that wait for the disk: append_to_tail.)
    std::copy_n(connection.output.bytes, connection.output.count, block + rest);
    connection.tail_end += connection.output.count;
    connection.output = Output{};
  }
  connection.active_s = now_s();
  wheel_.move(connection, deadline_s(connection));
  if (connection.receive_armed) cancel(connection, Operation::kReceive);
  absorb_held(connection);
  if (connection.open) send_tail(connection);
}

template <Ring R>
void WorkerCore<R>::send_tail(Connection& connection) {
  connection.tail_in_flight = true;
  prepare_send_tail(ring_.next_entry(), connection.fd,
                    tails_.block(connection.tail) + connection.tail_begin,
                    connection.tail_end - connection.tail_begin,
                    {Operation::kSendTail, connection.generation, connection.index});
}

template <Ring R>
void WorkerCore<R>::on_tail_done(Connection& connection, int result) {
  connection.tail_in_flight = false;
  if (!connection.open) return release_if_settled(connection);
  if (result <= 0 && result != -EINTR && result != -EAGAIN) {
    counters_.send_errors.add();
    return close_connection(connection);
  }
  connection.tail_begin += result > 0 ? static_cast<std::uint32_t>(result) : 0;
  if (connection.tail_begin < connection.tail_end) return send_tail(connection);
  tails_.give_back(connection.tail);
  connection.tail = BlockPool::kNone;
  connection.active_s = now_s();
  if (connection.close_after_output && !awaits_disk(connection)) return closers_.push(connection);
  if (connection.partial != BlockPool::kNone) queue_input(connection);
  if (connection.peer_ended) return finish_connection(connection);
  if (!connection.receive_armed) arm_receive(connection);
}

// --- Closing -----------------------------------------------------------------------------------

template <Ring R>
void WorkerCore<R>::cancel(const Connection& connection, Operation operation) {
  prepare_cancel_one(ring_.next_entry(), connection.fd,
                     {operation, connection.generation, connection.index});
}

/// Their last answers were submitted in the last loop; those that were short have a tail by now.
template <Ring R>
void WorkerCore<R>::settle_closers() {
  ConnectionQueue<CloserTag> waiting;
  waiting.swap(closers_);
  while (!waiting.empty()) {
    Connection& connection = waiting.pop();
    if (!connection.open) {
      release_if_settled(connection);
    } else if (connection.tail == BlockPool::kNone) {
      // Closing with input unread would send a reset that can overtake the answer. Its last bytes
      // may still wait for the end to go with (prepare_send).
      if (connection.linger) ring_.shut_down_sending(connection.fd);
      if (!connection.linger || connection.peer_ended || !connection.receive_armed) {
        close_connection(connection);
        continue;
      }
      connection.lingering = true;
      connection.active_s = now_s();
      wheel_.move(connection, deadline_s(connection));
    }
  }
}

/// A header block that is not the connection's last one. The first costs nothing: most connections
/// bring one request. Who brings a new one each time is a balancer with many clients behind it, and
/// is no longer asked.
template <Ring R>
void WorkerCore<R>::note_new_head(Connection& connection, const RequestView& request,
                                  std::string_view head) {
  if (connection.new_heads == detail::kNewHeadsMax) return;
  if (++connection.new_heads == 1) return;
  if (connection.new_heads == detail::kNewHeadsMax) return forget_head(connection);
  if (connection.memory == BlockPool::kNone) connection.memory = memories_.take();
  if (HeadMemory* const memory = memory_of(connection)) {
    memory->remember(head.substr(request.line_bytes), request);
  } else {
    connection.new_heads = 1;  // No block is free: its next head asks again.
  }
}

template <Ring R>
void WorkerCore<R>::forget_head(Connection& connection) {
  if (connection.memory != BlockPool::kNone) memories_.give_back(connection.memory);
  connection.memory = BlockPool::kNone;
}

template <Ring R>
void WorkerCore<R>::close_connection(Connection& connection) {
  if (!connection.open) return;
  connection.open = false;
  wheel_.remove(connection);
  if (connection.receive_armed) cancel(connection, Operation::kReceive);
  if (connection.tail_in_flight) cancel(connection, Operation::kSendTail);
  prepare_close(ring_.next_entry(), connection.fd);
  drop_held(connection);
  if (connection.partial != BlockPool::kNone) partials_.give_back(connection.partial);
  connection.partial = BlockPool::kNone;
  if (connection.body != BlockPool::kNone) drop_body(connection);
  forget_head(connection);
  if (connection.counted) address_counts_.remove(counted_address(connection.peer.address));
  release_if_settled(connection);
}

/// Frees the slot of a closed connection once the kernel and our lists have let go of it.
template <Ring R>
void WorkerCore<R>::release_if_settled(Connection& connection) {
  if (connection.open || connection.receive_armed || connection.tail_in_flight ||
      connection.queues_count != 0) {
    return;
  }
  if (connection.tail != BlockPool::kNone) tails_.give_back(connection.tail);
  connection.tail = BlockPool::kNone;
  connections_.release(connection);
}

}  // namespace pixel::edge
