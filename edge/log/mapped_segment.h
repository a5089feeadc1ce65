// SPDX-License-Identifier: Apache-2.0
// One active segment in memory. Handed over by value between keeper and worker: whoever holds it
// is its only writer. HOT to read, no behaviour of its own.
#pragma once

#include <cstdint>

#include "logfmt/manifest.h"
#include "logfmt/segment_name.h"

namespace pixel::edge {

struct MappedSegment {
  char* base = nullptr;        // capacity bytes: of the file, or private (create_segment_file).
  std::uint64_t capacity = 0;  // Bytes allocated on disk.
  std::uint64_t position = 0;  // Next byte to write; all before it is whole lines.
  std::uint64_t lines = 0;
  std::uint64_t first_sequence = 0;
  std::int64_t first_line_at = 0;  // Unix seconds of its first line: names the hour.
  logfmt::SegmentId id;
  logfmt::SealReason reason = logfmt::SealReason::kSize;  // Set by whoever retires it.
};

}  // namespace pixel::edge
