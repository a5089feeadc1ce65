// SPDX-License-Identifier: Apache-2.0
// Where answers are put together that are not prebuilt: with a cookie, an origin, a target, the
// verdicts of a batch. HOT. Two halves take turns by loop, as in OutputArena. One thread.
#pragma once

#include <array>
#include <cstdint>

#include "edge/net/lazy_memory.h"
#include "edge/output_arena.h"

namespace pixel::edge {

class ComposedAnswers {
 public:
  /// Of one half. Requests that find it full wait for the next loop.
  static constexpr std::size_t kHalfBytes = 8 * 1024 * 1024;

  ComposedAnswers() : halves_{LazyMemory(kHalfBytes), LazyMemory(kHalfBytes)} {}

  bool has_room() const noexcept { return used_ + OutputArena::kAnswerBytesMax <= kHalfBytes; }
  /// OutputArena::kAnswerBytesMax bytes that live until the turn after next. REQUIRES: has_room().
  char* begin() const noexcept { return halves_[half_].base() + used_; }
  /// So many of them have been written.
  void end(std::size_t bytes) noexcept { used_ += bytes; }
  void turn() noexcept {
    half_ ^= 1;
    used_ = 0;
  }

 private:
  std::array<LazyMemory, 2> halves_;
  std::size_t used_ = 0;
  std::size_t half_ = 0;
};

}  // namespace pixel::edge
