// SPDX-License-Identifier: Apache-2.0
// HOT: separators with AVX2: two masks per 64 bytes, eight positions written per step whether there
// are so many or not (a branch on their number would be guessed wrong).
#include "logfmt/line_index.h"

#if PIXEL_X86_64
#include <immintrin.h>

#include <cstring>

namespace pixel::logfmt {
namespace {

PIXEL_TARGET_AVX2 inline std::uint64_t mask_of(__m256i low, __m256i high) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
         static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(high))) << 32;
}

// ORs the block to `seen`.
PIXEL_TARGET_AVX2 inline BlockMasks block_masks(const char* in, __m256i& seen) {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + 32));
  seen = _mm256_or_si256(seen, _mm256_or_si256(low, high));
  const __m256i tab = _mm256_set1_epi8('\t');
  const __m256i newline = _mm256_set1_epi8('\n');
  const __m256i nul = _mm256_setzero_si256();
  const __m256i low_ends =
      _mm256_or_si256(_mm256_cmpeq_epi8(low, newline), _mm256_cmpeq_epi8(low, nul));
  const __m256i high_ends =
      _mm256_or_si256(_mm256_cmpeq_epi8(high, newline), _mm256_cmpeq_epi8(high, nul));
  const std::uint64_t ends = mask_of(low_ends, high_ends);
  return {ends | mask_of(_mm256_cmpeq_epi8(low, tab), _mm256_cmpeq_epi8(high, tab)), ends};
}

// Writes the next eight set bits' positions; beyond the last bit, 64 + base.
PIXEL_TARGET_AVX2 inline std::uint64_t put_eight(std::uint64_t mask, std::uint32_t base,
                                                 std::uint32_t* out) {
  // Written out: g++ -O2 does not unroll.
  out[0] = base + static_cast<std::uint32_t>(_tzcnt_u64(mask));
  mask = _blsr_u64(mask);
  out[1] = base + static_cast<std::uint32_t>(_tzcnt_u64(mask));
  mask = _blsr_u64(mask);
  out[2] = base + static_cast<std::uint32_t>(_tzcnt_u64(mask));
  mask = _blsr_u64(mask);
  out[3] = base + static_cast<std::uint32_t>(_tzcnt_u64(mask));
  mask = _blsr_u64(mask);
  out[4] = base + static_cast<std::uint32_t>(_tzcnt_u64(mask));
  mask = _blsr_u64(mask);
  out[5] = base + static_cast<std::uint32_t>(_tzcnt_u64(mask));
  mask = _blsr_u64(mask);
  out[6] = base + static_cast<std::uint32_t>(_tzcnt_u64(mask));
  mask = _blsr_u64(mask);
  out[7] = base + static_cast<std::uint32_t>(_tzcnt_u64(mask));
  return _blsr_u64(mask);
}

// One rank is written whether there is one or not: one block in eight has a newline, and a branch
// on it would be guessed wrong once a line.
PIXEL_TARGET_AVX2 inline void put_ends(BlockMasks masks, SeparatorIndex& index) {
  std::uint64_t ends = masks.ends;
  const auto first_rank = static_cast<std::uint32_t>(index.position_count);
  std::uint32_t* out = index.ends + index.end_count;
  index.end_count += static_cast<std::size_t>(_mm_popcnt_u64(ends));
  do {
    const std::uint64_t before = masks.separators & (_blsi_u64(ends) - 1);
    *out++ = first_rank + static_cast<std::uint32_t>(_mm_popcnt_u64(before));
    ends = _blsr_u64(ends);
  } while (ends != 0);
}

PIXEL_TARGET_AVX2 inline void put_block(BlockMasks masks, std::uint32_t base,
                                        SeparatorIndex& index) {
  put_ends(masks, index);
  const auto count = static_cast<std::size_t>(_mm_popcnt_u64(masks.separators));
  std::uint32_t* out = index.positions + index.position_count;
  index.position_count += count;
  std::uint64_t rest = put_eight(masks.separators, base, out);
  while (rest != 0) [[unlikely]] {
      out += 8;
      rest = put_eight(rest, base, out);
    }
}

}  // namespace

PIXEL_TARGET_AVX2 void index_avx2(std::string_view text, std::uint32_t base,
                                  SeparatorIndex& index) noexcept {
  SeparatorIndex local = index;
  __m256i seen = _mm256_setzero_si256();
  std::size_t at = 0;
  for (; at + kBlockBytes <= text.size(); at += kBlockBytes) {
    _mm_prefetch(text.data() + at + kPrefetchBytes, _MM_HINT_T0);
    put_block(block_masks(text.data() + at, seen), base + static_cast<std::uint32_t>(at), local);
  }
  if (const std::size_t left = text.size() - at; left > 0) {
    alignas(32) char copy[kBlockBytes] = {};
    std::memcpy(copy, text.data() + at, left);
    BlockMasks masks = block_masks(copy, seen);
    masks.separators = _bzhi_u64(masks.separators, static_cast<unsigned>(left));
    masks.ends = _bzhi_u64(masks.ends, static_cast<unsigned>(left));
    put_block(masks, base + static_cast<std::uint32_t>(at), local);
  }
  local.is_ascii = local.is_ascii && _mm256_movemask_epi8(seen) == 0;
  index = local;
}

}  // namespace pixel::logfmt
#endif
