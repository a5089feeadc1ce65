// SPDX-License-Identifier: Apache-2.0
// Memory that is reserved at boot and becomes real when it is first touched: pools can be sized
// for the worst case and cost what is used. Private, anonymous, without swap reservation.
#pragma once

#include <cstddef>
#include <utility>

namespace pixel::edge {

/// Owns a zeroed mapping. A CHECK when the address space has no room (boot only).
class LazyMemory {
 public:
  LazyMemory() = default;
  explicit LazyMemory(std::size_t bytes);
  LazyMemory(LazyMemory&& other) noexcept
      : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  LazyMemory& operator=(LazyMemory&& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~LazyMemory();

  char* base() const noexcept { return base_; }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  char* base_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace pixel::edge
