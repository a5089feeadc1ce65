// SPDX-License-Identifier: Apache-2.0
// Memory for the texts of one batch: grows by blocks, never moves what it holds, freed as a whole.
// One thread; owned by a RowBlock and moved with it.
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
    if (bytes > block_bytes_ - used_) add_block(bytes);
    return blocks_.back().get() + used_;
  }
  /// Keeps the first `bytes` of the last reserve. REQUIRES: no more than were reserved.
  void commit(std::size_t bytes) {
    DCHECK(bytes <= block_bytes_ - used_);
    used_ += bytes;
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
    if (blocks_.size() > 1) {
      blocks_.clear();
      block_bytes_ = 0;
    }
    used_ = 0;
    total_bytes_ = 0;
  }
  /// Bytes committed.
  std::size_t bytes() const noexcept { return total_bytes_; }

 private:
  static constexpr std::size_t kBlockBytes = 256 * 1024;
  void add_block(std::size_t bytes) {
    block_bytes_ = std::max(bytes, kBlockBytes);
    blocks_.push_back(std::unique_ptr<char[]>(new char[block_bytes_]));
    used_ = 0;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_bytes_ = 0;  // Of the last block.
  std::size_t used_ = 0;         // Of the last block.
  std::size_t total_bytes_ = 0;
};

}  // namespace pixel::shipper
