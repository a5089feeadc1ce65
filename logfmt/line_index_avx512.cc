// SPDX-License-Identifier: Apache-2.0
// HOT: separators with AVX-512 VBMI2: one compress makes the positions within 64 bytes, one
// widening add and store writes 16 of them. Tails are loaded under a mask.
#include "logfmt/line_index.h"

#if PIXEL_X86_64
#include <immintrin.h>

#include <array>

namespace pixel::logfmt {
namespace {

constexpr std::array<char, kBlockBytes> make_offsets() {
  std::array<char, kBlockBytes> offsets{};
  for (std::size_t i = 0; i < kBlockBytes; ++i) offsets[i] = static_cast<char>(i);
  return offsets;
}
alignas(64) constexpr std::array<char, kBlockBytes> kOffsets = make_offsets();

PIXEL_TARGET_AVX512 inline BlockMasks block_masks(__m512i v) {
  const std::uint64_t tabs = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\t'));
  const std::uint64_t ends =
      _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n')) | _mm512_testn_epi8_mask(v, v);
  return {tabs | ends, ends};
}

PIXEL_TARGET_AVX512 inline void put_sixteen(__m128i offsets, std::uint32_t base,
                                            std::uint32_t* out) {
  const __m512i positions =
      _mm512_add_epi32(_mm512_cvtepu8_epi32(offsets), _mm512_set1_epi32(static_cast<int>(base)));
  _mm512_storeu_si512(out, positions);
}

// One rank is written whether there is one or not: one block in eight has a newline, and a branch
// on it would be guessed wrong once a line.
PIXEL_TARGET_AVX512 inline void put_ends(BlockMasks masks, SeparatorIndex& index) {
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

PIXEL_TARGET_AVX512 inline void put_block(BlockMasks masks, std::uint32_t base,
                                          SeparatorIndex& index) {
  put_ends(masks, index);
  const auto count = static_cast<std::size_t>(_mm_popcnt_u64(masks.separators));
  std::uint32_t* const out = index.positions + index.position_count;
  index.position_count += count;
  const __m512i offsets =
      _mm512_maskz_compress_epi8(masks.separators, _mm512_load_si512(kOffsets.data()));
  put_sixteen(_mm512_castsi512_si128(offsets), base, out);
  if (count > 16) [[unlikely]] {
    put_sixteen(_mm512_extracti32x4_epi32(offsets, 1), base, out + 16);
    put_sixteen(_mm512_extracti32x4_epi32(offsets, 2), base, out + 32);
    put_sixteen(_mm512_extracti32x4_epi32(offsets, 3), base, out + 48);
  }
}

}  // namespace

PIXEL_TARGET_AVX512 void index_avx512(std::string_view text, std::uint32_t base,
                                      SeparatorIndex& index) noexcept {
  SeparatorIndex local = index;
  __m512i seen = _mm512_setzero_si512();
  std::size_t at = 0;
  for (; at + kBlockBytes <= text.size(); at += kBlockBytes) {
    _mm_prefetch(text.data() + at + kPrefetchBytes, _MM_HINT_T0);
    const __m512i block = _mm512_loadu_si512(text.data() + at);
    seen = _mm512_or_si512(seen, block);
    put_block(block_masks(block), base + static_cast<std::uint32_t>(at), local);
  }
  if (const std::size_t left = text.size() - at; left > 0) {
    const __mmask64 valid = (std::uint64_t{1} << left) - 1;
    const __m512i block = _mm512_maskz_loadu_epi8(valid, text.data() + at);
    seen = _mm512_or_si512(seen, block);
    BlockMasks masks = block_masks(block);
    masks.separators &= valid;
    masks.ends &= valid;
    put_block(masks, base + static_cast<std::uint32_t>(at), local);
  }
  local.is_ascii = local.is_ascii && _mm512_movepi8_mask(seen) == 0;
  index = local;
}

}  // namespace pixel::logfmt
#endif
