// SPDX-License-Identifier: Apache-2.0
// What the spool may take of its disk, and what happens when it takes more: first an alarm, then
// a last chance, and only where that is configured the oldest segments are given up. Nothing is
// given up in silence: names and lines are in <state>/dropped.0 before the files go. COLD; one
// thread calls run(); any thread reads state().
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "shipper/deliver/checkpoint.h"
#include "shipper/dropped_books.h"
#include "shipper/state/kept_text.h"
#include "shipper/tail/catalogue.h"
#include "shipper/tail/lane_kinds.h"

namespace pixel::shipper {

enum class WhenFull : std::uint8_t {
  kKeep,        // Nothing is given up: the edge then refuses when the disk is full.
  kDropOldest,  // After the last chance the oldest sealed segments go, whoever lacks them.
};

struct BudgetLimits {
  std::uint64_t budget_bytes = 0;    // Of active/ and sealed/, as they lie on the disk; 0: none.
  std::uint64_t min_free_bytes = 0;  // Of the disk that the spool lies on; 0: none.
  WhenFull when_full = WhenFull::kKeep;
  std::uint64_t last_chance_ns = 600 * base::kSecondNs;  // From full to the first drop.
  bool operator==(const BudgetLimits&) const = default;
};

enum class BudgetLevel : std::uint8_t {
  kFine,
  kHigh,  // 80 % of the budget, or free space below 1.25 times its minimum.
  kFull,
};
std::string_view budget_level_name(BudgetLevel level) noexcept;

struct BudgetState {
  BudgetLevel level = BudgetLevel::kFine;
  BudgetLimits limits;
  std::uint64_t used_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::int64_t drops_at = 0;  // Unix seconds; 0: nothing will be given up.
  DroppedBooks dropped;
};

/// A sink and how far it has come; null while that is not known.
struct SinkPosition {
  std::string name;
  LaneKinds wanted;
  const Checkpoint* checkpoint = nullptr;
};

class Budget {
 public:
  Budget(std::filesystem::path spool, std::filesystem::path state, BudgetLimits limits);

  /// Reads the names of what was dropped; fine where there are none.
  base::Status open();
  void set_limits(const BudgetLimits& limits);

  /// Measures, and where the spool is full and `may_delete`, frees what may go: segments that every
  /// sink has, whatever their age; then, after the last chance, others. `now_s`: Unix seconds.
  base::Status run(const CatalogueSnapshot& catalogue, const std::vector<SinkPosition>& sinks,
                   bool may_delete, std::int64_t now_s);

  BudgetState state() const;

 private:
  struct Candidate;
  BudgetLevel measure();
  std::vector<Candidate> candidates(const CatalogueSnapshot& catalogue,
                                    const std::vector<SinkPosition>& sinks) const;
  base::Status free_segments(const CatalogueSnapshot& catalogue,
                             const std::vector<SinkPosition>& sinks, bool may_drop,
                             std::int64_t now_s);
  base::Status drop(const Candidate& candidate, std::int64_t now_s);
  static void warn(const BudgetState& before, const BudgetState& state);

  const std::filesystem::path spool_;
  KeptText kept_;                  // <state>/dropped.0 and .1.
  std::int64_t doomed_since_ = 0;  // Full, and something is to be given up; 0: not so.
  mutable std::mutex mutex_;
  BudgetState state_;  // Guarded by mutex_.
};

}  // namespace pixel::shipper
