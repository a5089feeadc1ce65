// SPDX-License-Identifier: Apache-2.0
// The books of each sink, from sources that do not know each other: the lines that the log holds
// (manifests, and counting what no manifest covers) against what the sink's checkpoint says.
//   written = delivered + filtered + dead_lettered + missing + pending + residue
// COLD; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "shipper/deliver/checkpoint.h"
#include "shipper/retention.h"
#include "shipper/tail/catalogue.h"
#include "shipper/tail/lane_kinds.h"
#include "shipper/tail/segment_store.h"

namespace pixel::shipper {

struct Books {
  std::uint64_t written = 0;  // Lines in the log, retired ones included.
  std::uint64_t delivered = 0;
  std::uint64_t filtered = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t missing = 0;       // Their segment was gone before the sink had them.
  std::uint64_t pending = 0;       // Published, behind no acked batch yet.
  std::int64_t residue = 0;        // Not 0: a line was lost, or taken twice.
  std::uint64_t lag_bytes = 0;     // Of pending lines.
  std::uint64_t lag_segments = 0;  // That hold pending lines.
  std::int64_t lag_seconds = 0;    // Age of the oldest pending line; 0 where none is.
  bool uncertain = false;          // A segment moved or could not be read meanwhile: look again.
};

class Ledger {
 public:
  explicit Ledger(std::filesystem::path spool) : store_(std::move(spool)) {}

  /// Balances one sink; `wanted`: the lanes that it takes, others are not owed to it. The first
  /// call of a sink may read a segment per lane, later ones only what came since. `now_s`: Unix
  /// seconds.
  Books balance(const std::string& sink, const CatalogueSnapshot& catalogue,
                const RetiredBooks& retired, const Checkpoint& checkpoint, std::int64_t now_s,
                LaneKinds wanted = kAllLanes);

 private:
  // Lines counted in a segment up to an offset.
  struct Count {
    std::uint32_t index = 0;
    std::uint64_t offset = 0;
    std::uint64_t lines = 0;
  };
  struct Extent {
    std::uint64_t lines = 0;
    std::uint64_t bytes = 0;
  };
  void add_lane(const std::string& sink, const logfmt::LaneId& lane, const LaneSegments& segments,
                std::uint32_t first_index, const Position& position, std::int64_t& oldest_s,
                Books& books);
  void add_unwanted_lane(const std::string& sink, const logfmt::LaneId& lane,
                         const LaneSegments& segments, std::uint32_t first_index,
                         const Position& position, Books& books);
  Extent extent(const logfmt::SegmentId& segment, const SegmentEntry& entry);
  std::uint64_t lines_until(const std::string& counter, const logfmt::SegmentId& segment,
                            const SegmentEntry& entry, std::uint64_t offset);
  void count(const logfmt::SegmentId& segment, const SegmentEntry& entry, std::uint64_t until,
             Count& count);
  std::int64_t first_line_at(const logfmt::SegmentId& segment, const SegmentEntry& entry,
                             std::uint64_t offset);

  std::unique_ptr<SegmentReader> open(const logfmt::SegmentId& segment, const SegmentEntry& entry);

  std::mutex mutex_;  // Guards all below.
  bool uncertain_ = false;
  FileStore store_;
  std::map<logfmt::SegmentId, Extent> sealed_;
  std::map<std::pair<std::string, logfmt::LaneId>, Count> counts_;
};

}  // namespace pixel::shipper
