// SPDX-License-Identifier: Apache-2.0
// The variants behind index_separators() and LineTable, for the dispatcher and for differential
// tests. Each reads no byte beyond the text and writes the same numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/cpu.h"

namespace pixel::logfmt {

/// Entries that a variant may scribble beyond the last one it counts.
inline constexpr std::size_t kIndexSlackEntries = 64;

/// Where the separators of a piece of text go.
struct SeparatorIndex {
  std::uint32_t* positions;  // Of every '\t', '\n' and NUL, in order. Room: bytes + slack.
  std::uint32_t* ends;       // Ranks in `positions` of those that are no tab. Room: bytes + 1.
  std::size_t position_count = 0;
  std::size_t end_count = 0;
  bool is_ascii = true;  // No byte so far was above 127: the text passes by here anyway.
};

/// Adds `base` to each position. REQUIRES: base + text.size() < 2^32.
using IndexFunction = void (*)(std::string_view text, std::uint32_t base,
                               SeparatorIndex& index) noexcept;

void index_scalar(std::string_view text, std::uint32_t base, SeparatorIndex& index) noexcept;
#if PIXEL_X86_64
void index_sse2(std::string_view text, std::uint32_t base, SeparatorIndex& index) noexcept;
/// REQUIRES: base::cpu_has_avx2().
void index_avx2(std::string_view text, std::uint32_t base, SeparatorIndex& index) noexcept;
/// REQUIRES: base::cpu_has_avx512().
void index_avx512(std::string_view text, std::uint32_t base, SeparatorIndex& index) noexcept;
#endif

/// The fastest that this machine can run.
IndexFunction best_index_function() noexcept;

}  // namespace pixel::logfmt
