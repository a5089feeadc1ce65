// SPDX-License-Identifier: Apache-2.0
// HOT: separators with SSE2, which every x86-64 has.
#include "logfmt/line_index.h"

#if PIXEL_X86_64
#include <emmintrin.h>

#include <cstring>

namespace pixel::logfmt {
namespace {

// ORs the block to `seen`.
BlockMasks block_masks(const char* in, __m128i& seen) {
  BlockMasks masks{0, 0};
  for (int i = 0; i < 4; ++i) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + 16 * i));
    seen = _mm_or_si128(seen, v);
    const __m128i tabs = _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'));
    const __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')),
                                      _mm_cmpeq_epi8(v, _mm_setzero_si128()));
    const auto ends_mask = static_cast<std::uint32_t>(_mm_movemask_epi8(ends));
    const auto tabs_mask = static_cast<std::uint32_t>(_mm_movemask_epi8(tabs));
    masks.ends |= std::uint64_t{ends_mask} << (16 * i);
    masks.separators |= std::uint64_t{ends_mask | tabs_mask} << (16 * i);
  }
  return masks;
}

inline void put_block(BlockMasks masks, std::uint32_t base, SeparatorIndex& index) {
  for (std::uint64_t ends = masks.ends; ends != 0; ends &= ends - 1) {
    const std::uint64_t before = masks.separators & ((ends & (~ends + 1)) - 1);
    index.ends[index.end_count++] = static_cast<std::uint32_t>(index.position_count) +
                                    static_cast<std::uint32_t>(std::popcount(before));
  }
  for (std::uint64_t rest = masks.separators; rest != 0; rest &= rest - 1) {
    index.positions[index.position_count++] =
        base + static_cast<std::uint32_t>(std::countr_zero(rest));
  }
}

}  // namespace

void index_sse2(std::string_view text, std::uint32_t base, SeparatorIndex& index) noexcept {
  SeparatorIndex local = index;
  __m128i seen = _mm_setzero_si128();
  std::size_t at = 0;
  for (; at + kBlockBytes <= text.size(); at += kBlockBytes) {
    put_block(block_masks(text.data() + at, seen), base + static_cast<std::uint32_t>(at), local);
  }
  if (const std::size_t left = text.size() - at; left > 0) {
    char copy[kBlockBytes] = {};
    std::memcpy(copy, text.data() + at, left);
    const std::uint64_t valid = (std::uint64_t{1} << left) - 1;
    BlockMasks masks = block_masks(copy, seen);
    masks.separators &= valid;
    masks.ends &= valid;
    put_block(masks, base + static_cast<std::uint32_t>(at), local);
  }
  local.is_ascii = local.is_ascii && _mm_movemask_epi8(seen) == 0;
  index = local;
}

}  // namespace pixel::logfmt
#endif
