// SPDX-License-Identifier: Apache-2.0
// One thread of a run: its connections, its ring, its part of the rate and of the requests. HOT.
// Boot (connects) -> run (sends until its time, its count or a stop) -> drain (waits for the
// answers under way, bounded) -> close. Owns everything but the plan.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/prng.h"
#include "base/result.h"
#include "tools/pixel_load/connection.h"
#include "tools/pixel_load/counts.h"
#include "tools/pixel_load/histogram.h"
#include "tools/pixel_load/id_file.h"
#include "tools/pixel_load/io.h"
#include "tools/pixel_load/plan.h"
#include "tools/pixel_load/schedule.h"
#include "tools/pixel_load/slot_queue.h"

namespace pixel::load {

class Worker final : private IoEvents {
 public:
  /// `stop` may become true at any moment, from any thread. REQUIRES: both outlive this.
  Worker(const Plan& plan, unsigned index, const std::atomic<bool>& stop);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// The whole run, begun at `start_ns` (monotonic). Blocks; call once, in its own thread.
  base::Status run(std::uint64_t start_ns);

  /// Any thread, at any time.
  const Counts& counts() const noexcept { return counts_; }
  /// After run(): in nanoseconds, of measured answers.
  const Histogram& latency() const noexcept { return latency_; }
  /// After run(), open loop: nanoseconds from a measured request's intended time to its sending.
  const Histogram& send_delay() const noexcept { return send_delay_; }
  /// After run(): when the last measured answer arrived; 0 when there was none.
  std::uint64_t last_measured_ns() const noexcept { return last_measured_ns_; }

 private:
  // worker.cc: the loop.
  void begin(std::uint64_t start_ns);
  bool may_send(std::uint64_t now_ns) const noexcept;
  bool is_drained(std::uint64_t now_ns) const noexcept;
  void begin_drain(std::uint64_t now_ns);
  void issue_due_requests(std::uint64_t now_ns);
  void fill(std::uint32_t slot, std::uint64_t now_ns);
  void issue(std::uint32_t slot, std::uint64_t now_ns);
  void flush_dirty();
  void flush(std::uint32_t slot);
  std::uint64_t wait_ns(std::uint64_t now_ns) const noexcept;
  void finish();

  // worker_connections.cc: opening, closing, retrying, giving up. COLD.
  void upkeep(std::uint64_t now_ns);
  void connect_waiting(std::uint64_t now_ns);
  void close_overdue(std::uint64_t now_ns);
  void open_connection(std::uint32_t slot, std::uint64_t now_ns);
  int create_socket(const Connection& connection, std::uint32_t slot) const;
  void close_connection(std::uint32_t slot);
  enum class Backoff : bool { kNone, kGrowing };
  void retry_later(std::uint32_t slot, Backoff backoff);

  // worker_events.cc: what the kernel reports.
  void on_wake() override;
  void on_connected(ConnectionKey key, int error) override;
  void on_received(ConnectionKey key, std::string_view bytes) override;
  void on_receive_ended(ConnectionKey key, int error) override;
  void on_receive_paused(ConnectionKey key) override;
  void on_sent(ConnectionKey key, int error) override;
  void complete_answer(std::uint32_t slot);
  void lose_connection(std::uint32_t slot);
  void refuse_malformed(std::uint32_t slot);
  void make_ready(std::uint32_t slot);

  bool is_current(ConnectionKey key) const noexcept {
    return connections_[key.slot].generation == key.generation;
  }

  const Plan& plan_;
  const std::atomic<bool>& stop_;
  const unsigned index_;
  Counts counts_;
  Histogram latency_;
  Histogram send_delay_;
  base::Prng random_;
  IdWriter ids_;
  std::unique_ptr<Io> io_;
  Schedule schedule_;
  std::vector<Connection> connections_;
  AnswerMemo memo_;
  SlotQueue ready_;                   // Open connections with room for a request.
  std::vector<std::uint32_t> dirty_;  // Connections with requests to hand over.

  std::uint64_t requests_left_ = 0;
  std::uint64_t next_seq_ = 0;
  std::uint64_t in_flight_total_ = 0;
  std::uint32_t waiting_count_ = 0;
  std::uint32_t connecting_count_ = 0;
  std::uint32_t dead_count_ = 0;
  bool sending_ = true;  // False from begin_drain on.
  std::uint64_t measure_from_ns_ = 0;
  std::uint64_t end_ns_ = UINT64_MAX;
  std::uint64_t drain_until_ns_ = UINT64_MAX;
  std::uint64_t woke_ns_ = 0;
  std::uint64_t last_answer_ns_ = 0;
  std::uint64_t last_measured_ns_ = 0;
  std::uint64_t next_upkeep_ns_ = 0;
  std::uint64_t next_overdue_ns_ = 0;
};

}  // namespace pixel::load
