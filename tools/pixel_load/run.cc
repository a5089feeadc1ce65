// SPDX-License-Identifier: Apache-2.0
// COLD: see run.h.
#include "tools/pixel_load/run.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <thread>

#include "base/clock.h"
#include "base/units.h"
#include "tools/pixel_load/io.h"
#include "tools/pixel_load/worker.h"

namespace pixel::load {
namespace {

constexpr std::chrono::milliseconds kPollInterval(10);

double process_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void pin_thread(const std::vector<int>& cpus, unsigned index) {
  if (cpus.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpus[index % cpus.size()]), &set);
  const int error = ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
  if (error != 0) fmt::print(stderr, "pixel-load: cannot pin thread {} as --cpus says\n", index);
}

// One line per second on standard error.
class Progress {
 public:
  Progress(bool wanted, std::uint64_t start_ns)
      : wanted_(wanted), start_ns_(start_ns), last_ns_(start_ns) {}

  void print_when_due(const std::vector<std::unique_ptr<Worker>>& workers) {
    const std::uint64_t now = base::monotonic_ns();
    if (!wanted_ || now < last_ns_ + base::kSecondNs) return;
    Counts sum;
    for (const auto& worker : workers) add_counts(worker->counts(), sum);
    const double seconds = static_cast<double>(now - last_ns_) * 1e-9;
    const auto answered = static_cast<double>(sum.answered.get() - last_answered_);
    fmt::print(stderr, "{:>5} s  {:>9.0f}/s  sent {}  answered {}  lost {}  refused {}\n",
               (now - start_ns_) / base::kSecondNs, answered / seconds, sum.sent.get(),
               sum.answered.get(), sum.connections_lost.get() + sum.timeouts.get(),
               sum.connect_errors.get());
    last_ns_ = now;
    last_answered_ = sum.answered.get();
  }

 private:
  bool wanted_;
  std::uint64_t start_ns_;
  std::uint64_t last_ns_;
  std::uint64_t last_answered_ = 0;
};

// The threads of a run and what became of each.
struct Crew {
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<base::Status> outcomes;
  std::vector<std::thread> threads;
  std::atomic<unsigned> ended{0};

  Crew(const Plan& plan, std::uint64_t start_ns, const std::atomic<bool>& stop) {
    outcomes.resize(plan.threads, base::ok_status());
    for (unsigned i = 0; i < plan.threads; ++i) {
      workers.push_back(std::make_unique<Worker>(plan, i, stop));
    }
    for (unsigned i = 0; i < plan.threads; ++i) {
      threads.emplace_back([this, &plan, i, start_ns] {
        pin_thread(plan.options.cpus, i);
        outcomes[i] = workers[i]->run(start_ns);
        ended.fetch_add(1);
      });
    }
  }
};

void add_up(const Crew& crew, std::uint64_t measure_from_ns, RunResult& result) {
  std::uint64_t last_ns = measure_from_ns;
  for (std::size_t i = 0; i < crew.workers.size(); ++i) {
    const Worker& worker = *crew.workers[i];
    add_counts(worker.counts(), *result.counts);
    result.latency.merge(worker.latency());
    result.send_delay.merge(worker.send_delay());
    last_ns = std::max(last_ns, worker.last_measured_ns());
    if (!crew.outcomes[i] && result.error.empty()) {
      result.error = crew.outcomes[i].error().message;
    }
  }
  result.seconds = static_cast<double>(last_ns - measure_from_ns) * 1e-9;
}

// `poll` waits a moment and is asked again until all threads have ended.
RunResult run_polling(const Plan& plan, std::atomic<bool>& stop,
                      const std::function<void()>& poll) {
  RunResult result;
  const double cpu_before = process_cpu_seconds();
  const std::uint64_t start_ns = base::monotonic_ns();
  Progress progress(plan.options.progress, start_ns);
  Crew crew(plan, start_ns, stop);
  while (crew.ended.load() < plan.threads) {
    poll();
    progress.print_when_due(crew.workers);
  }
  for (std::thread& thread : crew.threads) thread.join();
  result.cpu_seconds = process_cpu_seconds() - cpu_before;
  add_up(crew, start_ns + plan.options.warmup_ns, result);
  result.interrupted = stop.load();
  return result;
}

}  // namespace

double RunResult::rate() const noexcept {
  return seconds > 0 ? static_cast<double>(counts->measured.get()) / seconds : 0;
}

bool RunResult::good() const noexcept {
  return counts->answered.get() > 0 && counts->malformed.get() == 0 && error.empty();
}

void choose_io(Plan& plan) {
  if (plan.options.io == "auto") plan.options.io = create_uring_io().ok() ? "uring" : "epoll";
}

RunResult run(const Plan& plan, std::atomic<bool>& stop) {
  return run_polling(plan, stop, [] { std::this_thread::sleep_for(kPollInterval); });
}

RunResult run_with_signals(const Plan& plan) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  // Threads inherit the mask: the signals come to sigtimedwait alone.
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::atomic<bool> stop{false};
  return run_polling(plan, stop, [&] {
    const timespec interval{0, std::chrono::nanoseconds(kPollInterval).count()};
    if (::sigtimedwait(&signals, nullptr, &interval) > 0) stop.store(true);
  });
}

}  // namespace pixel::load
