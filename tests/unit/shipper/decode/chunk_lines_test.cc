// SPDX-License-Identifier: Apache-2.0
#include "shipper/decode/chunk_lines.h"

#include <gtest/gtest.h>

#include <string>

namespace pixel::shipper {
namespace {

constexpr logfmt::SegmentId kSegment{{logfmt::SegmentKind::kAccess, 1, 2, 3}, 4};

// Words and the rest behind them are looked at in two ways.
TEST(ChunkLines, AByteAbove127IsSeenWhereverItLies) {
  ChunkLines chunk;
  for (const std::size_t bytes : {1U, 31U, 32U, 33U, 95U, 100U}) {
    std::string text(bytes, 'x');
    text += '\n';
    chunk.decode(kSegment, 0, text);
    EXPECT_TRUE(chunk.is_plain()) << bytes;
    for (std::size_t at = 0; at < bytes; ++at) {
      std::string other = text;
      other[at] = '\x80';
      chunk.decode(kSegment, 0, other);
      EXPECT_FALSE(chunk.is_plain()) << bytes << " bytes, at " << at;
    }
  }
}

}  // namespace
}  // namespace pixel::shipper
