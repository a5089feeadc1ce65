// SPDX-License-Identifier: Apache-2.0
// COLD: see audit.h. What each sink says it holds, against the lines of the segments.
#include <fmt/format.h>

#include <algorithm>

#include "tools/pixel_log/audit.h"

namespace pixel::logs {
namespace {

// One sink against all segments.
class SinkCheck {
 public:
  SinkCheck(const SinkHoldings& sink, const AuditBooks& books, AuditResult& result)
      : sink_(sink), books_(books), result_(result), where_("sink " + sink.name) {
    totals_.name = sink.name;
    totals_.filtered = sink.filtered;
    totals_.dead_lettered = sink.dead_lettered;
  }

  void run(bool drained) {
    for (const auto& [id, segment] : books_.segments) {
      if (is_owed(id)) check_segment(id, segment.lines, passed_lines(segment));
    }
    check_foreign();
    for (const auto& [id, holding] : sink_.segments) {
      if (books_.segments.contains(id) || is_known_foreign(id)) continue;
      totals_.rows += holding.distinct_rows;
      add(DefectKind::kMismatch, holding.distinct_rows,
          fmt::format("{} rows of segment {}, of which the log knows nothing",
                      holding.distinct_rows, to_text(id)));
    }
    explain_shortage();
    if (drained && totals_.pending > 0) {
      add(DefectKind::kPending, totals_.pending,
          fmt::format("{} lines not delivered yet", totals_.pending));
    }
    result_.sinks.push_back(totals_);
  }

 private:
  // Lanes of a kind that no table of the sink is made of are none of its business, but for what it
  // took of them before its tables changed.
  bool is_owed(const logfmt::SegmentId& segment) const {
    const bool is_access = segment.lane.kind == logfmt::SegmentKind::kAccess;
    if (is_access ? sink_.takes_access : sink_.takes_events) return true;
    if (!sink_.lanes) return false;
    const auto place = sink_.lanes->find(segment.lane);
    return place != sink_.lanes->end() && segment.index <= place->second.index;
  }

  // Lines of the segment that the sink says it is done with.
  std::uint64_t passed_lines(const SegmentBooks& segment) const {
    if (!sink_.lanes) return segment.lines;
    const auto place = sink_.lanes->find(segment.segment.lane);
    if (place == sink_.lanes->end()) return 0;
    if (segment.segment.index != place->second.index) {
      return segment.segment.index < place->second.index ? segment.lines : 0;
    }
    if (place->second.offset >= segment.bytes) return segment.lines;
    const auto lines = books_.lines_before.find({segment.segment, place->second.offset});
    return lines == books_.lines_before.end() ? 0 : lines->second;
  }

  // Of files that others wrote the spool has no books: what the shipper read of each is in its own.
  void check_foreign() {
    std::uint64_t all = 0;
    for (const auto& [id, lines] : sink_.foreign) {
      all += lines.lines;
      check_segment(id, lines.lines, std::min(lines.passed, lines.lines));
    }
    for (const auto& [lane, retired] : sink_.foreign_retired) {
      all += retired.lines;
      retired_without_row_ += retired.lines;
    }
    for (const auto& [id, holding] : sink_.segments) {
      if (!is_retired(id)) continue;
      totals_.rows += holding.distinct_rows;
      retired_without_row_ -= std::min(retired_without_row_, holding.distinct_rows);
      check_twice(id, holding);
    }
    result_.foreign = std::max(result_.foreign, all);
  }

  bool is_retired(const logfmt::SegmentId& id) const {
    const auto lane = sink_.foreign_retired.find(id.lane);
    return lane != sink_.foreign_retired.end() && id.index < lane->second.next_index;
  }

  bool is_known_foreign(const logfmt::SegmentId& id) const {
    return sink_.foreign.contains(id) || is_retired(id);
  }

  void check_twice(const logfmt::SegmentId& id, const SegmentHolding& holding) {
    if (holding.rows <= holding.distinct_rows) return;
    const std::uint64_t twice = holding.rows - holding.distinct_rows;
    totals_.duplicate_rows += twice;
    add(DefectKind::kDuplicate, twice,
        fmt::format("{} duplicate rows of segment {}", twice, to_text(id)));
  }

  void check_segment(const logfmt::SegmentId& id, std::uint64_t lines, std::uint64_t passed) {
    const auto found = sink_.segments.find(id);
    const SegmentHolding holding = found == sink_.segments.end() ? SegmentHolding{} : found->second;
    totals_.rows += holding.distinct_rows;
    totals_.pending += lines - passed;
    check_twice(id, holding);
    if (holding.distinct_rows > lines) {
      const std::uint64_t more = holding.distinct_rows - lines;
      totals_.duplicate_rows += more;
      add(DefectKind::kDuplicate, more,
          fmt::format("{} rows of segment {}, which has {} lines", holding.distinct_rows,
                      to_text(id), lines));
    } else if (holding.distinct_rows > passed) {
      // The rows were read after the checkpoint, of a sink that goes on; or its checkpoint is not
      // stored with its rows: then they will show as duplicates.
      result_.notes.push_back(fmt::format("{}: {} rows of segment {} beyond its checkpoint", where_,
                                          holding.distinct_rows - passed, to_text(id)));
    } else if (holding.distinct_rows < passed) {
      short_.push_back({id, passed - holding.distinct_rows});
    }
  }

  // Filtered and dead-lettered lines have no row; the sink knows their number, not their segment.
  void explain_shortage() {
    std::uint64_t shortage = 0;
    for (const auto& [segment, rows] : short_) shortage += rows;
    const std::uint64_t explained = sink_.filtered + sink_.dead_lettered;
    const std::uint64_t without_row = shortage + retired_without_row_;
    if (without_row < explained) {
      add(DefectKind::kMismatch, explained - without_row,
          fmt::format("{} lines filtered or dead-lettered, but only {} have no row", explained,
                      without_row));
    }
    if (shortage <= explained) return;
    totals_.missing_rows = shortage - explained;
    for (const auto& [segment, rows] : short_) {
      std::string what = fmt::format("{} rows of segment {} missing", rows, to_text(segment));
      if (explained > 0) {
        what += fmt::format(" ({} of the {} lines without row were filtered or dead-lettered)",
                            explained, shortage);
      }
      add(DefectKind::kGap, rows, what);
    }
  }

  void add(DefectKind kind, std::uint64_t amount, std::string what) {
    result_.defects.push_back({kind, where_, std::move(what), amount});
  }

  const SinkHoldings& sink_;
  const AuditBooks& books_;
  AuditResult& result_;
  std::string where_;
  SinkTotals totals_;
  std::uint64_t retired_without_row_ = 0;  // Foreign lines, at most.
  std::vector<std::pair<logfmt::SegmentId, std::uint64_t>> short_;
};

}  // namespace

void check_sinks(const AuditInput& input, const AuditBooks& books, AuditResult& result) {
  for (const SinkHoldings& sink : input.sinks) {
    if (!sink.error.empty()) {
      result.defects.push_back({DefectKind::kUnreadable, "sink " + sink.name, sink.error, 0});
      continue;
    }
    SinkCheck(sink, books, result).run(input.drained);
  }
}

}  // namespace pixel::logs
