// SPDX-License-Identifier: Apache-2.0
// Copies a text and tells at once whether a byte of it has to be escaped: most have none, and then
// the copy is the result. HOT. Each 16 bytes are loaded and stored once; a tail is loaded so that
// it overlaps what came before, and never a byte outside the text. SSE2, which every x86-64 has:
// the texts of a log are mostly shorter than 32 bytes, and for them wider registers gain nothing.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

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

template <class Word>
inline Word load_word(const char* in) noexcept {
  Word word;
  std::memcpy(&word, in, sizeof(word));
  return word;
}
template <class Word>
inline void store_word(char* out, Word word) noexcept {
  std::memcpy(out, &word, sizeof(word));
}

}  // namespace detail

/// Copies `text` to `out` whole; true where no byte of it is one of Bytes. REQUIRES: room for it.
template <class Bytes>
inline bool copy_if_plain(std::string_view text, char* out) noexcept {
  const char* const in = text.data();
  const std::size_t size = text.size();
#if defined(__x86_64__)
  using detail::load_word;
  using detail::store_word;
  const auto load = [](const char* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  };
  const auto store = [](char* to, __m128i v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), v);
  };
  __m128i hits = _mm_setzero_si128();
  if (size >= 16) {
    for (std::size_t at = 0; at + 16 <= size; at += 16) {
      const __m128i v = load(in + at);
      store(out + at, v);
      hits = _mm_or_si128(hits, Bytes::hits(v));
    }
    const __m128i tail = load(in + size - 16);
    store(out + size - 16, tail);
    hits = _mm_or_si128(hits, Bytes::hits(tail));
  } else if (size >= 8) {
    const auto head = load_word<std::int64_t>(in);
    const auto tail = load_word<std::int64_t>(in + size - 8);
    store_word(out, head);
    store_word(out + size - 8, tail);
    hits = Bytes::hits(_mm_set_epi64x(tail, head));
  } else if (size >= 4) {
    const auto head = load_word<std::int32_t>(in);
    const auto tail = load_word<std::int32_t>(in + size - 4);
    store_word(out, head);
    store_word(out + size - 4, tail);
    hits = Bytes::hits(_mm_set_epi32(tail, head, tail, head));
  } else {
    bool is_plain = true;
    for (std::size_t i = 0; i < size; ++i) {
      out[i] = in[i];
      is_plain = is_plain && !Bytes::contains(static_cast<unsigned char>(in[i]));
    }
    return is_plain;
  }
  return _mm_movemask_epi8(hits) == 0;
#else
  std::memcpy(out, in, size);
  bool is_plain = true;
  for (std::size_t i = 0; i < size; ++i) {
    is_plain = is_plain & !Bytes::contains(static_cast<unsigned char>(in[i]));
  }
  return is_plain;
#endif
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
