// SPDX-License-Identifier: Apache-2.0
// First in, first out, of slot numbers: each slot stands in it at most once, so its room is known.
// HOT; one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/assert.h"

namespace pixel::load {

class SlotQueue {
 public:
  explicit SlotQueue(std::size_t slots_count) : slots_(slots_count) {}

  bool empty() const noexcept { return count_ == 0; }
  void push(std::uint32_t slot) noexcept {
    DCHECK(count_ < slots_.size());
    std::size_t place = first_ + count_++;
    if (place >= slots_.size()) place -= slots_.size();
    slots_[place] = slot;
  }
  /// REQUIRES: not empty.
  std::uint32_t pop() noexcept {
    DCHECK(count_ > 0);
    const std::uint32_t slot = slots_[first_];
    if (++first_ == slots_.size()) first_ = 0;
    --count_;
    return slot;
  }

 private:
  std::vector<std::uint32_t> slots_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace pixel::load
