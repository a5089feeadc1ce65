// SPDX-License-Identifier: Apache-2.0
// See dispatcher.h. COLD.
#include "shipper/deliver/dispatcher.h"

#include <utility>

namespace pixel::shipper {
namespace {

std::optional<Outcome> take_first(std::deque<Outcome>& over) {
  if (over.empty()) return std::nullopt;
  Outcome outcome = std::move(over.front());
  over.pop_front();
  return outcome;
}

}  // namespace

std::optional<Outcome> InlineDispatcher::take() { return take_first(over_); }

ThreadDispatcher::ThreadDispatcher(std::uint32_t threads, std::function<void()> on_end)
    : on_end_(std::move(on_end)) {
  for (std::uint32_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

ThreadDispatcher::~ThreadDispatcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadDispatcher::begin(Work work) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
  }
  changed_.notify_all();
}

std::optional<Outcome> ThreadDispatcher::take() {
  const std::lock_guard lock(mutex_);
  return take_first(over_);
}

void ThreadDispatcher::finish() {
  std::unique_lock lock(mutex_);
  waiting_.clear();
  changed_.wait(lock, [this] { return running_ == 0; });
}

void ThreadDispatcher::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const Work work = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    lock.unlock();
    Outcome outcome = work();
    lock.lock();
    over_.push_back(std::move(outcome));
    --running_;
    changed_.notify_all();
    lock.unlock();
    on_end_();
    lock.lock();
  }
}

}  // namespace pixel::shipper
