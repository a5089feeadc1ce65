// SPDX-License-Identifier: Apache-2.0
// The straight path of WorkerCore: from a completion to logged, collected answers. HOT: no system
// call, no lock, no allocation; what is rare is a call into dispatch_requests.h, dispatch_bodies.h
// or dispatch_errors.h.
#pragma once

#include <algorithm>
#include <cstring>

#include "edge/line_of.h"
#include "edge/worker_core.h"

namespace pixel::edge {

template <Ring R>
bool WorkerCore<R>::step() {
  ring_.enter(next_wait());
  now_ns_ = ring_.monotonic_ns();
  std::uint32_t completions = 0;
  // Failed sends of the last loop come first: they completed when they were submitted.
  ring_.for_each_completion(
      [&](const io_uring_cqe& completion) {
        dispatch(completion);
        ++completions;
      },
      [this](const io_uring_cqe& completion, Ahead ahead) { prefetch(completion, ahead); });
  counters_.loops.add();
  counters_.completions.add(completions);
  wait_policy_.observe(completions);
  if (!closers_.empty()) [[unlikely]]
    settle_closers();
  if (!inputs_.empty()) [[unlikely]]
    run_queued_input();
  const bool is_new_second = ring_.realtime_s() != wall_s_ || now_s() != ticked_s_;
  if (is_new_second) [[unlikely]]
    tick();
  if (is_new_second || (wheel_.has_due() && now_ns_ >= next_ends_ns_)) [[unlikely]]
    visit_deadlines(completions);
  if (control_.drain_deadline_ns() != 0) [[unlikely]] {
    if (!drain_step()) return false;
  }
  if (accept_trouble_) [[unlikely]]
    retry_accepts();
  waits_for_disk_ ? commit_outputs() : flush_outputs();
  ring_.publish_buffers();
  if (!starved_.empty()) [[unlikely]]
    rearm_starved();
  return true;
}

/// Hundreds of connections do not fit into the second-level cache: what a completion will touch is
/// asked for while those before it are handled.
template <Ring R>
inline void WorkerCore<R>::prefetch(const io_uring_cqe& completion, Ahead ahead) const noexcept {
  const CompletionToken token = unpack(completion.user_data);
  if (token.operation != Operation::kReceive) return;
  const Connection& connection = connections_.at(token.index);
  if (ahead == Ahead::kFar) return connection.prefetch();
  if (const HeadMemory* const memory = memory_of(connection)) memory->prefetch();
}

template <Ring R>
void WorkerCore<R>::dispatch(const io_uring_cqe& completion) {
  const CompletionToken token = unpack(completion.user_data);
  if (token.operation == Operation::kAccept) {
    if (completion.res >= 0) on_accepted(token.index, completion.res);
    if ((completion.flags & IORING_CQE_F_MORE) == 0) on_accept_end(token.index, completion.res);
    return;
  }
  if (token.operation == Operation::kNone || token.operation >= Operation::kWake) {
    if (token.operation == Operation::kWrite) on_written(token, completion.res);
    return;
  }
  Connection* const connection = connections_.find(token);
  if (connection == nullptr) [[unlikely]] {
    counters_.stale_completions.add();
    return;
  }
  switch (token.operation) {
    case Operation::kReceive:
      return on_receive(*connection, completion);
    case Operation::kSend:
      return on_send_failed(*connection, completion.res);
    default:
      return on_tail_done(*connection, completion.res);
  }
}

template <Ring R>
void WorkerCore<R>::on_accepted(std::uint32_t listener, int fd) {
  sockaddr_storage address{};
  // A client that has already gone has no address, and nothing to say.
  Connection* const connection = ring_.peer_address(fd, address) ? connections_.open(fd) : nullptr;
  if (connection == nullptr) [[unlikely]] {
    counters_.connections_refused.add();
    prepare_close(ring_.next_entry(), fd);
    return;
  }
  set_peer(connection->peer, address);
  connection->active_s = now_s();
  connection->expects_proxy = listeners_[listener].expects_proxy;
  counters_.connections_accepted.add();
  wheel_.insert(*connection, deadline_s(*connection));
  if (!may_stay(*connection)) [[unlikely]]
    return close_connection(*connection);
  arm_receive(*connection);
  if (connections_.open_count() == options_.connections_max && !accept_paused_) [[unlikely]] {
    accept_paused_ = accept_trouble_ = true;
    counters_.accept_paused.add();
    for (const Listener& each : listeners_) prepare_cancel(ring_.next_entry(), each.fd);
  }
}

/// Whether a newcomer's address may have this connection.
template <Ring R>
bool WorkerCore<R>::may_stay(Connection& connection) {
  if (connection.expects_proxy) [[unlikely]] {
    if (rules_->client.may_send_proxy_header(connection.peer.address)) return true;
    counters_.proxy_strangers.add();
    return false;
  }
  return options_.connections_per_address == 0 || count_address(connection);
}

template <Ring R>
void WorkerCore<R>::arm_receive(Connection& connection) {
  connection.receive_armed = true;
  prepare_receive(ring_.next_entry(), connection.fd,
                  {Operation::kReceive, connection.generation, connection.index});
}

template <Ring R>
void WorkerCore<R>::arm_accept(std::uint32_t listener) {
  listeners_[listener].armed = true;
  listeners_[listener].retry_at_ns = 0;
  prepare_accept(ring_.next_entry(), listeners_[listener].fd, {Operation::kAccept, 0, listener});
}

template <Ring R>
void WorkerCore<R>::on_receive(Connection& connection, const io_uring_cqe& completion) {
  const bool ended = (completion.flags & IORING_CQE_F_MORE) == 0;
  if (completion.res > 0) {
    take_input(connection, static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT),
               static_cast<std::uint32_t>(completion.res));
  }
  if (ended) [[unlikely]] {
    // Only now: a connection closed above keeps its slot until the kernel has let go of it.
    connection.receive_armed = false;
    on_receive_end(connection, completion.res);
  }
}

