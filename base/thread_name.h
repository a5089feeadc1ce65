// SPDX-License-Identifier: Apache-2.0
// What top -H, perf and gdb call a thread. COLD.
#pragma once

#include <pthread.h>

#include <string>

namespace pixel::base {

/// Names the calling thread; the kernel keeps the first 15 bytes.
inline void name_this_thread(const std::string& name) {
  ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace pixel::base
