// SPDX-License-Identifier: Apache-2.0
// How often a byte occurs in a text. Pure; any thread. SSE2, which every x86-64 has.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace pixel::base {

inline std::size_t count_bytes(std::string_view text, char wanted) noexcept {
  std::size_t count = 0;
  std::size_t at = 0;
#if defined(__x86_64__)
  // Sixteen counters of a byte each, summed before one can overflow.
  constexpr std::size_t run_bytes = std::size_t{255} * 16;
  while (text.size() - at >= 16) {
    const std::size_t end = at + std::min(run_bytes, (text.size() - at) & ~std::size_t{15});
    __m128i counters = _mm_setzero_si128();
    for (; at < end; at += 16) {
      const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
      counters = _mm_sub_epi8(counters, _mm_cmpeq_epi8(v, _mm_set1_epi8(wanted)));
    }
    const __m128i sums = _mm_sad_epu8(counters, _mm_setzero_si128());
    count += static_cast<std::size_t>(_mm_cvtsi128_si64(sums)) +
             static_cast<std::size_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)));
  }
#endif
  for (; at < text.size(); ++at) count += text[at] == wanted ? 1U : 0U;
  return count;
}

}  // namespace pixel::base