template <Ring R>
bool WorkerCore<R>::may_parse(const Connection& connection) const noexcept {
  const Output& output = connection.output;
  return !connection.close_after_output && output.count < OutputArena::kOutputBytesMax &&
         (output.count == 0 || output.slot != BlockPool::kNone || arena_.has_room()) &&
         composed_.has_room();
}

template <Ring R>
void WorkerCore<R>::take_input(Connection& connection, std::uint16_t buffer, std::uint32_t bytes) {
  counters_.bytes_received.add(bytes);
  const bool straight = connection.open && connection.tail == BlockPool::kNone &&
                        !connection.queued_input && !connection.close_after_output;
  if (!straight) [[unlikely]]
    return hold_input(connection, buffer, bytes);
  connection.active_s = now_s();
  parse_buffer(connection, buffer, bytes);
}

/// Answers what a receive buffer completes, keeps the rest, and gives the buffer back.
template <Ring R>
void WorkerCore<R>::parse_buffer(Connection& connection, std::uint16_t buffer,
                                 std::uint32_t bytes) {
  const std::string_view input(ring_.receive_buffer(buffer), bytes);
  if (connection.partial != BlockPool::kNone) [[unlikely]] {
    continue_partial(connection, input);
  } else {
    const std::uint32_t parsed = parse_all(connection, input);
    if (parsed < bytes) [[unlikely]]
      keep_partial(connection, input.substr(parsed));
  }
  ring_.give_back(buffer);
}

