// SPDX-License-Identifier: Apache-2.0
// What the vector variants share: how two bit masks of 64 bytes become entries of an index. HOT.
#pragma once

#include <bit>
#include <cstdint>

#include "logfmt/line_decode_simd.h"

namespace pixel::logfmt {

/// Bit i of `separators`: byte i is '\t', '\n' or NUL. Bit i of `ends`: it is '\n' or NUL.
struct BlockMasks {
  std::uint64_t separators;
  std::uint64_t ends;
};

inline constexpr std::size_t kBlockBytes = 64;

}  // namespace pixel::logfmt
