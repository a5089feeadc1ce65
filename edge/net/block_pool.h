// SPDX-License-Identifier: Apache-2.0
// Fixed-size blocks of lazy memory. HOT: taking and giving back are a few instructions; the last
// block given back is the next one taken, so that few pages are ever touched. One thread.
#pragma once

#include <cstdint>
#include <limits>

#include "base/assert.h"
#include "edge/net/lazy_memory.h"

namespace pixel::edge {

class BlockPool {
 public:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  BlockPool(std::uint32_t blocks_count, std::uint32_t block_bytes)
      : memory_(static_cast<std::size_t>(blocks_count) * block_bytes),
        links_(static_cast<std::size_t>(blocks_count) * sizeof(std::uint32_t)),
        blocks_count_(blocks_count),
        block_bytes_(block_bytes) {}

  /// The index of a block with undefined content, or kNone when all are taken.
  std::uint32_t take() noexcept {
    if (free_ != kNone) {
      const std::uint32_t index = free_;
      free_ = link(index);
      ++taken_count_;
      return index;
    }
    if (fresh_ == blocks_count_) return kNone;
    ++taken_count_;
    return fresh_++;
  }

  void give_back(std::uint32_t index) noexcept {
    DCHECK(index < fresh_ && taken_count_ > 0);
    link(index) = free_;
    free_ = index;
    --taken_count_;
  }

  char* block(std::uint32_t index) const noexcept {
    return memory_.base() + static_cast<std::size_t>(index) * block_bytes_;
  }
  std::uint32_t block_bytes() const noexcept { return block_bytes_; }
  /// Blocks below this index have been taken at least once.
  std::uint32_t fresh_count() const noexcept { return fresh_; }
  std::uint32_t taken_count() const noexcept { return taken_count_; }

 private:
  std::uint32_t& link(std::uint32_t index) noexcept {
    return reinterpret_cast<std::uint32_t*>(links_.base())[index];
  }

  LazyMemory memory_;
  LazyMemory links_;  // Apart from the blocks: giving back touches no block.
  std::uint32_t blocks_count_;
  std::uint32_t block_bytes_;
  std::uint32_t free_ = kNone;
  std::uint32_t fresh_ = 0;  // Blocks from here on were never taken.
  std::uint32_t taken_count_ = 0;
};

}  // namespace pixel::edge
