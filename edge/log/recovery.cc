// SPDX-License-Identifier: Apache-2.0
// COLD: see recovery.h. What lies in active/ decides; recover_segment.cc does one segment.
#include "edge/log/recovery.h"

#include <fmt/format.h>
#include <unistd.h>

#include <map>
#include <optional>

#include "base/file.h"
#include "edge/log/books.h"
#include "edge/log/recover_segment.h"

namespace pixel::edge {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporarySuffix = ".tmp";

bool may_touch(const std::map<LifeId, Life>& lives, const logfmt::LaneId& lane) {
  const auto life = lives.find({lane.node, lane.boot});
  // Without a page there is no owner: a process makes its page before its first segment.
  return life == lives.end() || life->second.state == Life::State::kGone;
}

void count(const RecoveredSegment& segment, RecoveryReport& report) {
  report.torn_tail_bytes += segment.manifest.torn_tail_bytes;
  if (segment.discarded) {
    ++report.discarded_segments;
    return;
  }
  ++report.sealed_segments;
  report.lines += segment.manifest.lines;
  report.holes += segment.manifest.holes;
  report.hole_bytes += segment.manifest.hole_bytes;
}

// In the order of names, which is that of lanes and indexes: a segment's predecessors are sealed
// when its first sequence is looked for. Returns the names of those that failed.
std::vector<std::string> recover_segments(const RecoveryOptions& options,
                                          const std::vector<std::string>& names,
                                          const std::map<LifeId, Life>& lives,
                                          RecoveryReport& report) {
  std::vector<std::string> failed;
  for (const std::string& name : names) {
    const auto id = logfmt::parse_active_file_name(name);
    if (!id || !may_touch(lives, id->lane)) continue;
    const auto sealed_names = base::list_directory(options.spool.sealed());
    auto recovered = sealed_names ? recover_segment(options, *id, *sealed_names)
                                  : base::Result<RecoveredSegment>(sealed_names.error());
    if (recovered) {
      count(*recovered, report);
    } else {
      failed.push_back(name);
      report.problems.push_back(recovered.error().message);
    }
  }
  return failed;
}

// A second try for those that failed: on a full disk the first round has freed the empty segments.
void recover_segments_twice(const RecoveryOptions& options, const std::vector<std::string>& names,
                            const std::map<LifeId, Life>& lives, RecoveryReport& report) {
  const std::vector<std::string> problems = report.problems;
  const auto failed = recover_segments(options, names, lives, report);
  if (failed.empty()) return;
  report.problems = problems;
  recover_segments(options, failed, lives, report);
}

void close_all_books(const RecoveryOptions& options, const std::map<LifeId, Life>& lives,
                     RecoveryReport& report) {
  for (const auto& [id, life] : lives) {
    if (life.state != Life::State::kGone) continue;
    base::Status closed = base::ok_status();
    if (life.books) {
      closed = close_books(options.spool, *life.books, life.page_name);
      ++report.boots;
    } else {
      ::unlink((options.spool.active() / life.page_name).c_str());
    }
    if (!closed) report.problems.push_back(closed.error().message);
    if (options.after_step) options.after_step();
  }
}

// Whose file this is.
std::optional<logfmt::LaneId> lane_of(std::string_view name) {
  if (const auto sealed = logfmt::parse_sealed_file_name(name)) return sealed->segment.lane;
  if (const auto active = logfmt::parse_active_file_name(name)) return active->lane;
  if (!logfmt::is_boot_ledger_file_name(name)) return std::nullopt;
  // A ledger's name is the control page's but for the suffix.
  const auto life =
      logfmt::parse_control_file_name(std::string(name.substr(0, name.find('.'))) + ".control");
  if (!life) return std::nullopt;
  return logfmt::LaneId{logfmt::SegmentKind::kAccess, life->node, life->boot, 0};
}

// What the dead left half made ("<name>.tmp": manifests, ledgers, segments without a name yet); a
// living one may be at work on its own.
void remove_temporaries(const fs::path& folder, const std::map<LifeId, Life>& lives) {
  const auto names = base::list_directory(folder);
  if (!names) return;
  for (std::string_view name : *names) {
    const fs::path path = folder / name;
    if (!name.ends_with(kTemporarySuffix)) continue;
    name.remove_suffix(kTemporarySuffix.size());
    if (const auto lane = lane_of(name); lane && may_touch(lives, *lane)) ::unlink(path.c_str());
  }
}

}  // namespace

base::Result<RecoveryReport> recover_spool(const RecoveryOptions& options) {
  auto active_names = base::list_directory(options.spool.active());
  if (!active_names) return active_names.error();
  RecoveryReport report;
  const auto lives = read_control_pages(options.spool, *active_names, report.problems);
  recover_segments_twice(options, *active_names, lives, report);
  close_all_books(options, lives, report);
  remove_temporaries(options.spool.active(), lives);
  remove_temporaries(options.spool.sealed(), lives);
  return report;
}

}  // namespace pixel::edge
