// SPDX-License-Identifier: Apache-2.0
// A batch: byte ranges of segments, their rows, and the checkpoint that delivering it reaches.
// Moved, never shared; one sink's thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "logfmt/segment_name.h"
#include "shipper/decode/row_block.h"
#include "shipper/deliver/checkpoint.h"

namespace pixel::shipper {

enum class FlushReason : std::uint8_t { kRows, kBytes, kAge, kDrain };
std::string_view flush_reason_name(FlushReason reason) noexcept;

/// Whole lines [from, to) of one segment.
struct Range {
  logfmt::SegmentId segment;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::uint64_t lines = 0;
  bool operator==(const Range&) const = default;
};

/// Whole lines as they lie in one segment. Lent by the batch.
struct LineChunk {
  logfmt::SegmentId segment;
  std::uint64_t offset = 0;  // Of the first byte.
  std::string_view text;     // Ends with a newline.
  std::uint64_t lines = 0;   // Neither comments nor empty ones.
  // There are no others, and each begins with the same logfmt::kHourBytes. False: not known.
  bool is_one_hour = false;
};

struct Batch {
  std::vector<Range> ranges;     // In lane and position order; contiguous but for damage.
  TextArena text;                // Holds the lines.
  std::vector<LineChunk> lines;  // In the order they were read.
  std::vector<RowBlock> tables;  // In the order of the sink's tables; none where it takes lines.
  std::vector<DeadLetter> dead_letters;
  Checkpoint after;  // What holds once this batch is delivered.
  FlushReason reason = FlushReason::kRows;
  std::string lines_hash;              // LinesHash of `lines`, where it was asked for and is known.
  bool is_written = false;             // Sink::write_early() took all rows: `tables` have none.
  std::int64_t oldest_request_at = 0;  // Unix seconds; 0 when there is no row.

  /// Makes it an empty one with the memory that it used: what is written to again costs no page
  /// fault, and the next batch of a sink needs about as much.
  void reuse();

  /// Of all tables.
  std::uint64_t row_count() const noexcept;
  /// 16 hexadecimal digits, the same for the same ranges: names files, deduplicates.
  std::string token() const;
};

}  // namespace pixel::shipper
