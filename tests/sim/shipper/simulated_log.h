// SPDX-License-Identifier: Apache-2.0
// A spool in memory that grows, rotates, gets new lanes, and loses what retention deletes. Lines
// are numbered through all lanes; some are bad. Reads may fail or find a file just renamed.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shipper/deliver/checkpoint.h"
#include "shipper/tail/catalogue.h"
#include "tests/sim/shipper/faults.h"

namespace pixel::sim {

struct LoggedLine {
  logfmt::SegmentId segment;
  std::uint64_t offset = 0;
  bool is_bad = false;  // Becomes no row.
};

/// The number in a line's field 12, "a=<number>".
inline std::uint64_t number_of(std::string_view line) {
  const std::size_t at = line.find("a=");
  return at == std::string_view::npos ? UINT64_MAX
                                      : std::strtoull(line.data() + at + 2, nullptr, 10);
}

class SimulatedLog : public shipper::SegmentStore {
 public:
  explicit SimulatedLog(Faults& faults) : faults_(faults) { add_lane(); }

  std::vector<LoggedLine> lines;  // By number.

  void append() {
    const auto number = lines.size();
    auto lane = segments_.begin();
    std::advance(lane, static_cast<long>(faults_.prng.below(segments_.size())));
    if (lane->second.is_over) return;
    const logfmt::SegmentId segment{lane->first, last_index(lane->second)};
    std::string& text = *lane->second.texts.back();
    const bool is_bad = faults_.prng.chance(1, 12);
    lines.push_back({segment, text.size(), is_bad});
    const std::string value = "a=" + std::to_string(number) + (is_bad ? "x" : "");
    text += "2026-11-20\t18:52:00\t-\t401\t192.0.2.7\tGET\t-\t/p\t200\t-\t-\t" + value;
    // Field 13 on; a few lines are long.
    for (int i = 0; i < 21; ++i) text += "\t-";
    if (faults_.prng.chance(1, 20)) text.insert(text.size() - 1, std::string(200, 'u'));
    text += '\n';
    if (faults_.prng.chance(1, 15)) text += "#----\n";  // A filled hole.
  }

  void rotate() {
    auto lane = segments_.begin();
    std::advance(lane, static_cast<long>(faults_.prng.below(segments_.size())));
    if (lane->second.is_over) return;
    lane->second.texts.push_back(std::make_shared<std::string>(kHeader));
    changed_ = true;
  }

  /// Another worker, or another life of the node: the lanes before it end.
  void add_lane() {
    const bool is_restart = segments_.empty() || faults_.prng.chance(1, 3);
    if (is_restart) {
      ++boot_;
      worker_ = 0;
      for (auto& [id, lane] : segments_) lane.is_over = true;
    }
    Lane& lane = segments_[{logfmt::SegmentKind::kAccess, 1, boot_, worker_++}];
    lane.texts.push_back(std::make_shared<std::string>(kHeader));
    changed_ = true;
  }

  /// Deletes what the checkpoint is past.
  void retain(const shipper::Checkpoint& checkpoint) {
    for (const auto& [id, position] : checkpoint.lanes) {
      const auto lane = segments_.find(id);
      if (lane == segments_.end()) continue;
      for (std::size_t i = 0; i < lane->second.texts.size(); ++i) {
        const bool is_sealed = i + 1 < lane->second.texts.size() || lane->second.is_over;
        const bool is_past =
            position.index > i || (position.index == i && lane->second.texts[i] &&
                                   position.offset >= lane->second.texts[i]->size());
        if (!is_sealed || !is_past || lane->second.texts[i] == nullptr) continue;
        lane->second.gone[i] = *lane->second.texts[i];
        lane->second.texts[i] = nullptr;
        changed_ = true;
      }
    }
  }

  shipper::SnapshotPtr snapshot() {
    if (!std::exchange(changed_, false) && snapshot_ != nullptr) return snapshot_;
    auto next = std::make_shared<shipper::CatalogueSnapshot>();
    next->version = ++version_;
    for (const auto& [id, lane] : segments_) {
      for (std::size_t i = 0; i < lane.texts.size(); ++i) {
        shipper::SegmentEntry entry;
        const bool is_sealed = i + 1 < lane.texts.size() || lane.is_over;
        if (lane.texts[i] == nullptr) {
          entry.place = shipper::SegmentEntry::Place::kGone;
          entry.manifest = to_text(logfmt::SegmentId{id, static_cast<std::uint32_t>(i)});
        } else if (is_sealed) {
          entry.place = shipper::SegmentEntry::Place::kSealed;
          entry.bytes = lane.texts[i]->size();
        }
        next->lanes[id][static_cast<std::uint32_t>(i)] = entry;
      }
    }
    snapshot_ = next;
    return snapshot_;
  }

  base::Result<std::unique_ptr<shipper::SegmentReader>> open(
      const logfmt::SegmentId& segment, const shipper::SegmentEntry& /*entry*/) override {
    if (faults_.roll(faults_.read_one_in)) return base::Error{"cannot open a segment"};
    if (faults_.roll(faults_.read_one_in)) return std::unique_ptr<shipper::SegmentReader>();
    const auto& text = segments_.at(segment.lane).texts.at(segment.index);
    if (text == nullptr) return std::unique_ptr<shipper::SegmentReader>();
    return std::unique_ptr<shipper::SegmentReader>(new Reader(faults_, text));
  }

  base::Result<logfmt::Manifest> manifest(const shipper::SegmentEntry& entry) override {
    logfmt::Manifest manifest;
    manifest.segment = *logfmt::parse_segment(entry.manifest);
    const std::string& text = segments_.at(manifest.segment.lane).gone.at(manifest.segment.index);
    manifest.bytes = text.size();
    manifest.lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    return manifest;
  }

 private:
  static constexpr const char* kHeader = "#Version: 1.0\n#Fields: date time\n";
  struct Lane {
    std::vector<std::shared_ptr<std::string>> texts;  // By index; null: deleted.
    std::map<std::size_t, std::string> gone;
    bool is_over = false;
  };
  class Reader : public shipper::SegmentReader {
   public:
    Reader(Faults& faults, std::shared_ptr<std::string> text)
        : faults_(faults), text_(std::move(text)) {}
    base::Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) override {
      if (faults_.roll(faults_.read_one_in)) return base::Error{"cannot read a segment"};
      if (offset >= text_->size()) return std::size_t{0};
      return text_->copy(buffer.data(), buffer.size(), offset);
    }

   private:
    Faults& faults_;
    const std::shared_ptr<std::string> text_;
  };
  static std::uint32_t last_index(const Lane& lane) {
    return static_cast<std::uint32_t>(lane.texts.size() - 1);
  }

  Faults& faults_;
  std::map<logfmt::LaneId, Lane> segments_;
  std::uint32_t boot_ = 99;
  std::uint16_t worker_ = 0;
  std::uint64_t version_ = 0;
  bool changed_ = true;
  shipper::SnapshotPtr snapshot_;
};

}  // namespace pixel::sim