/// Copies what is not a whole request yet (or waits for the next loop) out of the receive buffer.
template <Ring R>
void WorkerCore<R>::keep_partial(Connection& connection, std::string_view rest) {
  connection.partial = partials_.take();
  if (connection.partial == BlockPool::kNone) [[unlikely]] {
    counters_.connections_refused.add();
    return close_connection(connection);
  }
  std::memcpy(partials_.block(connection.partial), rest.data(), rest.size());
  connection.partial_bytes = static_cast<std::uint32_t>(rest.size());
  if (connection.body == BlockPool::kNone) connection.head_started_ns = now_ns_;
  wheel_.move(connection, deadline_s(connection));
  if (!may_parse(connection)) queue_input(connection);
}

/// More bytes for a head that had begun. An empty `more` parses what was left over.
template <Ring R>
void WorkerCore<R>::continue_partial(Connection& connection, std::string_view more) {
  char* const block = partials_.block(connection.partial);
  CHECK(connection.partial_bytes + more.size() <= partials_.block_bytes());
  std::copy_n(more.data(), more.size(), block + connection.partial_bytes);
  connection.partial_bytes += static_cast<std::uint32_t>(more.size());
  if (connection.head_started_ns == 0) connection.head_started_ns = now_ns_;
  const std::uint32_t parsed = parse_all(connection, {block, connection.partial_bytes});
  if (connection.partial == BlockPool::kNone) return;  // Closed.
  connection.partial_bytes -= parsed;
  if (connection.partial_bytes == 0) {
    partials_.give_back(connection.partial);
    connection.partial = BlockPool::kNone;
    return;
  }
  std::memmove(block, block + parsed, connection.partial_bytes);
  if (parsed != 0) connection.head_started_ns = now_ns_;
  if (!may_parse(connection)) queue_input(connection);
}

/// Answers every whole request at the beginning of `bytes` and returns how many bytes they took. A
/// body that has only begun takes all the rest.
template <Ring R>
std::uint32_t WorkerCore<R>::parse_all(Connection& connection, std::string_view bytes) {
  std::uint32_t parsed = 0;
  if (connection.expects_proxy) [[unlikely]] {
    parsed = take_proxy_header(connection, bytes);
    if (connection.expects_proxy) return parsed;
  }
  if (connection.body != BlockPool::kNone && may_parse(connection)) [[unlikely]] {
    parsed = collect_body(connection, bytes);
  }
  // All of the rest belongs to a body, now or in the next loop.
  if (connection.body != BlockPool::kNone) [[unlikely]]
    return parsed;
  while (parsed < bytes.size() && may_parse(connection)) {
    RequestView request;
    const ParseResult result =
        parse_request(bytes.substr(parsed), options_.limits, memory_of(connection), request);
    if (result.status == ParseStatus::kIncomplete) return parsed;
    if (result.status == ParseStatus::kRefused) [[unlikely]] {
      refuse(connection, request, result.refusal);
      parsed += request.head_bytes;
    } else if (request.has_body) [[unlikely]] {
      parsed += begin_body(connection, request, bytes.substr(parsed));
      if (connection.body != BlockPool::kNone) return parsed;
    } else {
      if (result.recalled) {
        connection.new_heads = 1;
      } else {
        note_new_head(connection, request, bytes.substr(parsed, request.head_bytes));
      }
      serve(connection, request, {}, request.head_bytes);
      parsed += request.head_bytes;
    }
    connection.head_started_ns = 0;
  }
  // What follows an answer that closes is not looked at (RFC 9112 section 9.6).
  return connection.close_after_output ? static_cast<std::uint32_t>(bytes.size()) : parsed;
}

template <Ring R>
HeadMemory* WorkerCore<R>::memory_of(const Connection& connection) const noexcept {
  if (connection.memory == BlockPool::kNone) return nullptr;
  return reinterpret_cast<HeadMemory*>(memories_.block(connection.memory));
}

