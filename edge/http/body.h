// SPDX-License-Identifier: Apache-2.0
// Where the body of a request ends, and its bytes without their framing (RFC 9112 sections 6 and
// 7). HOT by thread, though only requests with a body come here; pure; no state but what is passed.
#pragma once

#include <cstdint>
#include <string_view>

#include "edge/http/parser.h"
#include "edge/http/request_view.h"

namespace pixel::edge {

enum class BodyStatus : std::uint8_t {
  kComplete,
  kIncomplete,
  kRefused,  // Never valid, or beyond a limit: answer and close.
};

/// How far the chunks of one body have been taken apart. All zero: at its beginning.
struct ChunkProgress {
  std::uint64_t chunk_left = 0;     // Data bytes of the current chunk still to come.
  std::uint32_t decoded_bytes = 0;  // Body bytes so far; they lie at the front, without framing.
  std::uint32_t framing_bytes = 0;  // Sizes, extensions and trailers so far; see kFramingBytesMax.
  std::uint16_t line_bytes = 0;     // Of the chunk line, or of the trailers. body.cc's own.
  std::uint8_t phase = 0;           // body.cc's own.
};
static_assert(sizeof(ChunkProgress) == 24);

struct BodyResult {
  BodyStatus status = BodyStatus::kIncomplete;
  Refusal refusal = Refusal::kNone;  // kBadChunk or kBodyTooLarge.
  /// Bytes of `more` that have been taken: all of it unless kComplete (the rest is the next
  /// request) or kRefused (up to the byte at fault; nothing more may be given).
  std::uint32_t consumed_bytes = 0;
};

/// One chunk line (size and extensions, without CRLF) is no longer than the first, all trailers
/// together no longer than the second.
inline constexpr std::uint32_t kChunkLineBytesMax = 256;
inline constexpr std::uint32_t kTrailerBytesMax = 8 * 1024;
/// All framing of a body together: 8 bytes for each of its own, so that chunks may be as short as
/// they like, and this many beyond.
inline constexpr std::uint32_t kFramingBytesMax = 16 * 1024;

/// Takes the framing off `more`, the bytes that follow those already given, and appends what is
/// left to `body` + progress.decoded_bytes. `more` may lie in the same memory behind that place:
/// bytes only move forward. Extensions and trailer fields are checked and forgotten. Any
/// segmentation of the same bytes gives the same result. REQUIRES: `body` has room for
/// `body_bytes_max`.
BodyResult decode_chunks(std::string_view more, char* body, std::uint32_t body_bytes_max,
                         ChunkProgress& progress) noexcept;

}  // namespace pixel::edge
