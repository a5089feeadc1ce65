// SPDX-License-Identifier: Apache-2.0
// When something goes wrong in a simulated world: one seed, one history. A kill is an exception
// that leaves the shipper's code wherever it is; nothing of ours catches it.
#pragma once

#include <cstdint>

#include "base/prng.h"

namespace pixel::sim {

/// The process ended here.
struct Killed {};

class Faults {
 public:
  explicit Faults(std::uint64_t seed) : prng(seed) {}

  /// One in so many; 0: never.
  std::uint32_t kill_one_in = 0;
  std::uint32_t disk_one_in = 0;  // A call to the disk fails.
  std::uint32_t read_one_in = 0;  // A read of the log fails.
  std::uint32_t sink_one_in = 0;  // A delivery meets some trouble.
  bool disk_full = false;         // Until it is not: all that needs room fails.
  bool sink_stalls = false;       // Until it does not: deliveries end late.

  bool roll(std::uint32_t one_in) { return one_in != 0 && prng.below(one_in) == 0; }
  /// Where a process can end: before and after each effect.
  void point() {
    if (roll(kill_one_in)) throw Killed{};
  }
  void stop() {
    kill_one_in = disk_one_in = read_one_in = sink_one_in = 0;
    disk_full = sink_stalls = false;
  }

  base::Prng prng;
};

}  // namespace pixel::sim