/// Serves one whole request.
template <Ring R>
void WorkerCore<R>::serve(Connection& connection, const RequestView& request, std::string_view body,
                          std::uint64_t request_bytes) {
  Exchange exchange(request, body, request_bytes);
  exchange.route = rules_->book.table.find(request.path);
  const Persistence persistence = persistence_of(request);
  if (describe_client(connection, exchange)) [[unlikely]] {
    return serve_limited(connection, exchange, persistence);
  }
  // Closing by our own choice: what the client has already sent behind this must not reset it.
  if (draining_ && request.keep_alive) [[unlikely]]
    connection.linger = true;
  const Route* const route = exchange.route;
  const bool prebuilt = route != nullptr && request.method == Method::kGet &&
                        route->get_is_prebuilt() && !request.extra.has(ExtraHeader::kOrigin);
  if (prebuilt) [[likely]]
    return answer(connection, exchange, route->get, persistence);
  serve_other(connection, exchange, persistence);
}

template <Ring R>
Persistence WorkerCore<R>::persistence_of(const RequestView& request) const noexcept {
  if (!request.keep_alive || draining_) return Persistence::kClose;
  return request.version == Version::kHttp11 ? Persistence::kKeepAlive
                                             : Persistence::kKeepAliveHttp10;
}

/// Fills what the line says of the client; the usual case costs a few copies of views. True when
/// the address has asked too often.
template <Ring R>
bool WorkerCore<R>::describe_client(const Connection& connection, Exchange& exchange) {
  const RequestView& request = exchange.request;
  exchange.client_address = connection.peer.view();
  exchange.client_port = connection.peer.port;
  exchange.https = connection.tls;
  exchange.query = request.query;
  exchange.referer = request.referer;
  exchange.user_agent = request.user_agent;
  if (connection.tls) [[unlikely]] {
    exchange.tls_version = tls_texts_.text(connection.tls_version);
    exchange.tls_cipher = tls_texts_.text(connection.tls_cipher);
  }
  if (request.forwarded_for.count() != 0) [[unlikely]]
    describe_forwarded(exchange);
  const bool reads_headers = rules_->client.reads_headers();
  const bool judges = rules_->policy.wants(request);
  if (!reads_headers && !judges) [[likely]]
    return false;
  return identify(connection, exchange, reads_headers, judges);
}

/// Logs the exchange and queues its answer.
template <Ring R>
void WorkerCore<R>::answer(Connection& connection, Exchange& exchange, std::size_t response_index,
                           Persistence persistence) {
  const Response& response = rules_->responses.get(response_index, persistence);
  const bool head_only = exchange.request.method == Method::kHead;
  if (exchange.unlogged) [[unlikely]] {
    counters_.answers_unlogged.add();
  } else if (log_line(connection, exchange, response)) [[likely]] {
    ++answered_lines_;
  } else if (!answer_without_line(connection, persistence, head_only)) {
    return;
  }
  counters_.answered[static_cast<std::size_t>(response.id)].add();
  if (persistence == Persistence::kClose) connection.close_after_output = true;
  if (!exchange.headers.empty() || exchange.has_content) [[unlikely]]
    return queue_composed(connection, exchange, response);
  if (head_only) return queue_output(connection, response.bytes, response.head_bytes);
  if (extends_run(connection.output, response)) {
    connection.output.count += response.total_bytes;
    return;
  }
  queue_output(connection, response.bytes, response.total_bytes);
}

/// False when there is no place for the line: no segment is ready.
template <Ring R>
bool WorkerCore<R>::log_line(const Connection& connection, const Exchange& exchange,
                             const Response& response) {
  const LineConstants constants{options_.edge_location, options_.distribution_host};
  const std::uint64_t taken_ns =
      connection.head_started_ns == 0 ? 0 : now_ns_ - connection.head_started_ns;
  logfmt::LineInput line;
  describe(constants, exchange, response, taken_ns / 1000, line);
  line.when = &date_time_;
  if (!writer_.try_reserve(logfmt::encoded_line_bytes_max(line) + 1)) [[unlikely]]
    return false;
  line.sequence = {options_.lane.node, options_.lane.worker, options_.lane.boot,
                   writer_.next_sequence()};
  const std::size_t bytes = logfmt::encode_line(line, ids_, line_scratch_.get());
  writer_.append({line_scratch_.get(), bytes}, wall_s_);
  return true;
}

