// SPDX-License-Identifier: Apache-2.0
// See text_decode.h. The usual field has nothing to undo: that case is one memchr.
#include "shipper/decode/text_decode.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace pixel::shipper {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD.

constexpr std::array<std::int8_t, 256> make_hex_values() {
  std::array<std::int8_t, 256> values{};
  for (std::size_t i = 0; i < 256; ++i) values[i] = -1;
  for (std::size_t i = 0; i < 10; ++i) values['0' + i] = static_cast<std::int8_t>(i);
  for (std::size_t i = 0; i < 6; ++i) {
    values['A' + i] = static_cast<std::int8_t>(10 + i);
    values['a' + i] = static_cast<std::int8_t>(10 + i);
  }
  return values;
}
constexpr auto kHexValues = make_hex_values();

std::uint8_t byte_at(std::string_view text, std::size_t i) noexcept {
  return static_cast<std::uint8_t>(text[i]);
}

// Positions [0, size) that begin with whole 8-byte words of ASCII without NUL.
std::size_t skip_plain_words(std::string_view text, std::size_t from) noexcept {
  constexpr std::uint64_t high = 0x8080808080808080;
  constexpr std::uint64_t ones = 0x0101010101010101;
  while (from + 8 <= text.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + from, 8);
    if ((word & high) != 0 || ((word - ones) & ~word & high) != 0) break;
    from += 8;
  }
  return from;
}

struct Sequence {
  std::size_t bytes;  // Well formed so far, at least 1.
  bool valid;
};

// The second byte's bounds carry all special rules (RFC 3629 section 4, the UTF8-octets grammar).
Sequence read_sequence(std::string_view text, std::size_t at) noexcept {
  const std::uint8_t lead = byte_at(text, at);
  if (lead < 0x80) return {1, lead != 0};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  for (std::size_t i = 1; i < length; ++i) {
    if (at + i >= text.size()) return {i, false};
    const std::uint8_t next = byte_at(text, at + i);
    if (next < low || next > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true};
}

// True where the byte begins what is to be changed.
template <bool kPlusIsSpace>
bool is_encoded(char c) noexcept {
  return c == '%' || (kPlusIsSpace && c == '+');
}

// Copies [at, size) up to the first encoded byte, of which it returns the place. Up to 15 bytes
// more than that are written.
template <bool kPlusIsSpace>
std::size_t copy_run(std::string_view text, std::size_t at, char* out) noexcept {
#if defined(__x86_64__)
  for (; at + 16 <= text.size(); at += 16, out += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), v);
    __m128i hits = _mm_cmpeq_epi8(v, _mm_set1_epi8('%'));
    if (kPlusIsSpace) hits = _mm_or_si128(hits, _mm_cmpeq_epi8(v, _mm_set1_epi8('+')));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
    if (mask != 0) return at + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  for (; at < text.size() && !is_encoded<kPlusIsSpace>(text[at]); ++at) *out++ = text[at];
  return at;
}

struct Decoded {
  std::string_view text;
  bool has_odd_bytes;  // Decoded ones that are NUL or not ASCII.
};

// `text` holds its first byte to change at `first`. Decoding never grows.
template <bool kPlusIsSpace>
Decoded decode_into(std::string_view text, std::size_t first, TextArena& arena) {
  char* const begin = arena.reserve(text.size());
  std::memcpy(begin, text.data(), first);
  char* out = begin + first;
  bool has_odd_bytes = false;
  for (std::size_t at = first; at < text.size();) {
    char c = text[at++];
    if (c == '%' && at + 1 < text.size()) {
      const int high = kHexValues[byte_at(text, at)];
      const int low = kHexValues[byte_at(text, at + 1)];
      if ((high | low) >= 0) {
        c = static_cast<char>(high * 16 + low);
        has_odd_bytes |= static_cast<signed char>(c) <= 0;
        at += 2;
      }
    } else if (kPlusIsSpace && c == '+') {
      c = ' ';
    }
    *out++ = c;
    // As many bytes are left in the arena as in the text, and more where some were decoded.
    const std::size_t end = copy_run<kPlusIsSpace>(text, at, out);
    out += end - at;
    at = end;
  }
  const auto bytes = static_cast<std::size_t>(out - begin);
  arena.commit(bytes);
  return {{begin, bytes}, has_odd_bytes};
}

}  // namespace

std::size_t valid_text_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    at = skip_plain_words(text, at);
    if (at == text.size()) break;
    const Sequence sequence = read_sequence(text, at);
    if (!sequence.valid) break;
    at += sequence.bytes;
  }
  return at;
}

std::string_view make_valid_text(std::string_view text, TextArena& arena) {
  std::size_t at = valid_text_prefix(text);
  if (at == text.size()) return text;
  char* const begin = arena.reserve(text.size() * kReplacement.size());
  std::memcpy(begin, text.data(), at);
  char* out = begin + at;
  while (at < text.size()) {
    const Sequence sequence = read_sequence(text, at);
    const std::string_view part = sequence.valid ? text.substr(at, sequence.bytes) : kReplacement;
    std::memcpy(out, part.data(), part.size());
    out += part.size();
    at += sequence.bytes;
  }
  const auto bytes = static_cast<std::size_t>(out - begin);
  arena.commit(bytes);
  return {begin, bytes};
}

std::string_view percent_decode(std::string_view text, TextArena& arena) {
  const std::size_t first = text.find('%');
  if (first == std::string_view::npos) return text;
  return decode_into<false>(text, first, arena).text;
}

bool is_encoded_twice(std::string_view text) noexcept {
  std::size_t at = text.find('%');
  if (at == std::string_view::npos) return false;
  for (; at != std::string_view::npos; at = text.find('%', at + 1)) {
    const std::string_view rest = text.substr(at);
    if (rest.size() < 5 || rest[1] != '2' || rest[2] != '5') return false;
    if (kHexValues[byte_at(rest, 3)] < 0 || kHexValues[byte_at(rest, 4)] < 0) return false;
  }
  return true;
}

std::string_view log_decode(std::string_view text, DecodeMode mode, TextArena& arena) {
  const bool is_twice =
      mode == DecodeMode::kTwice || (mode == DecodeMode::kAuto && is_encoded_twice(text));
  const std::string_view once = percent_decode(text, arena);
  return is_twice ? percent_decode(once, arena) : once;
}

std::string_view encoded_log_text(std::string_view field, std::size_t first, DecodeMode mode,
                                  bool is_plain, TextArena& arena) {
  if (mode != DecodeMode::kOnce) return make_valid_text(log_decode(field, mode, arena), arena);
  const auto [text, has_odd_bytes] = decode_into<false>(field, first, arena);
  return is_plain && !has_odd_bytes ? text : make_valid_text(text, arena);
}

std::string_view form_decode(std::string_view text, TextArena& arena) {
  // find_first_of would search its own two characters for each byte of the text.
  const std::size_t percent = text.find('%');
  const std::size_t plus = text.substr(0, percent).find('+');
  const std::size_t first = std::min(percent, plus);
  if (first == std::string_view::npos) return text;
  return decode_into<true>(text, first, arena).text;
}

}  // namespace pixel::shipper
