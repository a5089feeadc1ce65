// SPDX-License-Identifier: Apache-2.0
// See ledger.h. COLD.
#include "shipper/ledger.h"

#include <algorithm>
#include <vector>

#include "logfmt/event_line.h"
#include "logfmt/segment_scan.h"
#include "shipper/batch/line_count.h"
#include "shipper/decode/values.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kReadBytes = 1024 * 1024;
constexpr std::string_view kPublished;  // The name of the counters of what is published.

}  // namespace

Books Ledger::balance(const std::string& sink, const CatalogueSnapshot& catalogue,
                      const RetiredBooks& retired, const Checkpoint& checkpoint, std::int64_t now_s,
                      LaneKinds wanted) {
  const std::lock_guard lock(mutex_);
  Books books;
  uncertain_ = false;
  books.written = retired.lines(wanted);
  std::int64_t oldest_s = INT64_MAX;
  for (const auto& [lane, segments] : catalogue.lanes) {
    const auto retired_lane = retired.lanes.find(lane);
    std::uint32_t first = retired_lane == retired.lanes.end() ? 0 : retired_lane->second.next_index;
    if (lane.kind == logfmt::SegmentKind::kForeign && catalogue.foreign != nullptr) {
      const auto foreign = catalogue.foreign->retired.find(lane);
      if (foreign != catalogue.foreign->retired.end()) {
        first = foreign->second.next_index;
        books.written += foreign->second.lines;
      }
    }
    const auto position = checkpoint.lanes.find(lane);
    if (!wanted.has(lane.kind)) {
      if (position != checkpoint.lanes.end()) {
        add_unwanted_lane(sink, lane, segments, first, position->second, books);
      }
      continue;
    }
    add_lane(sink, lane, segments, first,
             position == checkpoint.lanes.end() ? Position{} : position->second, oldest_s, books);
  }
  books.uncertain = uncertain_;
  books.delivered = checkpoint.rows;
  books.filtered = checkpoint.filtered;
  books.dead_lettered = checkpoint.dead_lettered;
  books.missing += checkpoint.missing;
  books.residue = static_cast<std::int64_t>(books.written) -
                  static_cast<std::int64_t>(checkpoint.lines + books.missing + books.pending);
  if (oldest_s != INT64_MAX) books.lag_seconds = std::max<std::int64_t>(now_s - oldest_s, 0);
  return books;
}

void Ledger::add_lane(const std::string& sink, const logfmt::LaneId& lane,
                      const LaneSegments& segments, std::uint32_t first_index,
                      const Position& position, std::int64_t& oldest_s, Books& books) {
  bool is_first_pending = true;
  for (auto at = segments.lower_bound(first_index); at != segments.end(); ++at) {
    const auto& [index, entry] = *at;
    const logfmt::SegmentId segment{lane, index};
    const Extent whole = extent(segment, entry);
    books.written += whole.lines;
    if (index < position.index) continue;
    const std::uint64_t offset =
        index == position.index ? std::min(position.offset, whole.bytes) : 0;
    if (offset == whole.bytes) continue;
    const std::uint64_t passed = offset == 0 ? 0 : lines_until(sink, segment, entry, offset);
    const std::uint64_t pending = whole.lines - std::min(passed, whole.lines);
    if (pending == 0) continue;
    // Given up before the sink came to it: it never will have it, whenever it comes.
    if (entry.place == SegmentEntry::Place::kGone) {
      books.missing += pending;
      continue;
    }
    books.pending += pending;
    books.lag_bytes += whole.bytes - offset;
    ++books.lag_segments;
    if (!is_first_pending) continue;
    is_first_pending = false;
    oldest_s = std::min(oldest_s, first_line_at(segment, entry, offset));
  }
}

// A lane that the sink took until its tables changed: what it has of it was written, and no more is
// owed.
void Ledger::add_unwanted_lane(const std::string& sink, const logfmt::LaneId& lane,
                               const LaneSegments& segments, std::uint32_t first_index,
                               const Position& position, Books& books) {
  for (auto at = segments.lower_bound(first_index); at != segments.end(); ++at) {
    const auto& [index, entry] = *at;
    if (index > position.index) return;
    const logfmt::SegmentId segment{lane, index};
    const Extent whole = extent(segment, entry);
    const bool is_whole = index < position.index || position.offset >= whole.bytes;
    books.written += is_whole ? whole.lines : lines_until(sink, segment, entry, position.offset);
  }
}

