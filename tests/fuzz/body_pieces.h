// SPDX-License-Identifier: Apache-2.0
// A chunked body given to the decoder in pieces, in place as a connection's buffer has it, each
// piece in memory of its own size: for the fuzz targets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "edge/http/body.h"

namespace pixel::edge {

struct DecodedBody {
  BodyResult result;  // Its consumed_bytes are those of all pieces.
  std::string body;
};

inline bool operator==(const DecodedBody& a, const DecodedBody& b) {
  return a.result.status == b.result.status && a.result.refusal == b.result.refusal &&
         a.result.consumed_bytes == b.result.consumed_bytes && a.body == b.body;
}

/// In pieces of `piece_bytes`. The block grows with each: a sanitizer sees a read beyond what came.
inline DecodedBody decode_in_pieces(std::string_view bytes, std::size_t piece_bytes,
                                    std::uint32_t body_bytes_max) {
  DecodedBody decoded;
  ChunkProgress progress;
  std::vector<char> block;
  for (std::size_t begin = 0; begin < bytes.size(); begin += piece_bytes) {
    const std::string_view piece = bytes.substr(begin, piece_bytes);
    // What was decoded stays in front; the piece lies where it was received.
    std::vector<char> grown(begin + piece.size());
    std::copy(block.begin(), block.end(), grown.begin());
    piece.copy(grown.data() + begin, piece.size());
    block.swap(grown);
    decoded.result =
        decode_chunks({block.data() + begin, piece.size()}, block.data(), body_bytes_max, progress);
    CHECK(decoded.result.consumed_bytes <= piece.size());
    CHECK(progress.decoded_bytes <= body_bytes_max);
    decoded.result.consumed_bytes += static_cast<std::uint32_t>(begin);
    if (decoded.result.status != BodyStatus::kIncomplete) break;
    CHECK(decoded.result.consumed_bytes == begin + piece.size());
  }
  CHECK(progress.decoded_bytes <= decoded.result.consumed_bytes);
  decoded.body.assign(block.data(), progress.decoded_bytes);
  return decoded;
}

/// Whole, byte by byte and in pieces of `piece_bytes`: one answer, which needs no byte behind it
/// and every byte before it.
inline DecodedBody check_body(std::string_view bytes, std::size_t piece_bytes,
                              std::uint32_t body_bytes_max) {
  const DecodedBody whole = decode_in_pieces(bytes, bytes.size() + 1, body_bytes_max);
  if (bytes.size() <= 512) CHECK(decode_in_pieces(bytes, 1, body_bytes_max) == whole);
  CHECK(decode_in_pieces(bytes, piece_bytes, body_bytes_max) == whole);
  if (whole.result.status == BodyStatus::kIncomplete) return whole;
  const std::size_t end = whole.result.consumed_bytes;
  CHECK(end > 0);
  CHECK(decode_in_pieces(bytes.substr(0, end), piece_bytes, body_bytes_max) == whole);
  const DecodedBody shorter = decode_in_pieces(bytes.substr(0, end - 1), end, body_bytes_max);
  CHECK(shorter.result.status == BodyStatus::kIncomplete);
  return whole;
}

}  // namespace pixel::edge
