// SPDX-License-Identifier: Apache-2.0
// Deletes sealed segments that every sink has, and old manifests, without losing their books. COLD;
// one thread calls run(); any thread reads the books.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "shipper/deliver/checkpoint.h"
#include "shipper/state/kept_text.h"
#include "shipper/tail/catalogue.h"
#include "shipper/tail/lane_kinds.h"

namespace pixel::shipper {

struct RetentionLimits {
  bool enabled = true;
  std::uint64_t keep_ns = 24 * 3600 * base::kSecondNs;  // Of data, since it was sealed.
  std::uint64_t manifest_keep_ns = 7 * 24 * 3600 * base::kSecondNs;
};

/// Lines of segments whose manifests were deleted, so that the sums still hold.
struct RetiredBooks {
  struct Lane {
    std::uint32_t next_index = 0;  // All segments before it are retired,
    std::uint64_t lines = 0;       // with this many lines.
    bool operator==(const Lane&) const = default;
  };
  std::uint64_t ended_lines = 0;   // Of access lanes of which nothing is left,
  std::uint64_t ended_events = 0;  // and of events lanes.
  std::map<logfmt::LaneId, Lane> lanes;
  bool operator==(const RetiredBooks&) const = default;

  /// Of the lanes of these kinds.
  std::uint64_t lines(LaneKinds kinds = kAllLanes) const;
};
std::string to_text(const RetiredBooks& books);
base::Result<RetiredBooks> parse_retired_books(std::string_view text);

/// What a sink holds, and what it takes at all.
struct SinkReach {
  SinkReach(const Checkpoint* held, LaneKinds kinds = kAllLanes)
      : checkpoint(held), wanted(kinds) {}
  const Checkpoint* checkpoint;  // As it is stored there. Lent.
  LaneKinds wanted;
};

class Retention {
 public:
  Retention(std::filesystem::path spool, std::filesystem::path state, RetentionLimits limits);

  /// Reads the books; fine where there are none yet.
  base::Status open();
  /// Also while run() may be called by another thread.
  void set_limits(const RetentionLimits& limits);

  struct Counts {
    std::uint64_t segments = 0;
    std::uint64_t bytes = 0;
    std::uint64_t manifests = 0;
  };
  /// Deletes what is due at `now_s` (Unix seconds). `sinks`: every configured one; nothing is
  /// deleted that one of them wants and lacks, and what none wants goes after its time.
  base::Result<Counts> run(const CatalogueSnapshot& catalogue, const std::vector<SinkReach>& sinks,
                           std::int64_t now_s);

  RetiredBooks books() const;
  Counts total() const;

 private:
  base::Status retire_manifests(const CatalogueSnapshot& catalogue,
                                const std::vector<SinkReach>& sinks, std::uint64_t keep_ns,
                                std::int64_t now_s, Counts& counts);
  base::Status delete_data(const SegmentEntry& entry, Counts& counts) const;

  const std::filesystem::path spool_;
  KeptText kept_;  // <state>/retired.0 and .1.
  mutable std::mutex mutex_;
  RetentionLimits limits_;  // Guarded by mutex_.
  RetiredBooks books_;      // Guarded by mutex_.
  Counts total_;            // Guarded by mutex_.
};

}  // namespace pixel::shipper