// Of a sealed segment the manifest's word; else, and while it is active, counted.
Ledger::Extent Ledger::extent(const logfmt::SegmentId& segment, const SegmentEntry& entry) {
  const auto known = sealed_.find(segment);
  if (known != sealed_.end()) return known->second;
  if (entry.origin != nullptr) {
    const SegmentExtent extent = entry.origin->extent();
    return {extent.lines, extent.bytes};
  }
  const bool is_active = entry.place == SegmentEntry::Place::kActive;
  if (!is_active && !entry.manifest.empty()) {
    if (const auto manifest = store_.manifest(entry)) {
      return sealed_[segment] = {manifest->lines, manifest->bytes};
    }
  }
  if (entry.place == SegmentEntry::Place::kGone) return {};
  const auto end = is_active ? std::string(kPublished) : "sealed " + to_text(segment);
  const std::uint64_t lines = lines_until(end, segment, entry, UINT64_MAX);
  const auto counted = counts_.find({end, segment.lane});
  const Extent result{lines, counted == counts_.end() ? 0 : counted->second.offset};
  if (is_active) return result;
  counts_.erase({end, segment.lane});
  return sealed_[segment] = result;
}

// Counters go forward within a segment; each counts only what came since its last call.
std::uint64_t Ledger::lines_until(const std::string& counter, const logfmt::SegmentId& segment,
                                  const SegmentEntry& entry, std::uint64_t offset) {
  Count& reached = counts_[{counter, segment.lane}];
  if (reached.index != segment.index || reached.offset > offset) reached = {segment.index, 0, 0};
  count(segment, entry, offset, reached);
  return reached.lines;
}

std::unique_ptr<SegmentReader> Ledger::open(const logfmt::SegmentId& segment,
                                            const SegmentEntry& entry) {
  auto reader = store_.open(segment, entry);
  if (!reader || *reader == nullptr) uncertain_ = true;
  return reader ? std::move(reader).value() : nullptr;
}

void Ledger::count(const logfmt::SegmentId& segment, const SegmentEntry& entry, std::uint64_t until,
                   Count& reached) {
  if (reached.offset >= until) return;
  const auto reader = open(segment, entry);
  if (reader == nullptr) return;
  std::vector<char> buffer(kReadBytes);
  while (reached.offset < until) {
    const auto most = std::min<std::uint64_t>(buffer.size(), until - reached.offset);
    const auto got = reader->read_at(reached.offset, {buffer.data(), most});
    if (!got || *got == 0) return;
    std::string_view text(buffer.data(), *got);
    const bool may_hold_nul =
        entry.place == SegmentEntry::Place::kActive && entry.origin == nullptr;
    const std::size_t whole = may_hold_nul ? logfmt::published_bytes(text) : text.rfind('\n') + 1;
    if (whole == 0) return;
    reached.lines += count_lines(text.substr(0, whole));
    reached.offset += whole;
  }
}

// The time that the first line from `offset` on says; INT64_MAX where there is none to read.
std::int64_t Ledger::first_line_at(const logfmt::SegmentId& segment, const SegmentEntry& entry,
                                   std::uint64_t offset) {
  constexpr std::size_t date_time_bytes = 19;
  if (entry.place == SegmentEntry::Place::kGone) return entry.sealed_at;
  const auto reader = open(segment, entry);
  if (reader == nullptr) return INT64_MAX;
  std::vector<char> buffer(64 * 1024);
  const auto got = reader->read_at(offset, buffer);
  std::string_view text(buffer.data(), got ? *got : 0);
  while (text.starts_with('#')) {
    const std::size_t newline = text.find('\n');
    if (newline == std::string_view::npos) return INT64_MAX;
    text.remove_prefix(newline + 1);
  }
  if (segment.lane.kind == logfmt::SegmentKind::kEvents) {
    const auto head = logfmt::parse_event_head(text);
    return head ? head->unix_seconds : INT64_MAX;
  }
  if (text.size() < date_time_bytes) return INT64_MAX;
  const auto us = parse_date_time(text.substr(0, 10), text.substr(11, 8));
  return us ? *us / 1'000'000 : INT64_MAX;
}

}  // namespace pixel::shipper
