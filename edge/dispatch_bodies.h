// SPDX-License-Identifier: Apache-2.0
// What stands before and behind a request's head: PROXY headers, bodies. HOT by thread; no
// allocation, no system call. A body that came with its head in one buffer is never copied.
#pragma once

#include <algorithm>
#include <cstring>
#include <new>

#include "edge/client/proxy_header.h"
#include "edge/worker_core.h"

namespace pixel::edge {

namespace detail {
// RFC 9110 section 15.2.1.
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
}  // namespace detail

// --- PROXY headers -----------------------------------------------------------------------------

/// Counts one more connection of its address; false when that is one too many.
template <Ring R>
bool WorkerCore<R>::count_address(Connection& connection) {
  connection.counted = true;
  if (address_counts_.add(counted_address(connection.peer.address)) <=
      options_.connections_per_address)
    return true;
  counters_.connections_over_limit.add();
  return false;
}

/// Takes the one header in front of everything and returns its bytes; all of them when the
/// connection has been closed.
template <Ring R>
std::uint32_t WorkerCore<R>::take_proxy_header(Connection& connection, std::string_view bytes) {
  ProxyHeader header;
  const ProxyResult result = parse_proxy_header(bytes, header);
  if (result.status == ProxyStatus::kIncomplete) return 0;
  const auto close = [&] {
    close_connection(connection);
    return static_cast<std::uint32_t>(bytes.size());
  };
  if (result.status == ProxyStatus::kRefused) {
    counters_.proxy_faults[static_cast<std::size_t>(result.fault)].add();
    return close();
  }
  if (header.has_address) {
    set_peer(connection.peer, header.source, header.source_port);
    if (options_.connections_per_address != 0 && !count_address(connection)) return close();
  }
  connection.tls = header.tls;
  connection.tls_version = tls_texts_.intern(header.tls_version);
  connection.tls_cipher = tls_texts_.intern(header.tls_cipher);
  connection.expects_proxy = false;
  connection.head_started_ns = 0;
  return header.header_bytes;
}

// --- Bodies ------------------------------------------------------------------------------------

template <Ring R>
BodyBlock& WorkerCore<R>::body_block(const Connection& connection) const noexcept {
  return *std::launder(reinterpret_cast<BodyBlock*>(bodies_.block(connection.body)));
}

/// A head that has a body: serves the request when all of it is here, else keeps what is and takes
/// the rest of `bytes` with it. Returns how many bytes were taken.
template <Ring R>
std::uint32_t WorkerCore<R>::begin_body(Connection& connection, const RequestView& request,
                                        std::string_view bytes) {
  const std::uint32_t head_bytes = request.head_bytes;
  if (!request.chunked && request.content_length > options_.body_bytes_max) {
    refuse(connection, request, Refusal::kBodyTooLarge);
    return head_bytes;
  }
  const std::string_view rest = bytes.substr(head_bytes);
  if (!request.chunked && rest.size() >= request.content_length) {
    const auto body_bytes = static_cast<std::uint32_t>(request.content_length);
    serve(connection, request, rest.substr(0, body_bytes), head_bytes + body_bytes);
    return head_bytes + body_bytes;
  }
  connection.body = bodies_.take();
  if (connection.body == BlockPool::kNone && evict_oldest_body()) connection.body = bodies_.take();
  if (connection.body == BlockPool::kNone) {
    counters_.body_shortages.add();
    connection.linger = true;
    answer_fault(connection, request, head_bytes,
                 static_cast<std::size_t>(ResponseId::kServiceUnavailable), true);
    return head_bytes;
  }
  auto* const block = new (bodies_.block(connection.body)) BodyBlock;  // EXCEPTION(hot): placement.
  block->head_bytes = head_bytes;
  block->left_bytes = request.content_length;
  block->chunked = request.chunked;
  block->started_ns = now_ns_;
  link_body(connection);
  std::memcpy(block->head(), bytes.data(), head_bytes);
  if (connection.head_started_ns == 0) connection.head_started_ns = now_ns_;
  wheel_.move(connection, deadline_s(connection));
  if (request.expects_continue && rest.empty()) {
    queue_output(connection, detail::kContinue.data(),
                 static_cast<std::uint32_t>(detail::kContinue.size()));
  }
  return head_bytes + (rest.empty() ? 0 : collect_body(connection, rest));
}

/// More of a body. Returns how many bytes of it were taken: what follows is the next request.
template <Ring R>
std::uint32_t WorkerCore<R>::collect_body(Connection& connection, std::string_view more) {
  BodyBlock& block = body_block(connection);
  BodyResult result;
  if (block.chunked) {
    result = decode_chunks(more, block.body(), options_.body_bytes_max, block.progress);
  } else {
    result.consumed_bytes =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(more.size(), block.left_bytes));
    std::memcpy(block.body() + block.progress.decoded_bytes, more.data(), result.consumed_bytes);
    block.progress.decoded_bytes += result.consumed_bytes;
    block.left_bytes -= result.consumed_bytes;
    if (block.left_bytes == 0) result.status = BodyStatus::kComplete;
  }
  block.taken_bytes += result.consumed_bytes;
  if (result.status == BodyStatus::kIncomplete) return static_cast<std::uint32_t>(more.size());
  if (result.status == BodyStatus::kRefused) {
    counters_.refused_heads[static_cast<std::size_t>(result.refusal)].add();
    abandon_body(connection, static_cast<std::size_t>(response_of(result.refusal)));
    return static_cast<std::uint32_t>(more.size());
  }
  finish_body(connection);
  return result.consumed_bytes;
}

