// SPDX-License-Identifier: Apache-2.0
// Numbers, tabs, dashes and short copies: the pieces of a line that need no vector instructions of
// their own. HOT. Each writes at `out` and returns one past the last byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pixel::logfmt {

inline constexpr std::size_t kNumberBytesMax = 20;  // 18446744073709551615

constexpr std::array<char, 200> make_digit_pairs() {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
inline constexpr std::array<char, 200> kDigitPairs = make_digit_pairs();

inline char* put_pair(std::uint64_t below_100, char* out) {
  std::memcpy(out, &kDigitPairs[2 * below_100], 2);
  return out + 2;
}

inline char* put_three(std::uint64_t below_1000, char* out) {
  *out = static_cast<char>('0' + below_1000 / 100);
  return put_pair(below_1000 % 100, out + 1);
}

[[gnu::noinline]] inline char* put_long_number(std::uint64_t value, char* out) {
  char digits[kNumberBytesMax];
  char* begin = digits + sizeof digits;
  for (; value >= 100; value /= 100) put_pair(value % 100, begin -= 2);
  if (value >= 10) {
    put_pair(value, begin -= 2);
  } else {
    *--begin = static_cast<char>('0' + value);
  }
  const auto count = static_cast<std::size_t>(digits + sizeof digits - begin);
  std::memcpy(out, begin, count);
  return out + count;
}

inline char* put_number(std::uint64_t value, char* out) {
  if (value < 10) {
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  if (value < 100) return put_pair(value, out);
  if (value < 1'000) return put_three(value, out);
  if (value < 10'000) return put_pair(value % 100, put_pair(value / 100, out));
  if (value < 100'000) {
    *out = static_cast<char>('0' + value / 10'000);
    return put_pair(value % 100, put_pair(value / 100 % 100, out + 1));
  }
  return put_long_number(value, out);
}

/// "1.234": whole milliseconds, rounded down.
inline char* put_seconds(std::uint64_t microseconds, char* out) {
  const std::uint64_t milliseconds = microseconds / 1'000;
  out = put_number(milliseconds / 1'000, out);
  *out++ = '.';
  return put_three(milliseconds % 1'000, out);
}

/// Three digits, or as many as it has.
inline char* put_status(std::uint32_t status, char* out) {
  return status < 1'000 ? put_three(status, out) : put_number(status, out);
}

inline char* put_tab(char* out) {
  *out = '\t';
  return out + 1;
}

/// What stands for a text that is empty.
inline char* put_none(char* out) {
  *out = '-';
  return out + 1;
}

template <std::size_t Bytes>
inline void copy_ends(const char* from, std::size_t count, char* out) {
  char head[Bytes];
  char tail[Bytes];
  std::memcpy(head, from, Bytes);
  std::memcpy(tail, from + count - Bytes, Bytes);
  std::memcpy(out, head, Bytes);
  std::memcpy(out + count - Bytes, tail, Bytes);
}

/// memcpy of a variable count is a call; most texts are shorter than 32 bytes and two overlapping
/// words copy them. REQUIRES: not empty.
inline char* put_text(std::string_view text, char* out) {
  const std::size_t count = text.size();
  if (count >= 16) {
    if (count <= 32) {
      copy_ends<16>(text.data(), count, out);
    } else {
      std::memcpy(out, text.data(), count);
    }
  } else if (count >= 8) {
    copy_ends<8>(text.data(), count, out);
  } else if (count >= 4) {
    copy_ends<4>(text.data(), count, out);
  } else if (count >= 2) {
    copy_ends<2>(text.data(), count, out);
  } else {
    *out = text[0];
  }
  return out + count;
}

template <std::size_t Bytes>
inline char* put_literal(const char (&text)[Bytes], char* out) {
  std::memcpy(out, text, Bytes - 1);
  return out + Bytes - 1;
}

}  // namespace pixel::logfmt
