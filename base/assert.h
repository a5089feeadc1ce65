// SPDX-License-Identifier: Apache-2.0
// CHECK and DCHECK: programmer errors end the process with file, line and the condition.
// Never on input from the network, files or peers: that is a typed error with a counter.
#pragma once

namespace pixel::base {

/// Prints "file:line: CHECK failed: condition" to standard error and aborts.
[[noreturn, gnu::cold, gnu::noinline]] void check_failed(const char* file, int line,
                                                         const char* condition) noexcept;

}  // namespace pixel::base

/// Always on, also in release: for state that would corrupt stored data.
#define CHECK(condition)                                           \
  do {                                                             \
    if (!(condition)) [[unlikely]]                                 \
      ::pixel::base::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)

/// On in debug builds: for everything else that must hold.
#ifdef NDEBUG
#define DCHECK(condition) \
  do {                    \
  } while (false && (condition))
#else
#define DCHECK(condition) CHECK(condition)
#endif
