// SPDX-License-Identifier: Apache-2.0
// The two distances that keep writers on different cores apart. Fixed, not taken from the
// compiler: std::hardware_destructive_interference_size changes with flags and with it the layout.
#pragma once

#include <cstddef>

namespace pixel::base {

/// Bytes of a cache line on every machine we run on.
inline constexpr std::size_t kCacheLineBytes = 64;

/// Distance between fields of different writers: x86 prefetches lines in pairs.
inline constexpr std::size_t kFalseSharingBytes = 128;

}  // namespace pixel::base
