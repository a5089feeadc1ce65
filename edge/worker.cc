// SPDX-License-Identifier: Apache-2.0
// Boots a worker on its thread: own descriptor table, processor, ring, core. COLD.
#include "edge/worker.h"

#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "base/clock.h"
#include "base/thread_name.h"
#include "edge/dispatch.h"
#include "edge/dispatch_bodies.h"
#include "edge/dispatch_disk.h"
#include "edge/dispatch_errors.h"
#include "edge/dispatch_requests.h"
#include "edge/life.h"
#include "edge/net/epoll_ring.h"
#include "edge/net/kernel_ring.h"
#include "edge/net/self_test.h"

namespace pixel::edge {

std::string_view backend_name(Backend backend) noexcept {
  return backend == Backend::kIoUring ? "io_uring" : "epoll";
}

Backend choose_backend(std::string& reason) {
  const auto status = test_kernel_ring();
  if (status) return Backend::kIoUring;
  reason = status.error().message;
  return Backend::kEpoll;
}

WorkerControl::WorkerControl() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { CHECK(wake_); }

WorkerControl::~WorkerControl() {
  delete offered_.load(std::memory_order_acquire);
  delete retired_.load(std::memory_order_acquire);
}

bool WorkerControl::try_offer(std::unique_ptr<WorkerRules>& rules) {
  delete retired_.exchange(nullptr, std::memory_order_acquire);  // Pairs with try_give_back.
  WorkerRules* expected = nullptr;
  // release; pairs with try_take_rules: the rules are whole when the worker sees them.
  if (!offered_.compare_exchange_strong(expected, rules.get(), std::memory_order_release)) {
    return false;
  }
  static_cast<void>(rules.release());
  return true;
}

std::unique_ptr<WorkerRules> WorkerControl::try_take_rules() noexcept {
  return std::unique_ptr<WorkerRules>(offered_.exchange(nullptr, std::memory_order_acquire));
}

void WorkerControl::try_give_back(std::unique_ptr<WorkerRules>& rules) noexcept {
  WorkerRules* expected = nullptr;
  // release; pairs with try_offer: the worker's last use of the rules comes before their end.
  if (retired_.compare_exchange_strong(expected, rules.get(), std::memory_order_release)) {
    static_cast<void>(rules.release());
  }
}

void WorkerControl::drain(std::uint64_t patience_ns) noexcept {
  drain_at(base::monotonic_ns() + patience_ns);
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_.get(), &one, sizeof one));
}

namespace {

base::Status pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (::sched_setaffinity(0, sizeof set, &set) == 0) return base::ok_status();
  return base::Error{std::string("cannot pin a worker to processor ") + std::to_string(cpu) + ": " +
                     std::strerror(errno)};
}

template <Ring R>
base::Status serve_with(const WorkerOptions& options, WorkerControl& control) {
  RingOptions ring_options;
  ring_options.receive_buffers = options.receive_buffers;
  auto ring = R::create(ring_options);
  if (!ring) return ring.error();
  const auto core = std::make_unique<WorkerCore<R>>(options, control, *ring.value());
  core->run();
  return base::ok_status();
}

}  // namespace

base::Status run_worker(const WorkerOptions& options, WorkerControl& control) {
  base::name_this_thread("edge-worker-" + std::to_string(options.index));
  // A descriptor table of its own: no lock shared with the other workers when accepting and
  // closing, and RLIMIT_NOFILE counts for each. Where a container refuses it, all share one.
  static_cast<void>(::unshare(CLONE_FILES));
  if (options.cpu >= 0) {
    if (auto pinned = pin_to(options.cpu); !pinned) return pinned;
  }
  return options.backend == Backend::kIoUring ? serve_with<KernelRing>(options, control)
                                              : serve_with<EpollRing>(options, control);
}

}  // namespace pixel::edge
