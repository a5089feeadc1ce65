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

/// How far ahead text is asked for. The processor's own prefetcher stops at page ends; measured
/// with line_decode_bench on text that comes from memory.
inline constexpr std::size_t kPrefetchBytes = 2048;

}  // namespace pixel::logfmt
