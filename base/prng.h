// SPDX-License-Identifier: Apache-2.0
// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014):
// a seed in, the same history out. For simulation, load and jitter; never for secrets.
#pragma once

#include <cstdint>

namespace pixel::base {

class Prng {
 public:
  explicit Prng(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  /// Uniform in [0, bound). REQUIRES: bound > 0. (Bias below 2^-32 for the bounds in use.)
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }

  /// True `numerator` times in `denominator` on average.
  bool chance(std::uint64_t numerator, std::uint64_t denominator) noexcept {
    return below(denominator) < numerator;
  }

 private:
  std::uint64_t state_;
};

}  // namespace pixel::base
