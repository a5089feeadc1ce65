// SPDX-License-Identifier: Apache-2.0
// How far a sink has come, and its books. Stored by the sink, atomically with the rows.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "logfmt/segment_name.h"

namespace pixel::shipper {

/// The next byte to read in a lane: all segments before `index` and all bytes before `offset` of
/// it are done.
struct Position {
  std::uint32_t index = 0;
  std::uint64_t offset = 0;
  auto operator<=>(const Position&) const = default;
};

/// Contiguous by construction: a range is either wholly before a lane's position or not taken.
/// Totals count from the sink's first batch: lines = rows + filtered + dead_lettered (missing ones
/// are in none of these).
struct Checkpoint {
  std::map<logfmt::LaneId, Position> lanes;
  std::uint64_t batches = 0;
  std::uint64_t lines = 0;
  std::uint64_t rows = 0;  // Delivered.
  std::uint64_t filtered = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t bytes = 0;              // Of segments.
  std::uint64_t dead_letter_bytes = 0;  // Length of the sink's dead letter file at this point.
  std::uint64_t missing = 0;            // Lines passed over because their segment was gone.
  bool operator==(const Checkpoint&) const = default;
};

/// One JSON object with a format version and an XXH3-64 of its content; parse refuses any change
/// of a byte and any cut.
std::string to_text(const Checkpoint& checkpoint);
base::Result<Checkpoint> parse_checkpoint(std::string_view text);

}  // namespace pixel::shipper