/// The body is whole: its head is read again, where it lies now.
template <Ring R>
void WorkerCore<R>::finish_body(Connection& connection) {
  BodyBlock& block = body_block(connection);
  RequestView request;
  static_cast<void>(parse_request({block.head(), block.head_bytes}, options_.limits, request));
  serve(connection, request, block.body_view(), block.head_bytes + block.taken_bytes);
  drop_body(connection);
  connection.head_started_ns = 0;
  wheel_.move(connection, deadline_s(connection));
}

/// Answers a request whose body will not be read to its end, and closes.
template <Ring R>
void WorkerCore<R>::abandon_body(Connection& connection, std::size_t response_index) {
  BodyBlock& block = body_block(connection);
  RequestView request;
  static_cast<void>(parse_request({block.head(), block.head_bytes}, options_.limits, request));
  connection.linger = true;
  answer_fault(connection, request, block.head_bytes + block.taken_bytes, response_index, true);
  drop_body(connection);
}

/// The newest of the bodies that are being received.
template <Ring R>
void WorkerCore<R>::link_body(Connection& connection) noexcept {
  BodyBlock& block = body_block(connection);
  block.connection_index = connection.index;
  block.older = newest_body_;
  const auto at = [this](std::uint32_t number) {
    return std::launder(reinterpret_cast<BodyBlock*>(bodies_.block(number)));
  };
  if (newest_body_ != BlockPool::kNone) at(newest_body_)->newer = connection.body;
  if (oldest_body_ == BlockPool::kNone) oldest_body_ = connection.body;
  newest_body_ = connection.body;
}

/// Every block is taken: the body that has been coming for longest goes, if that is over a second.
/// So slow senders keep nobody out. True when there is a free block now.
template <Ring R>
bool WorkerCore<R>::evict_oldest_body() {
  const auto* const oldest =
      std::launder(reinterpret_cast<BodyBlock*>(bodies_.block(oldest_body_)));
  if (now_ns_ - oldest->started_ns < 1'000'000'000) return false;
  Connection& slow = connections_.at(oldest->connection_index);
  if (!slow.open || slow.tail != BlockPool::kNone || !may_parse(slow)) return false;
  counters_.bodies_evicted.add();
  abandon_body(slow, static_cast<std::size_t>(ResponseId::kRequestTimeout));
  return true;
}

template <Ring R>
void WorkerCore<R>::drop_body(Connection& connection) noexcept {
  const BodyBlock& block = body_block(connection);
  const auto at = [this](std::uint32_t number) {
    return std::launder(reinterpret_cast<BodyBlock*>(bodies_.block(number)));
  };
  (block.older == BlockPool::kNone ? oldest_body_ : at(block.older)->newer) = block.newer;
  (block.newer == BlockPool::kNone ? newest_body_ : at(block.newer)->older) = block.older;
  bodies_.give_back(connection.body);
  connection.body = BlockPool::kNone;
}

}  // namespace pixel::edge
