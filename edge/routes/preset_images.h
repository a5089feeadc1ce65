// SPDX-License-Identifier: Apache-2.0
// The images that a route may answer with, by the names of the configuration. COLD: a route's
// answer is built from them at boot and at reload. Constants only.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "edge/http/pixel.h"

namespace pixel::edge {

/// What other servers' 43 bytes have where kPixelGif has its own. A client draws all of them as
/// nothing; who compares answers byte by byte sees what it is used to.
struct GifVariation {
  std::uint8_t screen_flags = 0x80;     // At 10: colour table of 2 (bit 7), colour resolution.
  std::uint8_t background = 0;          // At 11: the background's place in the colour table.
  std::array<std::uint8_t, 6> colours;  // At 13: the colour table.
  std::uint8_t control_flags = 0x01;    // At 22: transparency (bit 0), disposal (bits 2 to 4).
  std::uint8_t transparent_colour = 0;  // At 25.
  std::uint8_t codes = 0x44;            // At 39: clear (4), the point's colour, the end (5).
};

constexpr std::array<std::uint8_t, 43> vary_gif(const GifVariation& variation) {
  std::array<std::uint8_t, 43> gif = kPixelGif;
  gif[10] = variation.screen_flags;
  gif[11] = variation.background;
  for (std::size_t i = 0; i < variation.colours.size(); ++i) gif[13 + i] = variation.colours[i];
  gif[22] = variation.control_flags;
  gif[25] = variation.transparent_colour;
  gif[39] = variation.codes;
  return gif;
}

/// nginx, empty_gif: the point has colour 1 (white), which is transparent and the background.
inline constexpr auto kGifNginx = vary_gif({.background = 1,
                                            .colours = {0, 0, 0, 0xff, 0xff, 0xff},
                                            .transparent_colour = 1,
                                            .codes = 0x4c});
/// Snowplow: a colour resolution of 8 bits; the point is to be left in place (disposal 1).
inline constexpr auto kGifSnowplow =
    vary_gif({.screen_flags = 0xf0, .colours = {0xff, 0xff, 0xff, 0, 0, 0}, .control_flags = 0x05});
/// Matomo: both colours are black.
inline constexpr auto kGifMatomo = vary_gif({.colours = {0, 0, 0, 0, 0, 0}});
/// HPX: the same bytes as our own.
inline constexpr auto kGifHpx = kPixelGif;

// clang-format off
/// 37 bytes (Divolte's size): no colour table; the point is transparent all the same.
inline constexpr std::array<std::uint8_t, 37> kGif37 = {
    // Header: signature and version.
    'G', 'I', 'F', '8', '9', 'a',
    // Logical screen descriptor: width 1, height 1, no colour table, background 0, no aspect ratio.
    0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
    // Graphic control extension: 4 bytes, transparent colour flag, no delay, colour 0, end.
    0x21, 0xf9, 0x04, 0x01, 0x00, 0x00, 0x00, 0x00,
    // Image descriptor: left 0, top 0, width 1, height 1, no local table.
    0x2c, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00,
    // Image data: minimum code size 2, 2 bytes of codes (clear, colour 0, end), end of the blocks.
    0x02, 0x02, 0x44, 0x01, 0x00,
    // Trailer.
    0x3b,
};

/// 35 bytes (Google Analytics' size): a colour table and no extension, so one white point.
inline constexpr std::array<std::uint8_t, 35> kGif35 = {
    // Header: signature and version.
    'G', 'I', 'F', '8', '9', 'a',
    // Logical screen descriptor: width 1, height 1, colour table of 2, background 0, no ratio.
    0x01, 0x00, 0x01, 0x00, 0x80, 0x00, 0x00,
    // Global colour table: 0 is white, 1 is black.
    0xff, 0xff, 0xff, 0x00, 0x00, 0x00,
    // Image descriptor: left 0, top 0, width 1, height 1, no local table.
    0x2c, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00,
    // Image data: minimum code size 2, 2 bytes of codes (clear, colour 0, end), end of the blocks.
    0x02, 0x02, 0x44, 0x01, 0x00,
    // Trailer.
    0x3b,
};

/// One transparent point as PNG (RFC 2083 and ISO 15948): 67 bytes.
inline constexpr std::array<std::uint8_t, 67> kPng = {
    // Signature.
    0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
    // IHDR, 13 bytes: width 1, height 1, 8 bits, RGBA (6), deflate, adaptive filters, not interlaced.
    0x00, 0x00, 0x00, 0x0d, 'I', 'H', 'D', 'R',
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00,
    0x1f, 0x15, 0xc4, 0x89,
    // IDAT, 10 bytes: zlib header; one block with fixed codes (a literal 0, then 4 bytes from 1
    // byte back: filter 0 and a point of 0, 0, 0, 0); Adler-32.
    0x00, 0x00, 0x00, 0x0a, 'I', 'D', 'A', 'T',
    0x78, 0x01, 0x63, 0x00, 0x01, 0x00, 0x00, 0x05, 0x00, 0x01,
    0x36, 0xd0, 0x88, 0xdd,
    // IEND, empty.
    0x00, 0x00, 0x00, 0x00, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82,
};
// clang-format on

}  // namespace pixel::edge
