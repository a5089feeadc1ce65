// SPDX-License-Identifier: Apache-2.0
// COLD: see audit.h. Sequence numbers along each lane, and each process life's own counts.
#include <fmt/format.h>

#include <algorithm>

#include "tools/pixel_log/audit.h"

namespace pixel::logs {
namespace {

std::string boot_text(const BootId& boot) {
  return fmt::format("boot {:04X}-{:08X}", boot.first, boot.second);
}

// Follows one lane from its first segment on.
class LaneCheck {
 public:
  explicit LaneCheck(AuditResult& result) : result_(result) {}

  void segment(const SegmentBooks& books) {
    if (books.first_sequence) {
      const std::uint64_t first = *books.first_sequence;
      if (first > expected_) gap(books, first - expected_);
      if (first < expected_) overlap(books, first);
      expected_ = std::max(expected_, *books.last_sequence + 1);
    } else {
      // Neither ids nor a manifest: its lines count on.
      expected_ += books.lines;
    }
    previous_ = books.segment;
  }

 private:
  void gap(const SegmentBooks& books, std::uint64_t missing) {
    std::string between = previous_ ? fmt::format(" after segment {}", to_text(*previous_)) : "";
    const std::uint32_t next_index = previous_ ? previous_->index + 1 : 0;
    if (books.segment.index > next_index) {
      const logfmt::SegmentId first{books.segment.lane, next_index};
      const logfmt::SegmentId last{books.segment.lane, books.segment.index - 1};
      between += first == last ? fmt::format("; segment {} is missing", to_text(first))
                               : fmt::format("; segments {} to {} are missing", to_text(first),
                                             to_text(last));
    }
    result_.defects.push_back(
        {DefectKind::kGap, "lane " + to_text(books.segment.lane),
         fmt::format("sequences {} to {} are missing before segment {}{}", expected_,
                     expected_ + missing - 1, to_text(books.segment), between),
         missing});
    result_.lost_lines += missing;
  }

  void overlap(const SegmentBooks& books, std::uint64_t first) {
    const std::uint64_t last = std::min(expected_ - 1, *books.last_sequence);
    result_.defects.push_back(
        {DefectKind::kDuplicate, "lane " + to_text(books.segment.lane),
         fmt::format("sequences {} to {} of segment {} were in segments before it", first, last,
                     to_text(books.segment)),
         last - first + 1});
    result_.duplicate_lines += last - first + 1;
  }

  AuditResult& result_;
  std::uint64_t expected_ = 0;
  std::optional<logfmt::SegmentId> previous_;
};

void add_totals(const SegmentBooks& books, AuditResult& result) {
  ++result.segments;
  if (!books.has_data) ++result.segments_without_data;
  if (books.segment.lane.kind != logfmt::SegmentKind::kAccess) return;
  result.logged += books.lines;
  result.torn_lines += books.torn_lines;
  result.lost_lines += books.gap_lines;
  result.duplicate_lines += books.duplicate_lines;
}

void check_ledger(const BootId& id, const BootBooks& boot, std::uint64_t logged,
                  std::uint64_t known_lost, AuditResult& result) {
  const logfmt::BootLedger& ledger = boot.ledger;
  const std::string where = boot_text(id);
  if (logged + known_lost < ledger.lines) {
    const std::uint64_t missing = ledger.lines - logged - known_lost;
    result.lost_lines += missing;
    result.defects.push_back(
        {DefectKind::kGap, where,
         fmt::format("it counted {} lines, its segments hold {}: {} missing at "
                     "the end of its lanes",
                     ledger.lines, logged, missing),
         missing});
  }
  // A killed process may have stored a line and not yet counted it.
  if (ledger.clean && !boot.live && logged > ledger.lines) {
    result.defects.push_back(
        {DefectKind::kMismatch, where,
         fmt::format("it counted {} lines, its segments hold {}", ledger.lines, logged),
         logged - ledger.lines});
  }
  if (ledger.answers > ledger.lines) {
    result.defects.push_back({DefectKind::kGap, where,
                              fmt::format("{} answers to {} lines", ledger.answers, ledger.lines),
                              ledger.answers - ledger.lines});
  }
  if (ledger.unlogged > 0) {
    result.defects.push_back({DefectKind::kUnlogged, where,
                              fmt::format("{} answers without a line (the log could not be "
                                          "written and the edge serves on)",
                                          ledger.unlogged),
                              ledger.unlogged});
  }
}

}  // namespace

void check_lanes(const AuditBooks& books, AuditResult& result) {
  std::map<logfmt::LaneId, LaneCheck> lanes;
  for (const auto& [segment, of_segment] : books.segments) {
    add_totals(of_segment, result);
    if (segment.lane.kind != logfmt::SegmentKind::kAccess) continue;
    lanes.try_emplace(segment.lane, result).first->second.segment(of_segment);
  }
}

void check_boots(const AuditBooks& books, AuditResult& result) {
  std::map<BootId, std::uint64_t> logged;
  std::map<BootId, std::uint64_t> lost;
  for (const auto& [segment, of_segment] : books.segments) {
    if (segment.lane.kind != logfmt::SegmentKind::kAccess) continue;
    logged[{segment.lane.node, segment.lane.boot}] += of_segment.lines - of_segment.duplicate_lines;
  }
  for (const Defect& defect : result.defects) {
    // Lines known to be missing inside lanes are not missing at their end as well.
    if (defect.kind != DefectKind::kGap) continue;
    const bool of_lane = defect.where.starts_with("lane ");
    const std::string_view name = std::string_view(defect.where).substr(of_lane ? 5 : 0);
    if (const auto lane = logfmt::parse_lane(name.substr(0, logfmt::kLaneTextBytes))) {
      lost[{lane->node, lane->boot}] += defect.amount;
    }
  }
  for (const auto& [id, boot] : books.boots) {
    result.answered += boot.ledger.answers;
    result.unlogged += boot.ledger.unlogged;
    result.refused += boot.ledger.refused;
    check_ledger(id, boot, logged[id], lost[id], result);
  }
  for (const auto& [id, lines] : logged) {
    if (lines == 0 || books.boots.contains(id)) continue;
    result.defects.push_back({DefectKind::kUnreadable, boot_text(id),
                              "neither ledger nor control page: its answers are unknown", 0});
  }
}

}  // namespace pixel::logs
