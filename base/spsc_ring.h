// SPDX-License-Identifier: Apache-2.0
// SpscRing: a bounded queue between exactly two threads, without locks.
//
// Writers and readers: one thread calls try_push, one thread calls try_pop.
// Invariants:
//  1. head_ is stored by the consumer only, tail_ by the producer only; both only grow.
//  2. Slots [head_, tail_) hold values; a slot is written before the tail_ that covers it is
//     released, and read before the head_ that frees it is released.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/cacheline.h"

namespace pixel::base {

/// Holds up to Capacity values. REQUIRES: Capacity is a power of two; T is default constructible.
template <class T, std::size_t Capacity>
class SpscRing {
  static_assert(Capacity > 0 && (Capacity & (Capacity - 1)) == 0, "capacity: a power of two");

 public:
  /// Producer. False when the ring is full; the value is then untouched.
  bool try_push(T&& value) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    // acquire; pairs with try_pop's release of head_ (invariant 2: the slot has been read).
    if (tail - head_.load(std::memory_order_acquire) == Capacity) return false;
    slots_[tail & (Capacity - 1)] = std::move(value);
    // release; pairs with try_pop's acquire of tail_ (invariant 2: the slot is written).
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// Consumer. Nothing when the ring is empty.
  std::optional<T> try_pop() {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    // acquire; pairs with try_push's release of tail_.
    if (head == tail_.load(std::memory_order_acquire)) return std::nullopt;
    std::optional<T> value(std::move(slots_[head & (Capacity - 1)]));
    // release; pairs with try_push's acquire of head_.
    head_.store(head + 1, std::memory_order_release);
    return value;
  }

  /// Either thread, or a third: a count that was true at some moment.
  std::size_t size_approximate() const noexcept {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    return tail >= head ? tail - head : 0;
  }

 private:
  alignas(kFalseSharingBytes) std::atomic<std::size_t> head_{0};
  alignas(kFalseSharingBytes) std::atomic<std::size_t> tail_{0};
  alignas(kFalseSharingBytes) std::array<T, Capacity> slots_{};
};

}  // namespace pixel::base
