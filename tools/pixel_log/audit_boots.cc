// SPDX-License-Identifier: Apache-2.0
// COLD: see audit.h. What each process life counted itself, against what its segments hold.
#include <fmt/format.h>

#include <algorithm>

#include "tools/pixel_log/audit.h"

namespace pixel::logs {
namespace {

using logfmt::SegmentKind;

std::string boot_text(const BootId& boot) {
  return fmt::format("boot {:04X}-{:08X}", boot.first, boot.second);
}

// Of one process life and one kind of lane.
struct LineSums {
  std::uint64_t held = 0;           // In its segments.
  std::uint64_t known_missing = 0;  // Gaps inside lanes: not missing at their end as well.
};

class BootCheck {
 public:
  BootCheck(const AuditBooks& books, AuditResult& result) : books_(books), result_(result) {
    for (const auto& [segment, of_segment] : books.segments) {
      sums(segment.lane).held += of_segment.lines - of_segment.duplicate_lines;
    }
    for (const Defect& defect : result.defects) {
      if (defect.kind != DefectKind::kGap) continue;
      const bool of_lane = defect.where.starts_with("lane ");
      const std::string_view name = std::string_view(defect.where).substr(of_lane ? 5 : 0);
      if (const auto lane = logfmt::parse_lane(name.substr(0, logfmt::kLaneTextBytes))) {
        sums(*lane).known_missing += defect.amount;
      }
    }
  }

  void check(const BootId& id, const BootBooks& boot) {
    const logfmt::BootLedger& ledger = boot.ledger;
    const std::string where = boot_text(id);
    check_counts(where, boot, "lines", ledger.lines, sums_[{id, SegmentKind::kAccess}]);
    check_counts(where, boot, "events", ledger.events, sums_[{id, SegmentKind::kEvents}]);
    if (ledger.answers > ledger.lines) {
      add(DefectKind::kGap, where,
          fmt::format("{} answers to {} lines", ledger.answers, ledger.lines),
          ledger.answers - ledger.lines);
    }
    if (ledger.unlogged > 0) {
      add(DefectKind::kUnlogged, where,
          fmt::format("{} answers without a line (the log could not be written and the edge serves "
                      "on)",
                      ledger.unlogged),
          ledger.unlogged);
    }
    if (ledger.events_unlogged > 0) {
      add(DefectKind::kUnlogged, where,
          fmt::format("{} events of answered requests found no place", ledger.events_unlogged),
          ledger.events_unlogged);
    }
  }

  void check_without_books() {
    std::optional<BootId> last;
    for (const auto& [key, sum] : sums_) {
      const BootId& id = key.first;
      if (sum.held == 0 || books_.boots.contains(id) || last == id) continue;
      last = id;
      add(DefectKind::kUnreadable, boot_text(id),
          "neither ledger nor control page: its answers are unknown", 0);
    }
  }

  // Gaps between access lines are named elsewhere: left to see is whether events speak of requests
  // beyond the lane's last one.
  void check_requests() {
    std::map<logfmt::LaneId, std::uint64_t> last_lines;
    std::map<logfmt::LaneId, std::uint64_t> last_requests;
    for (const auto& [segment, of_segment] : books_.segments) {
      auto& last = segment.lane.kind == SegmentKind::kAccess ? last_lines : last_requests;
      const auto& sequence = segment.lane.kind == SegmentKind::kAccess ? of_segment.last_sequence
                                                                       : of_segment.last_request;
      if (sequence) last[segment.lane] = std::max(last[segment.lane], *sequence);
    }
    for (const auto& [lane, request] : last_requests) check_request(lane, request, last_lines);
  }

 private:
  LineSums& sums(const logfmt::LaneId& lane) { return sums_[{{lane.node, lane.boot}, lane.kind}]; }

  void check_counts(const std::string& where, const BootBooks& boot, std::string_view what,
                    std::uint64_t counted, const LineSums& sum) {
    if (sum.held + sum.known_missing < counted) {
      const std::uint64_t missing = counted - sum.held - sum.known_missing;
      result_.lost_lines += missing;
      add(DefectKind::kGap, where,
          fmt::format("it counted {} {}, its segments hold {}: {} missing at the end of its lanes",
                      counted, what, sum.held, missing),
          missing);
    }
    // A killed process may have stored a line and not yet counted it.
    if (boot.ledger.clean && !boot.live && sum.held > counted) {
      add(DefectKind::kMismatch, where,
          fmt::format("it counted {} {}, its segments hold {}", counted, what, sum.held),
          sum.held - counted);
    }
  }

  void check_request(const logfmt::LaneId& events, std::uint64_t request,
                     const std::map<logfmt::LaneId, std::uint64_t>& last_lines) {
    logfmt::LaneId access = events;
    access.kind = SegmentKind::kAccess;
    const auto last = last_lines.find(access);
    // Nothing is left of the lane: retention. A living process has gone on while it was read.
    if (last == last_lines.end() || request <= last->second) return;
    const auto boot = books_.boots.find({events.node, events.boot});
    if (boot != books_.boots.end() && boot->second.live) return;
    // A process may be killed between a request's events and its line: it was not answered.
    const bool clean = boot != books_.boots.end() && boot->second.ledger.clean;
    if (!clean && request == last->second + 1) return;
    add(DefectKind::kMismatch, "lane " + to_text(events),
        fmt::format("events of requests up to sequence {}, but access lines end at {}", request,
                    last->second),
        request - last->second);
  }

  void add(DefectKind kind, const std::string& where, std::string what, std::uint64_t amount) {
    result_.defects.push_back({kind, where, std::move(what), amount});
  }

  const AuditBooks& books_;
  AuditResult& result_;
  std::map<std::pair<BootId, SegmentKind>, LineSums> sums_;
};

}  // namespace

void check_boots(const AuditBooks& books, AuditResult& result) {
  BootCheck check(books, result);
  for (const auto& [id, boot] : books.boots) {
    result.answered += boot.ledger.answers;
    result.unlogged += boot.ledger.unlogged;
    result.refused += boot.ledger.refused;
    check.check(id, boot);
  }
  check.check_without_books();
  check.check_requests();
}

}  // namespace pixel::logs
