// SPDX-License-Identifier: Apache-2.0
// `log.durability`: what an answer promises of its line. COLD.
#pragma once

#include <cstdint>

namespace pixel::edge {

enum class Durability : std::uint8_t {
  kProcess,  // It is in the page cache: killing the process loses nothing that was answered.
  kDisk,     // It is on the disk: nor does a loss of power.
};

}  // namespace pixel::edge
