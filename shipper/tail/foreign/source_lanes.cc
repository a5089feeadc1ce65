// SPDX-License-Identifier: Apache-2.0
// See source_lanes.h.
#include "shipper/tail/foreign/source_lanes.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace pixel::shipper {

SourceLanes::SourceLanes(SourceBooks& books) : books_(books) {
  for (const auto& [worker, retired] : books_.retired) next_index_[worker] = retired.next_index;
  for (const auto& [id, piece] : books_.pieces) {
    origins_[id] = std::make_shared<ForeignPiece>(piece.from);
    pieces_of_[piece.incarnation].push_back(id);
    next_index_[id.worker] = id.index + 1;
    if (!piece.is_sealed) open_[piece.incarnation] = {id, 0};
    changed_.insert(id);
  }
  for (auto& [incarnation, pieces] : pieces_of_) {
    std::sort(pieces.begin(), pieces.end(), [this](const PieceId& a, const PieceId& b) {
      return books_.pieces[a].from < books_.pieces[b].from;
    });
  }
}

logfmt::LaneId SourceLanes::lane(std::uint16_t worker) const {
  return {logfmt::SegmentKind::kForeign, books_.node, 0, worker};
}

std::size_t SourceLanes::piece_count(std::uint32_t incarnation) const {
  const auto found = pieces_of_.find(incarnation);
  return found == pieces_of_.end() ? 0 : found->second.size();
}

std::vector<std::uint32_t> SourceLanes::open_incarnations() const {
  std::vector<std::uint32_t> numbers;
  for (const auto& [number, open] : open_) numbers.push_back(number);
  return numbers;
}

// A lane of which no open piece is the last; else that of the content that was idle longest.
std::uint16_t SourceLanes::free_worker() {
  std::set<std::uint16_t> used;
  for (const auto& [number, open] : open_) used.insert(open.id.worker);
  for (std::uint16_t worker = 1; worker <= kGrowingLanesMax; ++worker) {
    if (!used.contains(worker)) return worker;
  }
  const auto idle = std::min_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
    return a.second.grown_ns < b.second.grown_ns;
  });
  const std::uint16_t worker = idle->second.id.worker;
  seal(idle->first);
  return worker;
}

PieceId SourceLanes::make_piece(std::uint16_t worker, std::uint32_t incarnation,
                                const ContentMark& from) {
  const PieceId id{worker, next_index_[worker]++};
  Piece& piece = books_.pieces[id];
  piece.incarnation = incarnation;
  piece.from = from.length;
  piece.from_lines = from.lines;
  origins_[id] = std::make_shared<ForeignPiece>(from.length);
  pieces_of_[incarnation].push_back(id);
  changed_.insert(id);
  lanes_changed_ = true;
  return id;
}

void SourceLanes::add(std::uint32_t incarnation, const ContentMark& from, bool is_growing,
                      bool ends_in_line, std::uint64_t now_ns) {
  auto open = open_.find(incarnation);
  if (open == open_.end()) {
    const std::uint16_t worker = is_growing && !ends_in_line ? free_worker() : 0;
    const PieceId id = make_piece(worker, incarnation, from);
    open = open_.emplace(incarnation, Open{id, now_ns}).first;
  }
  open->second.grown_ns = now_ns;
  changed_.insert(open->second.id);
  if (open->second.id.worker == 0 || ends_in_line) seal(incarnation, ends_in_line);
}

void SourceLanes::seal(std::uint32_t incarnation, bool adds_newline) {
  const auto open = open_.find(incarnation);
  if (open == open_.end()) return;
  Piece& piece = books_.pieces[open->second.id];
  const ContentMark& mark = books_.incarnations[incarnation].mark;
  piece.is_sealed = true;
  piece.to = mark.length;
  piece.lines = mark.lines - piece.from_lines;
  piece.adds_newline = adds_newline;
  changed_.insert(open->second.id);
  lanes_changed_ = true;
  open_.erase(open);
}

void SourceLanes::set_place(std::uint32_t incarnation, const PiecePlace& place) {
  const auto found = pieces_of_.find(incarnation);
  if (found == pieces_of_.end()) return;
  for (const PieceId& id : found->second) origins_[id]->set_place(place);
}

