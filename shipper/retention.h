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
#include "shipper/tail/catalogue.h"

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
  std::uint64_t ended_lines = 0;  // Of lanes of which nothing is left.
  std::map<logfmt::LaneId, Lane> lanes;
  bool operator==(const RetiredBooks&) const = default;

  std::uint64_t lines() const;
};
std::string to_text(const RetiredBooks& books);
base::Result<RetiredBooks> parse_retired_books(std::string_view text);

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
  /// Deletes what is due at `now_s` (Unix seconds). `checkpoints`: of every configured sink, as it
  /// is stored there; nothing is deleted that one of them lacks.
  base::Result<Counts> run(const CatalogueSnapshot& catalogue,
                           const std::vector<const Checkpoint*>& checkpoints, std::int64_t now_s);

  RetiredBooks books() const;
  Counts total() const;

 private:
  base::Status retire_manifests(const CatalogueSnapshot& catalogue, std::uint64_t keep_ns,
                                std::int64_t now_s, Counts& counts);
  base::Status delete_data(const SegmentEntry& entry, Counts& counts) const;

  const std::filesystem::path spool_;
  const std::filesystem::path state_;
  mutable std::mutex mutex_;
  RetentionLimits limits_;  // Guarded by mutex_.
  RetiredBooks books_;  // Guarded by mutex_.
  Counts total_;        // Guarded by mutex_.
};

}  // namespace pixel::shipper
