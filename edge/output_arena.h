// SPDX-License-Identifier: Apache-2.0
// Where pipelined answers of one connection are put together for one send. HOT. Two halves take
// turns by loop: what was submitted in the last loop stays readable while this loop fills the
// other half, so that a short send can still be continued. One thread.
#pragma once

#include <array>
#include <cstdint>

#include "edge/net/lazy_memory.h"

namespace pixel::edge {

class OutputArena {
 public:
  /// After this many bytes a connection's further requests wait for the next loop.
  static constexpr std::uint32_t kOutputBytesMax = 64 * 1024;
  /// No single answer is longer: a large batch's verdicts, or a file of 64 KiB.
  static constexpr std::uint32_t kAnswerBytesMax = 128 * 1024;
  static constexpr std::uint32_t kSlotBytes = kOutputBytesMax + kAnswerBytesMax;

  explicit OutputArena(std::uint32_t slots_count)
      : halves_{LazyMemory(std::size_t{slots_count} * kSlotBytes),
                LazyMemory(std::size_t{slots_count} * kSlotBytes)},
        slots_count_(slots_count) {}

  bool has_room() const noexcept { return used_ < slots_count_; }
  /// REQUIRES: has_room().
  std::uint32_t take() noexcept { return used_++; }
  char* slot(std::uint32_t index) const noexcept {
    return halves_[half_].base() + std::size_t{index} * kSlotBytes;
  }
  /// After queueing the answers: the other half is now to be filled; its old content is gone.
  void turn() noexcept {
    half_ ^= 1;
    used_ = 0;
  }

 private:
  std::array<LazyMemory, 2> halves_;
  std::uint32_t slots_count_;
  std::uint32_t used_ = 0;
  std::size_t half_ = 0;
};

}  // namespace pixel::edge
