// SPDX-License-Identifier: Apache-2.0
// What the sinks say they hold: the JSON of `pixel-shipper holdings --json`. COLD.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logfmt/segment_name.h"

namespace pixel::logs {

/// The next byte a sink reads in a lane.
struct LanePosition {
  std::uint32_t index = 0;
  std::uint64_t offset = 0;
};

struct SegmentHolding {
  std::uint64_t rows = 0;
  std::uint64_t distinct_rows = 0;
};

/// A segment of a file that others wrote, by the shipper's books: the spool has none.
struct ForeignLines {
  std::uint64_t lines = 0;
  std::uint64_t passed = 0;  // By the sink.
};

/// The segments of a foreign lane before next_index: every sink had them, and the files are gone.
struct ForeignRetired {
  std::uint32_t next_index = 0;
  std::uint64_t lines = 0;
};

struct SinkHoldings {
  std::string name;
  std::string error;         // Why it cannot say what it holds; then nothing else is known.
  bool takes_access = true;  // The kinds of lanes that it wants.
  bool takes_events = false;
  std::uint64_t filtered = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t missing = 0;  // Lines passed over because their segment was gone.
  /// Nothing where the sink gave no checkpoint: then it should hold everything.
  std::optional<std::map<logfmt::LaneId, LanePosition>> lanes;
  std::map<logfmt::SegmentId, SegmentHolding> segments;
  std::map<logfmt::SegmentId, ForeignLines> foreign;
  std::map<logfmt::LaneId, ForeignRetired> foreign_retired;
};

base::Result<std::vector<SinkHoldings>> parse_holdings(std::string_view json);

/// Runs `pixel-shipper holdings --json --config <config>` from this program's own folder and
/// returns what it prints. Blocks until it ends.
base::Result<std::string> ask_shipper(const std::filesystem::path& config);

}  // namespace pixel::logs
