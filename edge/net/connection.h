// SPDX-License-Identifier: Apache-2.0
// A connection's slot and the table of slots. HOT. Owned by one worker; addressed by index and
// generation. An idle connection holds no buffer: a head that is incomplete lies in a block of the
// partial pool, a body in one of the body pool, output that could not be sent in one of the tails.
#pragma once

#include <boost/intrusive/slist.hpp>
#include <cstdint>
#include <new>

#include "base/assert.h"
#include "base/cacheline.h"
#include "edge/client/peer.h"
#include "edge/net/block_pool.h"
#include "edge/net/completion.h"
#include "edge/net/lazy_memory.h"
#include "edge/net/timer_wheel.h"

namespace pixel::edge {

/// Bytes waiting to be sent in one piece. `slot` is the output slot they lie in, or kNone where
/// they are a prebuilt response.
struct Output {
  const char* bytes = nullptr;
  std::uint32_t count = 0;
  std::uint32_t slot = BlockPool::kNone;
};

/// A place in one of the worker's lists. A connection can be in several: one hook for each.
template <class Tag>
using QueueHook =
    boost::intrusive::slist_base_hook<boost::intrusive::tag<Tag>,
                                      boost::intrusive::link_mode<boost::intrusive::normal_link>>;
struct OutputTag;   // Has answers of this loop, or group.
struct HeldTag;     // Has answers of the group that is being written.
struct InputTag;    // Has input left over from the last loop.
struct CloserTag;   // To be closed once its last answers are known to be sent.
struct StarvedTag;  // Its receive ended for want of buffers.

// Laid out by use: a request touches the first three cache lines, and of those behind them nothing
// but what it finds in a rare state.
struct alignas(base::kCacheLineBytes) Connection : TimerHook,
                                                   QueueHook<OutputTag>,
                                                   QueueHook<HeldTag>,
                                                   QueueHook<InputTag>,
                                                   QueueHook<CloserTag>,
                                                   QueueHook<StarvedTag> {
  static constexpr std::uint16_t kNoBuffer = 0xFFFF;

  int fd = -1;
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  std::uint32_t active_s = 0;  // Loop second of the last byte in either direction.

  // What the kernel still owes us. The slot is free when both are false and no list has it.
  bool receive_armed = false;
  bool tail_in_flight = false;

  bool open = false;  // The descriptor is ours; false: waiting for last completions.
  bool close_after_output = false;
  bool linger = false;  // Input may be unread: shut down, then wait for the peer's end.
  bool lingering = false;
  bool peer_ended = false;  // It has sent its FIN.
  bool queued_output = false;
  bool queued_input = false;
  bool counted = false;          // In the worker's AddressCounts.
  bool expects_proxy = false;    // Its first bytes are a PROXY header.
  bool tls = false;              // As its PROXY header says.
  std::uint8_t tls_version = 0;  // Numbers in the worker's TextTable, as is the next.
  std::uint8_t tls_cipher = 0;
  std::uint8_t queues_count = 0;  // How many of the worker's lists it is in.
  std::uint8_t new_heads = 0;     // Requests in a row whose header block was not that of the last.

  std::uint32_t partial = BlockPool::kNone;  // Block with input not yet parsed.
  std::uint32_t memory = BlockPool::kNone;   // Block with what its last header block said.
  std::uint32_t body =
      BlockPool::kNone;  // Block with a head and the part of its body that is here.
  std::uint32_t tail = BlockPool::kNone;
  std::uint64_t head_started_ns = 0;  // When the first byte of the request being received came.

  Output output;  // Of this loop, not yet submitted; or of a group that is not yet being written.
  Output sent;    // Submitted in the last loop: where a short send continues.
  Peer peer;      // Its text ends the third line.

  Output held;  // Of the group that is being written: until its lines are on the disk.
  std::uint32_t partial_bytes = 0;
  std::uint32_t tail_begin = 0;
  std::uint32_t tail_end = 0;
  std::uint16_t held_first = kNoBuffer;  // Receive buffers not yet parsed, oldest first.
  std::uint16_t held_last = kNoBuffer;

  /// Asks for the lines that a request touches: a hint.
  void prefetch() const noexcept {
    const char* const begin = reinterpret_cast<const char*>(this);
    for (std::size_t line = 0; line < 3; ++line) {
      __builtin_prefetch(begin + line * base::kCacheLineBytes, 1);
    }
  }
};
static_assert(sizeof(Connection) <= 256);  // What an idle connection costs, but for a few bytes.

/// First in, first out.
template <class Tag>
class ConnectionQueue {
 public:
  bool empty() const noexcept { return list_.empty(); }
  void push(Connection& connection) noexcept {
    ++connection.queues_count;
    list_.push_back(connection);
  }
  Connection& pop() noexcept {
    Connection& first = list_.front();
    list_.pop_front();
    --first.queues_count;
    return first;
  }
  void swap(ConnectionQueue& other) noexcept { list_.swap(other.list_); }

 private:
  boost::intrusive::slist<Connection, boost::intrusive::base_hook<QueueHook<Tag>>,
                          boost::intrusive::cache_last<true>,
                          boost::intrusive::constant_time_size<false>>
      list_;
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
    Connection* fresh = new (&slot) Connection;  // EXCEPTION(hot): placement.
    fresh->fd = fd;
    fresh->index = index;
    fresh->generation = generation;
    fresh->open = true;
    return fresh;
  }

  /// REQUIRES: no completion is outstanding and no list holds it.
  void release(Connection& connection) noexcept {
    DCHECK(!connection.open && connection.queues_count == 0);
    connection.generation = (connection.generation + 1) & kGenerationMask;
    free_slots_.give_back(connection.index);
  }

  /// The connection a token means, or null when it is gone.
  Connection* find(CompletionToken token) noexcept {
    Connection& slot = at(token.index);
    return slot.generation == token.generation ? &slot : nullptr;
  }

  /// Slots in use, those that only wait for last completions included.
  std::uint32_t open_count() const noexcept { return free_slots_.taken_count(); }

  /// COLD: visits each connection whose descriptor is open. visit may close it.
  template <class Visit>
  void for_each_open(Visit&& visit) {
    for (std::uint32_t i = 0; i < free_slots_.fresh_count(); ++i) {
      if (at(i).open) visit(at(i));
    }
  }

  /// REQUIRES: a slot that has been open.
  Connection& at(std::uint32_t index) const noexcept {
    return reinterpret_cast<Connection*>(memory_.base())[index];
  }

 private:
  LazyMemory memory_;
  BlockPool free_slots_;
};

}  // namespace pixel::edge
