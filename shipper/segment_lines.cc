// SPDX-License-Identifier: Apache-2.0
// See segment_lines.h. COLD.
#include "shipper/segment_lines.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/units.h"
#include "logfmt/segment_scan.h"

namespace pixel::shipper {
namespace {

using Place = SegmentEntry::Place;

constexpr std::int64_t kHourSeconds = 3600;

// The hour that a sealed segment's name says; nothing for an active one.
std::optional<std::int64_t> hour_of(const SegmentEntry& entry) {
  const auto name =
      logfmt::parse_sealed_file_name(entry.file.empty() ? entry.manifest : entry.file);
  if (!name || name->hour.size() != 13) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    for (const char c : name->hour.substr(at, digits)) value = value * 10 + (c - '0');
    return value;
  };
  return base::unix_from_civil({number(0, 4), number(5, 2), number(8, 2), number(11, 2), 0, 0, 0});
}

// A segment's requests all fall into the hour of its name, but for clocks that were set back. An
// active segment's may be of any time up to now.
bool is_in_time(const SegmentEntry& entry, const Selection& selection) {
  const auto hour = hour_of(entry);
  if (!hour) return true;
  if (selection.to_s && *hour >= *selection.to_s) return false;
  return !selection.from_s || *hour + kHourSeconds > *selection.from_s;
}

bool is_selected(const logfmt::SegmentId& segment, const SegmentEntry& entry,
                 const Selection& selection) {
  const auto& wanted = selection.segments;
  const bool is_named =
      wanted.empty() || std::find(wanted.begin(), wanted.end(), segment) != wanted.end();
  return is_named && is_in_time(entry, selection);
}

// Bytes of the segment that the checkpoint has passed.
std::uint64_t reached_bytes(const Checkpoint& reached, const logfmt::SegmentId& segment) {
  const auto found = reached.lanes.find(segment.lane);
  if (found == reached.lanes.end() || segment.index > found->second.index) return 0;
  return segment.index < found->second.index ? UINT64_MAX : found->second.offset;
}

template <class Visit>
void for_each_selected(const CatalogueSnapshot& catalogue, LaneKinds kinds,
                       const Checkpoint& reached, const Selection& selection, Visit&& visit) {
  for (const auto& [lane, segments] : catalogue.lanes) {
    if (!kinds.has(lane.kind)) continue;
    for (const auto& [index, entry] : segments) {
      const logfmt::SegmentId segment{lane, index};
      const std::uint64_t until = reached_bytes(reached, segment);
      if (until == 0 || !is_selected(segment, entry, selection)) continue;
      visit(segment, entry, until);
    }
  }
}

}  // namespace

std::vector<SelectedSegment> select_segments(const CatalogueSnapshot& catalogue, LaneKinds kinds,
                                             const Checkpoint& reached,
                                             const Selection& selection) {
  std::vector<SelectedSegment> selected;
  for_each_selected(catalogue, kinds, reached, selection,
                    [&](const auto& segment, const SegmentEntry& entry, std::uint64_t until) {
                      if (entry.place == Place::kGone) return;
                      if (entry.place == Place::kSealed) until = std::min(until, entry.bytes);
                      selected.push_back({segment, entry, until});
                    });
  return selected;
}

std::vector<logfmt::SegmentId> select_gone_segments(const CatalogueSnapshot& catalogue,
                                                    LaneKinds kinds, const Checkpoint& reached,
                                                    const Selection& selection) {
  std::vector<logfmt::SegmentId> gone;
  for_each_selected(catalogue, kinds, reached, selection,
                    [&](const auto& segment, const SegmentEntry& entry, std::uint64_t) {
                      if (entry.place == Place::kGone) gone.push_back(segment);
                    });
  return gone;
}

base::Status read_lines(SegmentStore& store, const SelectedSegment& selected,
                        const LinesVisitor& visit) {
  const auto reader = store.open(selected.segment, selected.entry);
  if (!reader) return reader.error();
  if (*reader == nullptr) {
    return base::Error{fmt::format("segment {} has been renamed or deleted meanwhile: try again",
                                   to_text(selected.segment))};
  }
  std::vector<char> buffer(base::kMiB);
  for (std::uint64_t offset = 0; offset < selected.until;) {
    const auto most = std::min<std::uint64_t>(buffer.size(), selected.until - offset);
    const auto got = (*reader)->read_at(offset, {buffer.data(), static_cast<std::size_t>(most)});
    if (!got) return got.error();
    const std::string_view text(buffer.data(), *got);
    const bool is_active = selected.entry.place == Place::kActive;
    const std::size_t newline = text.rfind('\n');
    const std::size_t whole = is_active ? logfmt::published_bytes(text) : newline + 1;
    if (is_active ? whole == 0 : text.empty()) break;
    // No line is as long as the buffer: damage, which a follower passes over too.
    if (newline == std::string_view::npos) {
      offset += *got;
      continue;
    }
    if (auto status = visit(offset, text.substr(0, whole)); !status) return status;
    offset += whole;
  }
  return base::ok_status();
}

}  // namespace pixel::shipper
