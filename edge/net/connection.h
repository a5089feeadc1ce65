// SPDX-License-Identifier: Apache-2.0
// A connection's slot and the table of slots. HOT. Owned by one worker; addressed by index and
// generation. An idle connection holds no buffer: input that is incomplete lies in a block of the
// partial pool, output that could not be sent in a block of the tail pool.
#pragma once

#include <boost/intrusive/slist.hpp>
#include <cstdint>
#include <new>

#include "base/assert.h"
#include "edge/net/block_pool.h"
#include "edge/net/completion.h"
#include "edge/net/lazy_memory.h"
#include "edge/net/peer_address.h"
#include "edge/net/timer_wheel.h"

namespace pixel::edge {

/// Bytes waiting to be sent in one piece. `slot` is the output slot they lie in, or kNone where
/// they are a prebuilt response.
struct Output {
  const char* bytes = nullptr;
  std::uint32_t count = 0;
  std::uint32_t slot = BlockPool::kNone;
};

using ListHook =
    boost::intrusive::slist_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>;

struct Connection : TimerHook, ListHook {
  static constexpr std::uint16_t kNoBuffer = 0xFFFF;

  int fd = -1;
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  std::uint32_t active_s = 0;  // Loop second of the last byte in either direction.

  // What the kernel still owes us: the slot is free when both are false.
  bool receive_armed = false;
  bool tail_in_flight = false;

  bool open = false;  // The descriptor is ours; false: waiting for last completions.
  bool close_after_output = false;
  bool linger = false;  // Input may be unread: shut down, then wait for the peer's end.
  bool lingering = false;
  bool peer_ended = false;         // It has sent its FIN.
  bool cancelled_receive = false;  // While a tail is under way no input is taken.
  bool queued_output = false;      // In the worker's list of connections with output.
  bool queued_input = false;       // In the worker's list of connections with input left over.

  std::uint32_t partial = BlockPool::kNone;  // Block with input not yet parsed.
  std::uint32_t partial_bytes = 0;
  std::uint16_t held_first = kNoBuffer;  // Receive buffers not yet parsed, oldest first.
  std::uint16_t held_last = kNoBuffer;
  std::uint64_t head_started_ns = 0;  // When the first byte of the partial head came.

  Output output;  // Of this loop, not yet submitted.
  Output sent;    // Submitted in the last loop: where a short send continues.
  std::uint32_t tail = BlockPool::kNone;
  std::uint32_t tail_begin = 0;
  std::uint32_t tail_end = 0;

  PeerAddress peer;
};

/// Slots by index. One thread.
class ConnectionTable {
 public:
  explicit ConnectionTable(std::uint32_t connections_max)
      : memory_(static_cast<std::size_t>(connections_max) * sizeof(Connection)),
        free_slots_(connections_max, 1) {}

  /// A fresh connection in a free slot, or null when all are taken.
  Connection* open(int fd) noexcept {
    const std::uint32_t index = free_slots_.take();
    if (index == BlockPool::kNone) return nullptr;
    Connection& slot = at(index);
    const std::uint32_t generation = slot.generation;
    Connection* fresh = new (&slot) Connection;  // EXCEPTION(hot-allocation): placement.
    fresh->fd = fd;
    fresh->index = index;
    fresh->generation = generation;
    fresh->open = true;
    return fresh;
  }

  /// REQUIRES: no completion is outstanding and no list holds it.
  void release(Connection& connection) noexcept {
    connection.generation = (connection.generation + 1) & kGenerationMask;
    free_slots_.give_back(connection.index);
  }

  /// The connection a token means, or null when it is gone.
  Connection* find(CompletionToken token) noexcept {
    Connection& slot = at(token.index);
    return slot.generation == token.generation ? &slot : nullptr;
  }

  std::uint32_t open_count() const noexcept { return free_slots_.taken_count(); }

 private:
  Connection& at(std::uint32_t index) noexcept {
    return reinterpret_cast<Connection*>(memory_.base())[index];
  }

  LazyMemory memory_;
  BlockPool free_slots_;
};

}  // namespace pixel::edge
