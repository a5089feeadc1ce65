// SPDX-License-Identifier: Apache-2.0
// What the vector scans share: whole 64-byte loads that never leave the input, and the nibble
// tables of the token class. HOT; pure.
#pragma once

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
