// SPDX-License-Identifier: Apache-2.0
// Where deliver() runs: on the sink's own thread, or on a few threads beside it. The seam at which
// a simulation decides when a delivery takes effect and when that is known. COLD.
//
// Writers and readers: one thread begins and takes; the work runs on any.
// Invariants:
//  1. The outcome of each work that began is taken once, unless finish() came before.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "shipper/sinks/sink.h"

namespace pixel::shipper {

struct Outcome {
  std::uint64_t id = 0;
  Verdict verdict;
  std::uint64_t ended_ns = 0;  // By the pipeline's clock.
};

class Dispatcher {
 public:
  using Work = std::function<Outcome()>;
  virtual ~Dispatcher() = default;
  virtual void begin(Work work) = 0;
  /// One that is over, oldest end first; never waits.
  virtual std::optional<Outcome> take() = 0;
  /// Waits until nothing runs any more; what did not start yet never does.
  virtual void finish() = 0;
};

/// begin() returns when the work is over: for sinks that take one batch at a time.
class InlineDispatcher : public Dispatcher {
 public:
  void begin(Work work) override { over_.push_back(work()); }
  std::optional<Outcome> take() override;
  void finish() override {}

 private:
  std::deque<Outcome> over_;
};

class ThreadDispatcher : public Dispatcher {
 public:
  /// `threads`: so many works at once. `on_end` is called by them after each: wakes the pipeline.
  ThreadDispatcher(std::uint32_t threads, std::function<void()> on_end);
  ~ThreadDispatcher() override;
  ThreadDispatcher(const ThreadDispatcher&) = delete;
  ThreadDispatcher& operator=(const ThreadDispatcher&) = delete;

  void begin(Work work) override;
  std::optional<Outcome> take() override;
  void finish() override;

 private:
  void run();

  const std::function<void()> on_end_;
  std::mutex mutex_;  // Guards all below but threads_.
  std::condition_variable changed_;
  std::deque<Work> waiting_;
  std::deque<Outcome> over_;
  std::size_t running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace pixel::shipper
