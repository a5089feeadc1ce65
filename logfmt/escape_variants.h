// SPDX-License-Identifier: Apache-2.0
// The variants behind escape(), for the dispatcher and for differential tests. HOT.
// Each has escape()'s contract: not one byte of the input's neighbours is read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/cpu.h"

namespace pixel::logfmt {

char* escape_scalar(std::string_view raw, char* out) noexcept;
#if PIXEL_X86_64
char* escape_sse2(std::string_view raw, char* out) noexcept;
/// REQUIRES: base::cpu_has_avx2().
char* escape_avx2(std::string_view raw, char* out) noexcept;
/// REQUIRES: base::cpu_has_avx512().
char* escape_avx512(std::string_view raw, char* out) noexcept;
#endif

/// The rule itself, byte by byte.
constexpr bool must_escape(unsigned char byte) noexcept {
  if (byte <= 32 || byte >= 127) return true;
  return std::string_view("<>\"#%{}|\\^~[]`'").find(static_cast<char>(byte)) !=
         std::string_view::npos;
}

/// "%XX" and one byte of no meaning for each byte: one four-byte store.
constexpr std::array<std::array<char, 4>, 256> make_escaped_bytes() noexcept {
  std::array<std::array<char, 4>, 256> table{};
  for (std::size_t i = 0; i < 256; ++i) {
    table[i] = {'%', "0123456789ABCDEF"[i >> 4], "0123456789ABCDEF"[i & 15], '%'};
  }
  return table;
}
inline constexpr std::array<std::array<char, 4>, 256> kEscapedBytes = make_escaped_bytes();

/// Writes "%XX", scribbles one byte more, and returns the end of the three.
inline char* put_escaped(char byte, char* out) noexcept {
  std::memcpy(out, kEscapedBytes[static_cast<unsigned char>(byte)].data(), 4);
  return out + 3;
}

}  // namespace pixel::logfmt
