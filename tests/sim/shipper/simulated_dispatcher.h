// SPDX-License-Identifier: Apache-2.0
// Deliveries that take effect some time after they began, and are known to be over some time after
// that, in any order: what a pool of threads and a network do. Fault model: any of them may take
// very long (a stalled destination); when the process dies, each is either over, or never sent, or
// arrives later.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "shipper/deliver/dispatcher.h"
#include "tests/sim/shipper/faults.h"
#include "tests/sim/shipper/simulated_destination.h"

namespace pixel::sim {

class SimulatedDispatcher : public shipper::Dispatcher {
 public:
  SimulatedDispatcher(Faults& faults, SimulatedDestination& destination,
                      const std::uint64_t& now_ns)
      : faults_(faults), destination_(destination), now_ns_(now_ns) {}

  void begin(Work work) override {
    const std::uint64_t slow = faults_.sink_stalls ? 600 : 1;
    const std::uint64_t effect_ns = now_ns_ + faults_.prng.below(40'000'000) * slow;
    under_way_.push_back({std::move(work), effect_ns,
                          effect_ns + faults_.prng.below(40'000'000) * slow, std::nullopt});
    most = std::max(most, under_way_.size());
  }

  std::optional<shipper::Outcome> take() override {
    // Effects in the order of their times.
    while (true) {
      Task* first = nullptr;
      for (Task& task : under_way_) {
        const bool is_due = !task.outcome && task.effect_ns <= now_ns_;
        if (is_due && (first == nullptr || task.effect_ns < first->effect_ns)) first = &task;
      }
      if (first == nullptr) break;
      first->outcome = first->work();
    }
    for (auto task = under_way_.begin(); task != under_way_.end(); ++task) {
      if (!task->outcome || task->known_ns > now_ns_) continue;
      shipper::Outcome outcome = std::move(*task->outcome);
      under_way_.erase(task);
      return outcome;
    }
    return std::nullopt;
  }

  void finish() override { under_way_.clear(); }

  /// When something happens next; UINT64_MAX: nothing is under way.
  std::uint64_t next_ns() const {
    std::uint64_t next = UINT64_MAX;
    for (const Task& task : under_way_) {
      next = std::min(next, task.outcome ? task.known_ns : task.effect_ns);
    }
    return next;
  }

  /// The process dies: what was sent may still arrive.
  void die() {
    destination_.is_recording = true;
    for (Task& task : under_way_) {
      if (!task.outcome && faults_.prng.chance(1, 2)) task.work();
    }
    destination_.is_recording = false;
    under_way_.clear();
  }

  std::size_t most = 0;  // Under way at once.

 private:
  struct Task {
    Work work;
    std::uint64_t effect_ns;
    std::uint64_t known_ns;
    std::optional<shipper::Outcome> outcome;
  };
  Faults& faults_;
  SimulatedDestination& destination_;
  const std::uint64_t& now_ns_;
  std::vector<Task> under_way_;
};

}  // namespace pixel::sim
