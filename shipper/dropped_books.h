// SPDX-License-Identifier: Apache-2.0
// Which segments were given up because the spool was full: <state>/dropped.0. COLD; pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logfmt/segment_name.h"

namespace pixel::shipper {

/// A segment that was given up while a sink lacked lines of it.
struct DroppedSegment {
  logfmt::SegmentId segment;
  std::uint64_t lines = 0;  // All of it: what each sink missed is in that sink's books.
  std::uint64_t bytes = 0;
  std::int64_t dropped_at = 0;         // Unix seconds.
  std::vector<std::string> lacked_by;  // Names of sinks.
  bool operator==(const DroppedSegment&) const = default;
};

/// What it holds. Totals count for ever, names of the last thousand.
struct DroppedBooks {
  std::uint64_t segments = 0;
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  std::vector<DroppedSegment> last;

  void add(DroppedSegment segment);
  bool operator==(const DroppedBooks&) const = default;
};
std::string to_text(const DroppedBooks& books);
base::Result<DroppedBooks> parse_dropped_books(std::string_view text);

}  // namespace pixel::shipper
