// SPDX-License-Identifier: Apache-2.0
// See retention.h. Order for manifests: the books with their lines first, then the files. A crash
// between leaves files that the books already count; next_index tells them.
#include "shipper/retention.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>

#include "base/diagnostics.h"
#include "base/file.h"

namespace pixel::shipper {
namespace {

using Place = SegmentEntry::Place;

std::int64_t seconds(std::uint64_t ns) { return static_cast<std::int64_t>(ns / base::kSecondNs); }

// What all sinks that want a lane have of it.
Position least_position(const std::vector<SinkReach>& sinks, const logfmt::LaneId& lane) {
  Position least{UINT32_MAX, UINT64_MAX};
  for (const SinkReach& sink : sinks) {
    if (!sink.wanted.has(lane.kind)) continue;
    const auto found = sink.checkpoint->lanes.find(lane);
    least = std::min(least, found == sink.checkpoint->lanes.end() ? Position{} : found->second);
  }
  return least;
}

bool is_delivered(const SegmentEntry& entry, std::uint32_t index, const Position& position) {
  if (index < position.index) return true;
  return index == position.index && entry.place == Place::kSealed && position.offset >= entry.bytes;
}

base::Status unlink_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return base::ok_status();
  return base::errno_error("delete", path, errno);
}

}  // namespace

std::uint64_t RetiredBooks::lines(LaneKinds kinds) const {
  std::uint64_t sum = (kinds.access ? ended_lines : 0) + (kinds.events ? ended_events : 0);
  for (const auto& [lane, retired] : lanes) {
    if (kinds.has(lane.kind)) sum += retired.lines;
  }
  return sum;
}

std::string to_text(const RetiredBooks& books) {
  nlohmann::json object = {{"format_version", 1}, {"ended_lines", books.ended_lines}};
  if (books.ended_events > 0) object["ended_events"] = books.ended_events;
  object["lanes"] = nlohmann::json::object();
  for (const auto& [lane, retired] : books.lanes) {
    object["lanes"][to_text(lane)] = {retired.next_index, retired.lines};
  }
  return object.dump() + "\n";
}

base::Result<RetiredBooks> parse_retired_books(std::string_view text) {
  const base::Error damaged{"not as this program writes it"};
  const auto object = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  if (!object.is_object() || object.value("format_version", nlohmann::json()) != 1) return damaged;
  const auto ended = object.find("ended_lines");
  const auto lanes = object.find("lanes");
  if (ended == object.end() || !ended->is_number_unsigned()) return damaged;
  if (lanes == object.end() || !lanes->is_object()) return damaged;
  RetiredBooks books;
  books.ended_lines = ended->get<std::uint64_t>();
  // Absent in books of programs that shipped no events.
  if (const auto events = object.find("ended_events"); events != object.end()) {
    if (!events->is_number_unsigned()) return damaged;
    books.ended_events = events->get<std::uint64_t>();
  }
  for (const auto& [name, pair] : lanes->items()) {
    const auto lane = logfmt::parse_lane(name);
    if (!lane || !pair.is_array() || pair.size() != 2) return damaged;
    if (!pair[0].is_number_unsigned() || !pair[1].is_number_unsigned()) return damaged;
    books.lanes[*lane] = {pair[0].get<std::uint32_t>(), pair[1].get<std::uint64_t>()};
  }
  return books;
}

Retention::Retention(std::filesystem::path spool, std::filesystem::path state,
                     RetentionLimits limits)
    : spool_(std::move(spool)), kept_(std::move(state), "retired"), limits_(limits) {}

base::Status Retention::open() {
  const auto text = kept_.load_or_plain(taken_by(parse_retired_books));
  if (!text) {
    return base::Error{text.error().message +
                       ": the books of segments that were deleted are lost; restore one of the two "
                       "files, or remove both: status then counts their lines as not written"};
  }
  if (!kept_.damage().empty()) spdlog::error("{}the other one is used", kept_.damage());
  if (!text->has_value()) return base::ok_status();
  const std::lock_guard lock(mutex_);
  books_ = parse_retired_books(**text).value();
  return base::ok_status();
}

