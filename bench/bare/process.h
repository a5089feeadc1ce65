// SPDX-License-Identifier: Apache-2.0
// What both minimal responders ask of their process. Any thread.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace pixel::bench {

/// Says which call failed, and ends the process.
[[noreturn]] inline void die(const char* what, int error) {
  std::fprintf(stderr, "bare-responder: %s: %s\n", what, std::strerror(error));
  std::exit(1);
}

/// Lets the process open as many files as it may, and returns how many (at most 65,536).
inline std::size_t raise_file_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65'536);
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace pixel::bench
