// SPDX-License-Identifier: Apache-2.0
// Where pipelined answers of one connection are put together for one send. HOT. Two parts take
// turns by loop: what was submitted in the last loop stays readable while this loop fills the other
// one, so that a short send can still be continued. Where answers wait for the disk there are three
// and they turn by group: one is filled, one waits, one was submitted. One thread.
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

  /// REQUIRES: 2 or 3 parts.
  OutputArena(std::uint32_t slots_count, std::size_t parts_count)
      : slots_count_(slots_count), parts_count_(parts_count) {
    for (std::size_t i = 0; i < parts_count; ++i) {
      parts_[i] = LazyMemory(std::size_t{slots_count} * kSlotBytes);
    }
  }

  bool has_room() const noexcept { return used_ < slots_count_; }
  /// REQUIRES: has_room().
  std::uint32_t take() noexcept { return used_++; }
  char* slot(std::uint32_t index) const noexcept {
    return parts_[part_].base() + std::size_t{index} * kSlotBytes;
  }
  /// After queueing the answers: the next part is now to be filled; its old content is gone.
  void turn() noexcept {
    part_ = part_ + 1 == parts_count_ ? 0 : part_ + 1;
    used_ = 0;
  }

 private:
  std::array<LazyMemory, 3> parts_;
  std::uint32_t slots_count_;
  std::uint32_t used_ = 0;
  std::size_t parts_count_;
  std::size_t part_ = 0;
};

}  // namespace pixel::edge
