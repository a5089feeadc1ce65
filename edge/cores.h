// SPDX-License-Identifier: Apache-2.0
// The processors this process may use. COLD.
#pragma once

#include <sched.h>

#include <vector>

namespace pixel::edge {

/// Their numbers, ascending, by sched_getaffinity(2): what taskset, cpusets and containers leave.
inline std::vector<int> allowed_cores() {
  std::vector<int> cores;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return {0};
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(static_cast<std::size_t>(core), &set)) cores.push_back(core);
  }
  return cores;
}

}  // namespace pixel::edge