void Retention::set_limits(const RetentionLimits& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

base::Status Retention::delete_data(const SegmentEntry& entry, Counts& counts) const {
  auto status = unlink_file(sealed_directory(spool_) / entry.file);
  if (!status) return status;
  ++counts.segments;
  counts.bytes += entry.bytes;
  return status;
}

base::Result<Retention::Counts> Retention::run(const CatalogueSnapshot& catalogue,
                                               const std::vector<SinkReach>& sinks,
                                               std::int64_t now_s) {
  Counts counts;
  const RetentionLimits limits = [this] {
    const std::lock_guard lock(mutex_);
    return limits_;
  }();
  if (!limits.enabled || sinks.empty()) return counts;
  for (const auto& [lane, segments] : catalogue.lanes) {
    if (lane.kind == logfmt::SegmentKind::kForeign) continue;  // Not ours to delete.
    const Position position = least_position(sinks, lane);
    for (const auto& [index, entry] : segments) {
      // Without its manifest nobody would know any more how many lines there were.
      if (entry.file.empty() || entry.manifest.empty()) continue;
      if (!is_delivered(entry, index, position)) break;
      if (now_s - entry.sealed_at < seconds(limits.keep_ns)) continue;
      if (auto status = delete_data(entry, counts); !status) return status.error();
    }
  }
  auto retired = retire_manifests(catalogue, sinks, limits.manifest_keep_ns, now_s, counts);
  if (!retired) return retired.error();
  const std::lock_guard lock(mutex_);
  total_.segments += counts.segments;
  total_.bytes += counts.bytes;
  total_.manifests += counts.manifests;
  return counts;
}

base::Status Retention::retire_manifests(const CatalogueSnapshot& catalogue,
                                         const std::vector<SinkReach>& sinks, std::uint64_t keep_ns,
                                         std::int64_t now_s, Counts& counts) {
  RetiredBooks next = books();
  std::vector<std::filesystem::path> files;
  FileStore store(spool_);
  for (const auto& [lane, segments] : catalogue.lanes) {
    if (lane.kind == logfmt::SegmentKind::kForeign) continue;
    const Position least = least_position(sinks, lane);
    for (const auto& [index, entry] : segments) {
      const bool is_old = now_s - entry.sealed_at >= seconds(keep_ns);
      if (entry.place != Place::kGone || !is_old) break;
      const auto manifest = store.manifest(entry);
      if (!manifest) return manifest.error();
      // Given up before a sink had it: from the manifest that sink learns how many lines it misses.
      if (Position{index, manifest->bytes} > least) break;
      RetiredBooks::Lane& retired = next.lanes[lane];
      if (index >= retired.next_index) {
        retired.lines += manifest->lines;
        retired.next_index = index + 1;
      }
      files.push_back(sealed_directory(spool_) / entry.manifest);
    }
  }
  // Lanes that ended: one sum for all of them keeps the books small.
  for (auto lane = next.lanes.begin(); lane != next.lanes.end();) {
    const bool has_files = catalogue.lanes.contains(lane->first);
    if (!has_files) {
      const bool is_access = lane->first.kind == logfmt::SegmentKind::kAccess;
      (is_access ? next.ended_lines : next.ended_events) += lane->second.lines;
    }
    lane = has_files ? std::next(lane) : next.lanes.erase(lane);
  }
  if (next != books()) {
    auto status = kept_.save_twice(to_text(next));
    if (!status) return status;
    const std::lock_guard lock(mutex_);
    books_ = std::move(next);
  }
  for (const auto& file : files) {
    if (auto status = unlink_file(file); !status) return status;
    ++counts.manifests;
  }
  return base::ok_status();
}

RetiredBooks Retention::books() const {
  const std::lock_guard lock(mutex_);
  return books_;
}

Retention::Counts Retention::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

}  // namespace pixel::shipper
