// SPDX-License-Identifier: Apache-2.0
// Sizes of the pages behind a mapped segment. COLD.
#pragma once

#include <unistd.h>

#include <cstdint>

namespace pixel::edge {

inline std::uint64_t page_bytes() noexcept {
  static const auto bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

/// The huge page of x86-64 and of arm64 with pages of 4 KiB; on others an alignment like any.
inline constexpr std::uint64_t kHugePageBytes = 2 * 1024 * 1024;

}  // namespace pixel::edge