/// Whether what waits to be sent are whole copies of this answer, and there is another behind them:
/// then pipelined answers need no copying.
template <Ring R>
inline bool WorkerCore<R>::extends_run(const Output& output, const Response& response) noexcept {
  return output.count != 0 && output.bytes == response.bytes &&
         output.count + response.total_bytes <= response.run_bytes &&
         output.count % response.total_bytes == 0;
}

/// Adds an answer to what the connection sends at the end of this loop. The first one is sent from
/// where it lies; a second moves both into one piece.
template <Ring R>
void WorkerCore<R>::queue_output(Connection& connection, const char* bytes, std::uint32_t count) {
  Output& output = connection.output;
  if (output.count == 0) {
    output = {bytes, count, BlockPool::kNone};
    if (!connection.queued_output) {
      connection.queued_output = true;
      outputs_.push(connection);
    }
    return;
  }
  if (output.slot == BlockPool::kNone) {
    output.slot = arena_.take();
    char* const slot = arena_.slot(output.slot);
    std::memcpy(slot, output.bytes, output.count);
    output.bytes = slot;
  }
  std::memcpy(const_cast<char*>(output.bytes) + output.count, bytes, count);
  output.count += count;
}

template <Ring R>
inline void WorkerCore<R>::send_output(Connection& connection, const Output& output,
                                       bool end_follows) {
  prepare_send(ring_.next_entry(), connection.fd, output.bytes, output.count, end_follows,
               {Operation::kSend, connection.generation, connection.index});
  connection.sent = output;
}

/// Publishes the lines, then queues the answers; the next enter submits them.
template <Ring R>
void WorkerCore<R>::flush_outputs() {
  if (outputs_.empty()) return;
  if (events_) events_->publish();
  writer_.publish();
  options_.slot->answers.store(answered_lines_, std::memory_order_release);
  std::uint64_t bytes = 0;
  while (!outputs_.empty()) {
    Connection& connection = outputs_.pop();
    connection.queued_output = false;
    if (!connection.open || connection.output.count == 0) [[unlikely]] {
      release_if_settled(connection);
      continue;
    }
    send_output(connection, connection.output, connection.close_after_output && connection.linger);
    bytes += connection.output.count;
    connection.output = Output{};
    if (connection.close_after_output) [[unlikely]]
      closers_.push(connection);
  }
  counters_.bytes_sent.add(bytes);
  arena_.turn();
  composed_.turn();
}

template <Ring R>
Wait WorkerCore<R>::next_wait() const {
  const bool inputs_have_room = !inputs_.empty() && !inputs_wait_;
  const bool has_written = group_.open && group_.writes == 0;
  const bool more_to_do = !closers_.empty() || inputs_have_room || !starved_.empty() || has_written;
  if (more_to_do) return {0, 0, 0};
  // Once a second the clock text, the timers and the segment's age are looked at.
  std::uint64_t timeout_ns = 1'000'000'000 - now_ns_ % 1'000'000'000;
  for (const Listener& each : listeners_) {
    if (each.retry_at_ns != 0) timeout_ns = std::min<std::uint64_t>(timeout_ns, 20'000'000);
  }
  if (draining_) timeout_ns = std::min<std::uint64_t>(timeout_ns, 50'000'000);
  if (group_.failed) timeout_ns = std::min(timeout_ns, detail::kDiskRetryNs);
  if (wheel_.has_due()) [[unlikely]]
    timeout_ns = std::min(timeout_ns, detail::kEndsPauseNs);
  return wait_policy_.next(connections_.open_count(), timeout_ns);
}

}  // namespace pixel::edge