void SourceLanes::set_gone(std::uint32_t incarnation, bool is_gone) {
  if (is_gone) seal(incarnation);
  const bool has_changed =
      is_gone ? gone_.insert(incarnation).second : gone_.erase(incarnation) > 0;
  lanes_changed_ = lanes_changed_ || (has_changed && pieces_of_.contains(incarnation));
}

SegmentExtent SourceLanes::extent_of(const Piece& piece) const {
  if (piece.is_sealed) {
    return {piece.to - piece.from + (piece.adds_newline ? 1 : 0), piece.lines};
  }
  const ContentMark& mark = books_.incarnations.at(piece.incarnation).mark;
  return {mark.length - piece.from, mark.lines - piece.from_lines};
}

std::vector<std::string> SourceLanes::records() const {
  std::vector<std::string> records = retirements_;
  for (const PieceId& id : changed_) {
    const auto piece = books_.pieces.find(id);
    if (piece != books_.pieces.end()) {
      records.push_back(piece_record(books_.node, id, piece->second));
    }
  }
  return records;
}

bool SourceLanes::publish() {
  for (const PieceId& id : changed_) {
    const auto piece = books_.pieces.find(id);
    if (piece == books_.pieces.end()) continue;
    origins_[id]->publish(extent_of(piece->second), piece->second.adds_newline);
  }
  changed_.clear();
  retirements_.clear();
  return std::exchange(lanes_changed_, false);
}

void SourceLanes::list(ForeignLanes& lanes) const {
  using Place = SegmentEntry::Place;
  // A lane that was ever used stays: what disappears would look like the end of a process's life.
  for (const auto& [worker, next] : next_index_) lanes.lanes[lane(worker)];
  for (const auto& [worker, retired] : books_.retired) {
    lanes.retired[lane(worker)] = {retired.next_index, retired.lines};
  }
  for (const auto& [id, piece] : books_.pieces) {
    SegmentEntry& entry = lanes.lanes[lane(id.worker)][id.index];
    entry.origin = origins_.at(id);
    entry.place = !piece.is_sealed                    ? Place::kActive
                  : gone_.contains(piece.incarnation) ? Place::kGone
                                                      : Place::kSealed;
    entry.bytes = piece.is_sealed ? extent_of(piece).bytes : 0;
    entry.sealed_at = books_.incarnations.at(piece.incarnation).seen_at;
  }
}

bool SourceLanes::is_delivered(const PieceId& id, const Piece& piece,
                               const Position& position) const {
  if (!piece.is_sealed) return false;
  return id.index < position.index ||
         (id.index == position.index && position.offset >= extent_of(piece).bytes);
}

void SourceLanes::retire(const Least& least) {
  for (const auto& [worker, next] : next_index_) {
    const Position position = least(lane(worker));
    const auto known = books_.retired.find(worker);
    RetiredPieces retired = known == books_.retired.end() ? RetiredPieces() : known->second;
    const std::uint32_t begin = retired.next_index;
    for (auto at = books_.pieces.lower_bound({worker, begin});
         at != books_.pieces.end() && at->first.worker == worker;) {
      const auto& [id, piece] = *at;
      // Before the position, not at it: a sink may still have to step over its end.
      if (id.index >= position.index || !gone_.contains(piece.incarnation)) break;
      retired.next_index = id.index + 1;
      retired.lines += piece.lines;
      std::erase(pieces_of_[piece.incarnation], id);
      if (pieces_of_[piece.incarnation].empty()) pieces_of_.erase(piece.incarnation);
      origins_.erase(id);
      at = books_.pieces.erase(at);
    }
    if (retired.next_index == begin) continue;
    books_.retired[worker] = retired;
    retirements_.push_back(retired_record(books_.node, worker, retired));
    lanes_changed_ = true;
  }
}

std::set<std::uint32_t> SourceLanes::settle_delivered(const Least& least) {
  std::map<std::uint16_t, Position> positions;
  for (const auto& [worker, next] : next_index_) positions[worker] = least(lane(worker));
  std::set<std::uint32_t> delivered;
  for (const auto& [number, pieces] : pieces_of_) {
    const bool all = std::all_of(pieces.begin(), pieces.end(), [&](const PieceId& id) {
      return is_delivered(id, books_.pieces.at(id), positions[id.worker]);
    });
    if (all) delivered.insert(number);
  }
  retire(least);
  return delivered;
}

}  // namespace pixel::shipper
