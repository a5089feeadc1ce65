// SPDX-License-Identifier: Apache-2.0
// COLD: the last words of a process whose own state is wrong.
#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace pixel::base {

void check_failed(const char* file, int line, const char* condition) noexcept {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace pixel::base
