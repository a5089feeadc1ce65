// SPDX-License-Identifier: Apache-2.0
// What one worker counts. HOT to write: plain stores by one thread; any thread may read.
//
// Writers and readers: the worker adds; the admin thread loads. Each value is a total since start
// (gauges say so); totals of different names need not fit one moment.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/cacheline.h"
#include "edge/client/proxy_header.h"
#include "edge/events/body_reader.h"
#include "edge/http/parser.h"
#include "edge/http/response.h"

namespace pixel::edge {

/// A total with one writer: add is a load and a store, not a locked instruction.
class Counter {
 public:
  void add(std::uint64_t amount = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Upper bounds of the histogram of groups' syncs.
inline constexpr std::array<std::uint64_t, 12> kSyncBoundsNs{
    250'000,    500'000,    1'000'000,  2'000'000,   4'000'000,   8'000'000,
    16'000'000, 32'000'000, 64'000'000, 128'000'000, 512'000'000, 2'048'000'000};
inline constexpr std::size_t kSyncBucketCount = kSyncBoundsNs.size() + 1;

struct alignas(base::kFalseSharingBytes) WorkerCounters {
  std::array<Counter, kResponseCount> answered;      // By ResponseId, handed to the kernel.
  std::array<Counter, kRefusalCount> refused_heads;  // By Refusal.
  Counter connections_accepted;
  Counter connections_open;          // Gauge.
  Counter connections_refused;       // Accepted and closed at once: every slot was taken.
  Counter accept_errors;             // EMFILE, ENFILE, ENOBUFS, ENOMEM and the like.
  Counter accept_paused;             // Times that accepting waited for a timer or a free slot.
  Counter receive_buffer_shortages;  // ENOBUFS ended a multishot receive.
  Counter receive_errors;            // Resets and others.
  Counter send_errors;               // The peer went away with an answer under way.
  Counter send_tails;                // Short sends: the rest went out as a tracked send.
  Counter slow_reader_closes;        // Too many unsent bytes.
  Counter timeouts_header;           // Closed (408 when something had arrived).
  Counter timeouts_idle;             // Keep-alive connections closed in silence.
  Counter timeouts_send;
  Counter timeouts_body;  // 408: a body did not come whole.
  Counter bytes_received;
  Counter bytes_sent;              // Handed to the kernel.
  Counter lines_refused;           // Requests answered 503: no place for the line.
  Counter lines_unlogged;          // Answered without a line (serve-and-count).
  Counter events_unlogged;         // Records of such answers, lost.
  Counter lines_dropped;           // Opt-outs, bots and prefetches that are not to be logged.
  Counter answers_unlogged;        // Answers that never have a line: health checks, dropped ones.
  std::array<Counter, 4> signals;  // By bit of Signal.
  std::array<Counter, kRecordFaultCount> records;  // By RecordFault; kNone: accepted.
  std::array<Counter, kProxyFaultCount> proxy_faults;
  Counter proxy_strangers;         // Closed: not in proxy_protocol.from.
  Counter connections_over_limit;  // Closed: limits.connections_per_address.
  Counter bodies_evicted;          // 408: the oldest of limits.bodies_max made place for another.
  Counter body_shortages;          // 503: limits.bodies_max bodies were being received.
  Counter redirects_refused;       // 400: no target, or one that is not allowed.
  Counter sync_errors;        // Groups that the disk did not take; their answers were withdrawn.
  Counter answers_withdrawn;  // Of lines that the disk did not take: their connections were closed.
  Counter answers_held;       // Gauge: of lines that are not on the disk yet.
  Counter sync_ns;            // That groups took, in all; each counted by its time in ...
  std::array<Counter, kSyncBucketCount> syncs;  // ... those up to kSyncBoundsNs, and above.
  Counter rules_changed;                        // Reloads that reached this worker.
  Counter loops;
  Counter completions;
  Counter completion_overflows;  // The completion queue was full; a sizing error.
  Counter stale_completions;     // For a connection that is gone; dropped by generation.
};
static_assert(alignof(WorkerCounters) == base::kFalseSharingBytes &&
              sizeof(WorkerCounters) % base::kFalseSharingBytes == 0);

}  // namespace pixel::edge
