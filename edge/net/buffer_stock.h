// SPDX-License-Identifier: Apache-2.0
// How many receive buffers lie in the kernel's ring, and which are kept back. HOT; one thread.
//
// The kernel uses the buffers of a ring in turn, however few it needs at a time: 64 connections
// would walk through all 512, whose lines and pages are in no near cache when they come round again
// (copying a request into one: 0.1 us more, of 6). So only as many are there as the last loops
// needed and a quarter more; the rest waits here, last in, first out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace pixel::edge {

class BufferStock {
 public:
  /// Fewer save nothing.
  static constexpr std::uint32_t kWantedMin = 64;
  /// After so many loops those before them are forgotten.
  static constexpr std::uint32_t kLoops = 4096;
  /// Wanted beyond what was needed, at least.
  static constexpr std::uint32_t kSpare = 16;

  /// All of `count`, a power of two, are wanted at first.
  explicit BufferStock(std::uint32_t count) : count_(count), wanted_(count), kept_(count) {}

  /// The kernel has filled one: it is with the worker.
  void note_taken() noexcept {
    --offered_;
    ++taken_;
  }

  /// The worker is done with one. True: offer it to the kernel; false: it is kept.
  bool try_offer(std::uint16_t buffer) noexcept {
    if (offered_ < wanted_) {
      ++offered_;
      return true;
    }
    kept_[kept_count_++] = buffer;
    return false;
  }

  /// At the end of a loop: decides anew how many are wanted, and calls offer(buffer) for each kept
  /// one that is.
  template <class Offer>
  void end_loop(Offer&& offer) noexcept {
    peak_ = std::max(peak_, taken_);
    // At once: a receive that finds none ends, and must be armed again.
    if (taken_ + kSpare > wanted_) wanted_ = enough_for(2 * taken_);
    taken_ = 0;
    if (++loops_ == kLoops) {
      wanted_ = enough_for(peak_);
      peak_ = loops_ = 0;
    }
    while (kept_count_ != 0 && offered_ < wanted_) {
      ++offered_;
      offer(kept_[--kept_count_]);
    }
  }

  std::uint32_t wanted() const noexcept { return wanted_; }

 private:
  std::uint32_t enough_for(std::uint32_t taken) const noexcept {
    return std::min(count_, std::max(kWantedMin, taken + taken / 4 + kSpare));
  }

  std::uint32_t count_;
  std::uint32_t wanted_;       // Offered at a time.
  std::uint32_t offered_ = 0;  // In the kernel's ring, or about to be.
  std::uint32_t taken_ = 0;    // In this loop.
  std::uint32_t peak_ = 0;     // Most in a loop, of the last loops_.
  std::uint32_t loops_ = 0;
  std::uint32_t kept_count_ = 0;
  std::vector<std::uint16_t> kept_;
};

}  // namespace pixel::edge
