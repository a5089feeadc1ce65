// SPDX-License-Identifier: Apache-2.0
// Memory for the texts of one batch: grows by blocks, never moves what it holds, given up as a
// whole. One thread; owned by a RowBlock or a Batch and moved with it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/assert.h"

namespace pixel::shipper {

class TextArena {
 public:
  /// Room for `bytes` contiguous ones, valid until the arena goes; give back what is not used by
  /// committing less.
  char* reserve(std::size_t bytes) {
    if (bytes > room_) next_block(bytes);
    return at_;
  }
  /// Keeps the first `bytes` of the last reserve. REQUIRES: no more than were reserved.
  void commit(std::size_t bytes) {
    DCHECK(bytes <= room_);
    at_ += bytes;
    room_ -= bytes;
    total_bytes_ += bytes;
  }
  /// A copy that lives as long as the arena.
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* const to = reserve(text.size());
    std::memcpy(to, text.data(), text.size());
    commit(text.size());
    return {to, text.size()};
  }
  /// Gives up all texts, and keeps one block for the next.
  void clear() {
    used_blocks_ = std::min<std::size_t>(used_blocks_, 1);
    reuse();
  }
  /// Gives up all texts, and keeps the blocks that they lay in.
  void reuse() {
    blocks_.resize(used_blocks_);
    used_blocks_ = 0;
    at_ = nullptr;
    room_ = 0;
    total_bytes_ = 0;
  }
  /// Bytes committed.
  std::size_t bytes() const noexcept { return total_bytes_; }

 private:
  static constexpr std::size_t kBlockBytes = 256 * 1024;
  struct Block {
    std::unique_ptr<char[]> memory;
    std::size_t bytes = 0;
  };
  // A kept block that is too small waits for its turn, and goes with the next reuse().
  void next_block(std::size_t bytes) {
    const bool fits = used_blocks_ < blocks_.size() && blocks_[used_blocks_].bytes >= bytes;
    if (!fits) {
      // Whole units: what is kept then fits texts that are about as long as the last ones.
      const std::size_t size = (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
      const auto place = blocks_.begin() + static_cast<std::ptrdiff_t>(used_blocks_);
      blocks_.insert(place, Block{std::unique_ptr<char[]>(new char[size]), size});
    }
    at_ = blocks_[used_blocks_].memory.get();
    room_ = blocks_[used_blocks_].bytes;
    ++used_blocks_;
  }

  std::vector<Block> blocks_;
  std::size_t used_blocks_ = 0;  // The last of them is the one that is filled.
  char* at_ = nullptr;
  std::size_t room_ = 0;
  std::size_t total_bytes_ = 0;
};

}  // namespace pixel::shipper
