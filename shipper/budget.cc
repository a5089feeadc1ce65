// SPDX-License-Identifier: Apache-2.0
// See budget.h. Order of a drop: its record, durable; then the file. A crash between the two leaves
// a segment that the record calls dropped and that is still there: it is delivered after all, and
// each sink's own books have the truth.
#include "shipper/budget.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/file.h"
#include "shipper/dropped_books.h"

namespace pixel::shipper {
namespace {

using Place = SegmentEntry::Place;

constexpr std::uint64_t kBlockBytes = 512;  // Of st_blocks, whatever the file system's own are.

// As the disk sees it: a preallocated segment takes its whole length.
std::uint64_t directory_bytes(const std::filesystem::path& directory) {
  std::uint64_t bytes = 0;
  const auto names = base::list_directory(directory);
  if (!names) return 0;
  for (const std::string& name : *names) {
    struct stat info {};
    if (::stat((directory / name).c_str(), &info) != 0) continue;
    bytes += static_cast<std::uint64_t>(info.st_blocks) * kBlockBytes;
  }
  return bytes;
}

// Of the nearest folder that exists: there may be no spool yet.
std::uint64_t free_bytes_of(std::filesystem::path path) {
  struct statvfs info {};
  std::error_code error;
  while (!std::filesystem::exists(path, error) && path.has_relative_path()) {
    path = path.parent_path();
  }
  if (::statvfs(path.c_str(), &info) != 0) return UINT64_MAX;
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

bool has_delivered(const Checkpoint& checkpoint, const logfmt::SegmentId& segment,
                   const SegmentEntry& entry) {
  const auto found = checkpoint.lanes.find(segment.lane);
  if (found == checkpoint.lanes.end()) return false;
  const Position& position = found->second;
  if (segment.index != position.index) return segment.index < position.index;
  return entry.place == Place::kSealed && position.offset >= entry.bytes;
}

BudgetLevel level_of(const BudgetState& state) {
  const BudgetLimits& limits = state.limits;
  const bool has_budget = limits.budget_bytes != 0;
  if (has_budget && state.used_bytes >= limits.budget_bytes) return BudgetLevel::kFull;
  if (state.free_bytes < limits.min_free_bytes) return BudgetLevel::kFull;
  const bool is_high = has_budget && state.used_bytes >= limits.budget_bytes / 5 * 4;
  const bool is_low = state.free_bytes < limits.min_free_bytes / 4 * 5;
  return is_high || is_low ? BudgetLevel::kHigh : BudgetLevel::kFine;
}

}  // namespace

struct Budget::Candidate {
  logfmt::SegmentId segment;
  SegmentEntry entry;
  std::vector<std::string> lacked_by;  // Empty: every sink has it.
};

std::string_view budget_level_name(BudgetLevel level) noexcept {
  constexpr std::string_view kNames[] = {"fine", "high", "full"};
  return kNames[static_cast<std::size_t>(level)];
}

Budget::Budget(std::filesystem::path spool, std::filesystem::path state, BudgetLimits limits)
    : spool_(std::move(spool)), kept_(std::move(state), "dropped") {
  state_.limits = limits;
}

base::Status Budget::open() {
  const auto text = kept_.load_or_plain(taken_by(parse_dropped_books));
  if (!text) {
    return base::Error{
        text.error().message +
        ": the names of segments that were given up are lost; restore one of the two "
        "files, or remove both"};
  }
  if (!kept_.damage().empty()) spdlog::error("{}the other one is used", kept_.damage());
  if (!text->has_value()) return base::ok_status();
  const std::lock_guard lock(mutex_);
  state_.dropped = parse_dropped_books(**text).value();
  return base::ok_status();
}

void Budget::set_limits(const BudgetLimits& limits) {
  const std::lock_guard lock(mutex_);
  state_.limits = limits;
}

BudgetState Budget::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

BudgetLevel Budget::measure() {
  const std::uint64_t used =
      directory_bytes(active_directory(spool_)) + directory_bytes(sealed_directory(spool_));
  const std::uint64_t free = free_bytes_of(spool_);
  const std::lock_guard lock(mutex_);
  state_.used_bytes = used;
  state_.free_bytes = free;
  state_.level = level_of(state_);
  return state_.level;
}

// Oldest first; what every sink has comes before what one lacks.
std::vector<Budget::Candidate> Budget::candidates(const CatalogueSnapshot& catalogue,
                                                  const std::vector<SinkPosition>& sinks) const {
  std::vector<Candidate> found;
  for (const auto& [lane, segments] : catalogue.lanes) {
    for (const auto& [index, entry] : segments) {
      // Without a manifest nobody would know how many lines are missing.
      if (entry.file.empty() || entry.manifest.empty()) continue;
      Candidate candidate{{lane, index}, entry, {}};
      for (const SinkPosition& sink : sinks) {
        if (!sink.wanted.has(lane.kind)) continue;
        const bool has =
            sink.checkpoint != nullptr && has_delivered(*sink.checkpoint, candidate.segment, entry);
        if (!has) candidate.lacked_by.push_back(sink.name);
      }
      found.push_back(std::move(candidate));
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    return std::tuple(!a.lacked_by.empty(), a.entry.sealed_at, a.segment) <
           std::tuple(!b.lacked_by.empty(), b.entry.sealed_at, b.segment);
  });
  return found;
}

base::Status Budget::run(const CatalogueSnapshot& catalogue, const std::vector<SinkPosition>& sinks,
                         bool may_delete, std::int64_t now_s) {
  const BudgetState before = state();
  BudgetLevel level = measure();
  if (level == BudgetLevel::kFull && may_delete) {
    if (auto status = free_segments(catalogue, sinks, false, now_s); !status) return status;
    level = measure();
  }
  BudgetState now = state();
  // The last chance begins when both are so: time that passed under "keep" was none.
  const bool is_doomed =
      level == BudgetLevel::kFull && now.limits.when_full == WhenFull::kDropOldest;
  doomed_since_ = !is_doomed ? 0 : doomed_since_ == 0 ? now_s : doomed_since_;
  const bool will_drop = may_delete && is_doomed;
  const auto last_chance_s = static_cast<std::int64_t>(now.limits.last_chance_ns / base::kSecondNs);
  now.drops_at = will_drop ? doomed_since_ + last_chance_s : 0;
  {
    const std::lock_guard lock(mutex_);
    state_.drops_at = now.drops_at;
  }
  warn(before, now);
  if (!will_drop || now_s < now.drops_at) return base::ok_status();
  if (auto status = free_segments(catalogue, sinks, true, now_s); !status) return status;
  measure();
  return base::ok_status();
}

// One at a time, until the spool fits again.
base::Status Budget::free_segments(const CatalogueSnapshot& catalogue,
                                   const std::vector<SinkPosition>& sinks, bool may_drop,
                                   std::int64_t now_s) {
  for (const Candidate& candidate : candidates(catalogue, sinks)) {
    if (!candidate.lacked_by.empty() && !may_drop) break;
    if (!candidate.lacked_by.empty()) {
      if (auto status = drop(candidate, now_s); !status) return status;
    }
    const auto path = sealed_directory(spool_) / candidate.entry.file;
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return base::errno_error("delete", path, errno);
    }
    if (measure() != BudgetLevel::kFull) break;
  }
  return base::ok_status();
}

base::Status Budget::drop(const Candidate& candidate, std::int64_t now_s) {
  FileStore store(spool_);
  const auto manifest = store.manifest(candidate.entry);
  if (!manifest) return manifest.error();
  DroppedBooks books = state().dropped;
  books.add({candidate.segment, manifest->lines, manifest->bytes, now_s, candidate.lacked_by});
  auto stored = kept_.save_twice(to_text(books));
  if (!stored) return stored;
  spdlog::error("budget: segment {} with {} lines is given up; not delivered to {}",
                to_text(candidate.segment), manifest->lines, fmt::join(candidate.lacked_by, ", "));
  const std::lock_guard lock(mutex_);
  state_.dropped = std::move(books);
  return stored;
}

// Said when it changes: the metric and the status say it all the time.
void Budget::warn(const BudgetState& before, const BudgetState& state) {
  const bool is_news = state.level != before.level || (state.drops_at != 0 && before.drops_at == 0);
  if (!is_news) return;
  const BudgetLimits& limits = state.limits;
  const std::string numbers =
      fmt::format("{} of {} used, {} free (at least {} wanted)", state.used_bytes,
                  limits.budget_bytes == 0 ? "no budget" : base::format_bytes(limits.budget_bytes),
                  state.free_bytes, base::format_bytes(limits.min_free_bytes));
  if (state.level == BudgetLevel::kFine) return spdlog::info("budget: fine again: {}", numbers);
  if (state.level == BudgetLevel::kHigh) {
    return spdlog::warn("budget: the spool is nearly full: {}", numbers);
  }
  if (state.drops_at != 0) {
    spdlog::error(
        "budget: the spool is FULL: {}; from {} on the oldest segments are given up "
        "(when_full = \"drop_oldest\")",
        numbers, base::format_iso8601(state.drops_at));
  } else {
    spdlog::error(
        "budget: the spool is FULL: {}; nothing is given up (when_full = \"keep\"): make "
        "room, or mend the sink that lags",
        numbers);
  }
}

}  // namespace pixel::shipper
