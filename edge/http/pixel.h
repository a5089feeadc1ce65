// SPDX-License-Identifier: Apache-2.0
// The pixel: the smallest GIF that every client draws as nothing (43 bytes). Constants only.
#pragma once

#include <array>
#include <cstdint>

namespace pixel::edge {

// One transparent point, by the sections of the GIF89a specification.
// clang-format off
inline constexpr std::array<std::uint8_t, 43> kPixelGif = {
    // Header: signature and version.
    'G', 'I', 'F', '8', '9', 'a',
    // Logical screen descriptor: width 1, height 1 (little endian) ...
    0x01, 0x00, 0x01, 0x00,
    // ... a global colour table of 2 colours (bit 7), background colour 0, no aspect ratio.
    0x80, 0x00, 0x00,
    // Global colour table: 0 is white, 1 is black.
    0xff, 0xff, 0xff, 0x00, 0x00, 0x00,
    // Graphic control extension: introducer, label, 4 bytes follow ...
    0x21, 0xf9, 0x04,
    // ... transparent colour flag (bit 0), no delay, transparent colour 0, end of the block.
    0x01, 0x00, 0x00, 0x00, 0x00,
    // Image descriptor: separator, left 0, top 0, width 1, height 1, no local table.
    0x2c, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00,
    // Image data: minimum code size 2, one sub-block of 2 bytes ...
    0x02, 0x02,
    // ... 3-bit codes, lowest bits first: clear (4), colour 0, end (5), padding; end of the blocks.
    0x44, 0x01, 0x00,
    // Trailer.
    0x3b,
};
// clang-format on

}  // namespace pixel::edge
