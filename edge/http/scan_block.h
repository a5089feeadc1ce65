// SPDX-License-Identifier: Apache-2.0
// What the scans share: whole 64-byte loads that never leave the input, the nibble tables of the
// token class, and the way from the masks of a block to its stops. HOT; pure.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "edge/http/scan.h"

namespace pixel::edge {

/// 64 readable bytes whose mask, shifted right by `shift` bits, is that of the block at `offset`.
/// The last, short block is read as the last 64 bytes of the input and its foreign bits shifted
/// out; an input below 64 bytes is copied to the top end of a buffer instead.
struct BlockSource {
  const char* data;
  unsigned shift;
};

inline BlockSource locate_block(std::string_view bytes, std::size_t offset,
                                char (&copy)[kScanBlockBytes]) noexcept {
  const std::size_t left = bytes.size() - offset;
  if (left >= kScanBlockBytes) [[likely]] {
    return {bytes.data() + offset, 0};
  }
  const auto shift = static_cast<unsigned>(kScanBlockBytes - left);
  if (bytes.size() >= kScanBlockBytes) {
    return {bytes.data() + bytes.size() - kScanBlockBytes, shift};
  }
  std::memset(copy, 0, sizeof(copy));
  std::memcpy(copy + shift, bytes.data() + offset, left);
  return {copy, shift};
}

/// The stops of a block, a bit each, of which `others` are no tchars and `controls` end a value.
/// REQUIRES: bits beyond the input are 0 in both.
inline std::uint64_t find_stops(HeadStops::Carry& carry, std::uint64_t others,
                                std::uint64_t controls) noexcept {
  const std::uint64_t behind_control = controls << 1 | carry.was_control;
  // Two controls in a row are CRLF as long as the lines are well formed; a line begins behind them.
  const std::uint64_t line_ends = controls & behind_control;
  const std::uint64_t begins = line_ends << 1 | carry.begins_line;
  // The sum's carry runs from a name's first byte through its tchars to the first other byte.
  const std::uint64_t sum = begins + ~others;
  const std::uint64_t carried = sum + carry.is_in_name;
  carry.was_control = controls >> 63;
  carry.begins_line = line_ends >> 63;
  carry.is_in_name = (sum < begins ? 1U : 0U) | (carried < sum ? 1U : 0U);
  return (carried & others) | (controls & ~behind_control);
}

/// Writes the positions of a block's stops and returns one past the last.
inline std::uint32_t* put_positions(std::uint64_t stops, std::size_t offset,
                                    std::uint32_t* out) noexcept {
  for (; stops != 0; stops &= stops - 1) {
    *out++ =
        static_cast<std::uint32_t>(offset) + static_cast<std::uint32_t>(std::countr_zero(stops));
  }
  return out;
}

// A byte is no tchar exactly when kLowNibble[byte & 15] & kHighNibble[byte >> 4] is not 0. One bit
// per row of the ASCII table that has exceptions, bit 0 for the rows without any tchar:
//   bit 0  rows 0 1 8..f  all
//   bit 1  row 2          SP " ( ) , /
//   bit 2  row 3          : ; < = > ?
//   bit 3  row 4          @
//   bit 4  row 5          [ \ ]
//   bit 5  row 7          { } DEL
alignas(16) inline constexpr std::uint8_t kLowNibble[16] = {
    0x0b, 0x01, 0x03, 0x01, 0x01, 0x01, 0x01, 0x01, 0x03, 0x03, 0x05, 0x35, 0x17, 0x35, 0x05, 0x27,
};
alignas(16) inline constexpr std::uint8_t kHighNibble[16] = {
    0x01, 0x01, 0x02, 0x04, 0x08, 0x10, 0x00, 0x20, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
};

}  // namespace pixel::edge
