// SPDX-License-Identifier: Apache-2.0
// Copies a text and tells at once whether a byte of it has to be escaped: most have none, and then
// the copy is the result. HOT. Texts of a log are mostly shorter than 32 bytes: they are loaded and
// stored as 32, whatever their length; the tail of a longer one overlaps what came before. SSE2,
// which every x86-64 has.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/page_read.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace pixel::shipper {

/// Which bytes have to be escaped: control characters (below 0x20) and these two. The same
/// character twice where there is only one.
template <char kFirst, char kSecond>
struct EscapedBytes {
  static bool contains(unsigned char c) noexcept {
    return c < 0x20 || c == static_cast<unsigned char>(kFirst) ||
           c == static_cast<unsigned char>(kSecond);
  }
#if defined(__x86_64__)
  static __m128i hits(__m128i v) noexcept {
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
    const __m128i first = _mm_cmpeq_epi8(v, _mm_set1_epi8(kFirst));
    const __m128i second = _mm_cmpeq_epi8(v, _mm_set1_epi8(kSecond));
    return _mm_or_si128(control, _mm_or_si128(first, second));
  }
#endif
};

namespace detail {

#if defined(__x86_64__)
inline __m128i load(const char* from) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}
inline void store(char* to, __m128i v) noexcept {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), v);
}
#endif

template <class Bytes>
[[gnu::noinline]] bool copy_if_plain_bytewise(const char* in, std::size_t size,
                                              char* out) noexcept {
  bool is_plain = true;
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = in[i];
    is_plain = is_plain && !Bytes::contains(static_cast<unsigned char>(in[i]));
  }
  return is_plain;
}

}  // namespace detail

/// Copies `text` to `out` whole; true where no byte of it is one of Bytes. Up to kCopySlackBytes
/// behind the copy are written too. REQUIRES: room for all of it.
inline constexpr std::size_t kCopySlackBytes = 32;
template <class Bytes>
inline bool copy_if_plain(std::string_view text, char* out) noexcept {
  const char* const in = text.data();
  const std::size_t size = text.size();
#if defined(__x86_64__)
  using detail::load;
  using detail::store;
  if (size > 32) {
    __m128i hits = _mm_setzero_si128();
    const auto copy = [&](std::size_t at) {
      const __m128i front = load(in + at);
      const __m128i back = load(in + at + 16);
      store(out + at, front);
      store(out + at + 16, back);
      hits = _mm_or_si128(hits, _mm_or_si128(Bytes::hits(front), Bytes::hits(back)));
    };
    for (std::size_t at = 0; at + 32 < size; at += 32) copy(at);
    copy(size - 32);
    return _mm_movemask_epi8(hits) == 0;
  }
  // No branch that depends on the length: half of them would be guessed wrong.
  if (size != 0 && base::lies_in_one_page(in, 32)) [[likely]] {
    const __m128i front = load(in);
    const __m128i back = load(in + 16);
    store(out, front);
    store(out + 16, back);
    const auto low = static_cast<std::uint32_t>(_mm_movemask_epi8(Bytes::hits(front)));
    const auto high = static_cast<std::uint32_t>(_mm_movemask_epi8(Bytes::hits(back)));
    return ((low | high << 16) & ((std::uint64_t{1} << size) - 1)) == 0;
  }
#endif
  return detail::copy_if_plain_bytewise<Bytes>(in, size, out);
}

/// Writes `text` with `escape(byte, out)` in place of each byte that is one of Bytes, and the runs
/// between them as they are. For the few texts that have such bytes. REQUIRES: room for it.
template <class Bytes, class Escape>
char* copy_escaped(std::string_view text, char* out, Escape escape) {
  std::size_t run = 0;  // Begin of the bytes not written yet.
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!Bytes::contains(c)) [[likely]]
      continue;
    std::memcpy(out, text.data() + run, i - run);
    out = escape(c, out + (i - run));
    run = i + 1;
  }
  std::memcpy(out, text.data() + run, text.size() - run);
  return out + (text.size() - run);
}

}  // namespace pixel::shipper
