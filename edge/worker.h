// SPDX-License-Identifier: Apache-2.0
// One worker: a thread, a ring, its connections and its segment. It shares nothing while it serves
// but counters that others read. Phases: boot (may allocate, may fail) -> run (may not) -> drain.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "edge/counters.h"
#include "edge/http/parser.h"
#include "edge/log/durability.h"
#include "edge/log/segment_supply.h"
#include "edge/rules.h"
#include "logfmt/control_page.h"
#include "logfmt/request_id.h"

namespace pixel::edge {

/// Which system interface executes the worker's operations.
enum class Backend : std::uint8_t { kIoUring, kEpoll };
std::string_view backend_name(Backend backend) noexcept;

/// kIoUring where a short functional test of every operation in use passes in this process, else
/// kEpoll; `reason` then says what failed ("io_uring_setup: Operation not permitted"). COLD.
Backend choose_backend(std::string& reason);

/// Borrowed; listening, non-blocking. One worker's own.
struct WorkerListener {
  int fd = -1;
  bool expects_proxy = false;  // Each connection begins with a PROXY header.
};

/// Fixed before the thread starts. References and views outlive the worker.
struct WorkerOptions {
  std::uint16_t index = 0;
  int cpu = -1;  // Pinned to it; -1: wherever the scheduler likes.
  Backend backend = Backend::kIoUring;
  std::vector<WorkerListener> listeners;
  std::uint32_t connections_max = 16'384;
  std::uint32_t connections_per_address = 0;  // 0: no limit.
  std::uint32_t receive_buffers = 512;        // A power of two.
  ParseLimits limits;
  std::uint32_t body_bytes_max = 1024 * 1024;
  std::uint32_t bodies_max = 1024;      // Bodies that are being received at a time.
  std::uint32_t batch_wait_us_max = 0;  // Longest wait for more completions; 0: never.
  std::shared_ptr<const Rules> rules;   // The first; WorkerControl::offer gives others.
  const logfmt::RequestIdCipher* cipher = nullptr;
  logfmt::LaneId lane;
  std::string edge_location;      // Field 3.
  std::string distribution_host;  // Field 7.
  std::uint32_t segment_age_s = 60;
  Durability durability = Durability::kProcess;
  int active_folder = -1;  // With kDisk: where segments are opened; borrowed.
  SegmentSupply* supply = nullptr;
  logfmt::ControlSlot* slot = nullptr;
  SegmentSupply* events_supply = nullptr;  // Null: no body is ever kept.
  logfmt::ControlSlot* events_slot = nullptr;
};

/// What others may see and ask of a running worker. Thread safe.
class WorkerControl {
 public:
  WorkerControl();  // COLD: makes the eventfd; a CHECK if the system has none.
  ~WorkerControl();

  WorkerCounters counters;

  /// Asks for the drain: accept ends, answers carry "Connection: close", connections that stay
  /// idle for a second are closed; after `patience_ns` the rest is cut. The worker's thread then
  /// returns.
  void drain(std::uint64_t patience_ns) noexcept;

  /// The same by a deadline on the worker's own clock, without waking it: for a simulated one.
  void drain_at(std::uint64_t deadline_ns) noexcept {
    drain_deadline_ns_.store(deadline_ns, std::memory_order_release);
  }

  /// CLOCK_MONOTONIC until which the drain may take; 0: not asked for. The worker reads it.
  std::uint64_t drain_deadline_ns() const noexcept {
    return drain_deadline_ns_.load(std::memory_order_acquire);
  }
  int wake_fd() const noexcept { return wake_.get(); }
  /// True once the worker serves.
  std::atomic<bool> serving{false};
  /// False from a request that found no place for its line or records until there is some again.
  std::atomic<bool> has_place{true};
  /// errno of the write that the disk did not take, kDiskSilent when it has not answered for
  /// seconds; 0 while it takes lines.
  std::atomic<int> disk_trouble{0};
  static constexpr int kDiskSilent = -1;
  /// Whether health routes may say that traffic is welcome.
  std::atomic<bool> ready{true};

  /// Main thread: gives the worker new rules, which it takes within a second, and frees those it
  /// no longer uses. False, and `rules` stays, while an earlier offer has not been taken.
  bool try_offer(std::unique_ptr<WorkerRules>& rules);
  /// Worker, once a second: the offered rules, or null.
  std::unique_ptr<WorkerRules> try_take_rules() noexcept;
  /// Worker: gives back rules that nothing points into any more; keeps them while the main thread
  /// has not collected the last ones.
  void try_give_back(std::unique_ptr<WorkerRules>& rules) noexcept;

 private:
  base::UniqueFd wake_;
  std::atomic<std::uint64_t> drain_deadline_ns_{0};
  std::atomic<WorkerRules*> offered_{nullptr};
  std::atomic<WorkerRules*> retired_{nullptr};
};

/// Boots a worker on the calling thread, serves until drained, gives its segment away and returns.
/// An error means that it could not boot.
base::Status run_worker(const WorkerOptions& options, WorkerControl& control);

}  // namespace pixel::edge
