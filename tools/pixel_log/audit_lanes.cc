// SPDX-License-Identifier: Apache-2.0
// COLD: see audit.h. Sequence numbers along each lane, of access lines and of events.
#include <fmt/format.h>

#include <algorithm>

#include "tools/pixel_log/audit.h"

namespace pixel::logs {
namespace {

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
  const bool is_access = books.segment.lane.kind == logfmt::SegmentKind::kAccess;
  (is_access ? result.logged : result.events) += books.lines;
  result.torn_lines += books.torn_lines;
  result.lost_lines += books.gap_lines;
  result.duplicate_lines += books.duplicate_lines;
}

}  // namespace

void check_lanes(const AuditBooks& books, AuditResult& result) {
  std::map<logfmt::LaneId, LaneCheck> lanes;
  for (const auto& [segment, of_segment] : books.segments) {
    add_totals(of_segment, result);
    lanes.try_emplace(segment.lane, result).first->second.segment(of_segment);
  }
}

}  // namespace pixel::logs
