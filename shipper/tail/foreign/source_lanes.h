// SPDX-License-Identifier: Apache-2.0
// The lanes of one foreign source: which part of which content is which segment. COLD; one thread.
//
// Lane 0 takes what is complete: a whole file, or what was found of one at once. A file that grows
// has a lane of its own while it does, up to kGrowingLanesMax of them; then the one that was idle
// longest gives its lane away, and what comes to its file later is another piece. So checkpoints
// stay small and few files are open, however many there are, and a piece may end at any time.
//
// Invariants:
//  1. The pieces of a content follow one another without gap, in the order they were made.
//  2. A change is visible to followers only after publish(), which comes after the registry.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shipper/deliver/checkpoint.h"
#include "shipper/tail/catalogue.h"
#include "shipper/tail/foreign/books.h"
#include "shipper/tail/foreign/foreign_piece.h"

namespace pixel::shipper {

inline constexpr std::uint16_t kGrowingLanesMax = 64;

class SourceLanes {
 public:
  /// `books` outlives it and is changed by it.
  explicit SourceLanes(SourceBooks& books);

  /// What a content gained: from a mark to its present one. `is_growing`: more may come soon.
  void add(std::uint32_t incarnation, const ContentMark& from, bool is_growing, bool ends_in_line,
           std::uint64_t now_ns);
  /// Ends the open piece of a content, if it has one.
  void seal(std::uint32_t incarnation, bool adds_newline = false);
  bool is_open(std::uint32_t incarnation) const { return open_.contains(incarnation); }
  std::vector<std::uint32_t> open_incarnations() const;

  /// Where all pieces of a content lie.
  void set_place(std::uint32_t incarnation, const PiecePlace& place);
  /// Nowhere any more (true), or again somewhere.
  void set_gone(std::uint32_t incarnation, bool is_gone);

  /// Records of what changed since the last publish().
  std::vector<std::string> records() const;
  /// True when lanes() gives something else than before.
  bool publish();
  void list(ForeignLanes& lanes) const;

  /// Takes pieces out of the books that every sink has and whose content is gone. Returns the
  /// contents of which every sink has all pieces.
  using Least = std::function<Position(const logfmt::LaneId&)>;
  std::set<std::uint32_t> settle_delivered(const Least& least);

  logfmt::LaneId lane(std::uint16_t worker) const;
  std::size_t piece_count(std::uint32_t incarnation) const;

 private:
  struct Open {
    PieceId id;
    std::uint64_t grown_ns = 0;
  };
  PieceId make_piece(std::uint16_t worker, std::uint32_t incarnation, const ContentMark& from);
  std::uint16_t free_worker();
  SegmentExtent extent_of(const Piece& piece) const;
  bool is_delivered(const PieceId& id, const Piece& piece, const Position& position) const;
  void retire(const Least& least);

  SourceBooks& books_;
  std::map<PieceId, std::shared_ptr<ForeignPiece>> origins_;
  std::map<std::uint32_t, std::vector<PieceId>> pieces_of_;  // By incarnation.
  std::map<std::uint32_t, Open> open_;                       // By incarnation.
  std::map<std::uint16_t, std::uint32_t> next_index_;        // By worker.
  std::set<std::uint32_t> gone_;
  std::set<PieceId> changed_;
  std::vector<std::string> retirements_;
  bool lanes_changed_ = true;
};

}  // namespace pixel::shipper
