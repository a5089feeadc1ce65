// SPDX-License-Identifier: Apache-2.0
// UTF-8 as DuckDB needs it: its VARCHARs must be valid, and what clients send need not be. HOT
// check, COLD repair; pure. Source: Unicode 15, section 3.9, table 3-7 (well-formed sequences).
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace pixel::shipper::duckdb {

/// True when no byte has its high bit set.
inline bool is_ascii(std::string_view text) noexcept {
  constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t seen = 0;
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    seen |= word;
  }
  for (; left > 0; --left, ++at) seen |= static_cast<unsigned char>(*at);
  return (seen & kHighBits) == 0;
}

/// Bytes of the well-formed sequence at the beginning of `text`; 0 where there is none.
/// REQUIRES: text is not empty.
std::size_t utf8_sequence_bytes(std::string_view text) noexcept;

bool is_utf8(std::string_view text) noexcept;

/// Each byte that belongs to no well-formed sequence becomes U+FFFD.
std::string repair_utf8(std::string_view text);

}  // namespace pixel::shipper::duckdb
