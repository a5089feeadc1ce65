// SPDX-License-Identifier: Apache-2.0
// string_view::find of one byte for texts that are mostly short: up to 32 bytes are looked at by
// two comparisons, without a call and without a branch that depends on the length. HOT. Pure; any
// thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/page_read.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace pixel::base {

/// Its first place, or npos.
inline std::size_t find_byte(std::string_view text, char wanted) noexcept {
#if defined(__x86_64__)
  if (text.size() - 1 < 32 && lies_in_one_page(text.data(), 32)) [[likely]] {
    const auto hits = [&](std::size_t at) {
      const auto* const from = reinterpret_cast<const __m128i*>(text.data() + at);
      const __m128i equal = _mm_cmpeq_epi8(_mm_loadu_si128(from), _mm_set1_epi8(wanted));
      return static_cast<std::uint32_t>(_mm_movemask_epi8(equal));
    };
    const std::uint64_t inside = (std::uint64_t{1} << text.size()) - 1;
    const std::uint64_t found = (hits(0) | hits(16) << 16) & inside;
    return found == 0 ? std::string_view::npos : static_cast<std::size_t>(std::countr_zero(found));
  }
#endif
  return text.find(wanted);
}

}  // namespace pixel::base
