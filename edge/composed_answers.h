// SPDX-License-Identifier: Apache-2.0
// Where answers are put together that are not prebuilt: with a cookie, an origin, a target, the
// verdicts of a batch. HOT. Parts take turns, as in OutputArena. One thread.
#pragma once

#include <array>
#include <cstdint>

#include "edge/net/lazy_memory.h"
#include "edge/output_arena.h"

namespace pixel::edge {

class ComposedAnswers {
 public:
  /// Of one part. Requests that find it full wait for the next loop.
  static constexpr std::size_t kPartBytes = 8 * 1024 * 1024;

  /// REQUIRES: 2 or 3 parts.
  explicit ComposedAnswers(std::size_t parts_count) : parts_count_(parts_count) {
    for (std::size_t i = 0; i < parts_count; ++i) parts_[i] = LazyMemory(kPartBytes);
  }

  bool has_room() const noexcept { return used_ + OutputArena::kAnswerBytesMax <= kPartBytes; }
  /// OutputArena::kAnswerBytesMax bytes that live until the parts have taken their turns. REQUIRES:
  /// has_room().
  char* begin() const noexcept { return parts_[part_].base() + used_; }
  /// So many of them have been written.
  void end(std::size_t bytes) noexcept { used_ += bytes; }
  void turn() noexcept {
    part_ = part_ + 1 == parts_count_ ? 0 : part_ + 1;
    used_ = 0;
  }

 private:
  std::array<LazyMemory, 3> parts_;
  std::size_t used_ = 0;
  std::size_t parts_count_;
  std::size_t part_ = 0;
};

}  // namespace pixel::edge
