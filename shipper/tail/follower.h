// SPDX-License-Identifier: Apache-2.0
// Follows the lanes of a spool for one sink: from a checkpoint on, every whole published line, in
// order within each lane. A state machine: the time and the catalogue are given to it. One thread.
//
// Between lanes: lanes with an active segment take turns, chunk by chunk; the lanes of ended
// processes share one more turn, oldest first. So a backlog never holds back what is live, and only
// a few files are open at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/deliver/checkpoint.h"
#include "shipper/tail/catalogue.h"
#include "shipper/tail/lane_kinds.h"
#include "shipper/tail/segment_store.h"

namespace pixel::shipper {

/// Whole lines of one segment, lent until the next call of next().
struct Chunk {
  logfmt::SegmentId segment;
  std::uint64_t offset = 0;  // Of its first byte in the segment.
  std::string_view text;     // Ends with a newline.
};

/// A segment (or its rest) that the follower passed over because its data no longer exists.
struct Gap {
  logfmt::LaneId lane;
  Position from;
  Position to;
  std::uint64_t missing_lines = 0;  // As its manifest says; 0 where that is gone too.
};

/// Totals since the follower was made.
struct FollowerCounters {
  std::uint64_t bytes_read = 0;
  std::uint64_t gone_segments = 0;     // Passed over: no data.
  std::uint64_t torn_bytes = 0;        // In sealed segments: after the last newline.
  std::uint64_t beyond_end_bytes = 0;  // The checkpoint was ahead of a sealed segment's end.
  std::uint64_t read_errors = 0;
};

class Follower {
 public:
  /// `chunk_bytes`: most bytes per chunk. REQUIRES: chunk_bytes > logfmt::kLineBytesMax. Lanes of
  /// other kinds than `kinds` are as if they were not there.
  Follower(SegmentStore& store, const Checkpoint& from, std::size_t chunk_bytes = 1024 * 1024,
           LaneKinds kinds = kAllLanes);

  /// The next lines, or what is left of the last chunk; nothing when no lane has more now.
  /// REQUIRES: versions of `catalogue` never go back.
  std::optional<Chunk> next(const CatalogueSnapshot& catalogue, std::uint64_t now_ns);

  /// Moves the position past the first `bytes` (whole lines) of the last chunk.
  void consume(std::size_t bytes);

  /// Takes the gaps passed since the last call.
  std::vector<Gap> take_gaps() { return std::move(gaps_); }

  /// True when a lane waits for its next look (a segment that seems gone, a read error): next()
  /// found nothing, but may find more a second later without any change of the catalogue.
  bool is_waiting() const noexcept { return waiting_ || backlog_waits_; }

  const FollowerCounters& counters() const noexcept { return counters_; }
  /// The last read error; "" when there was none.
  const std::string& last_error() const noexcept { return last_error_; }

 private:
  struct Cursor {
    logfmt::LaneId lane;
    Position position;
    std::unique_ptr<SegmentReader> reader;  // Of segment position.index.
    std::uint64_t retry_at_ns = 0;          // Not before this time.
    std::uint64_t gone_since_ns = 0;        // Its segment has been absent since; 0: it is there.
    std::optional<Position> hole;           // Active, and lines follow beyond a NUL run from here.
  };
  enum class Step { kData, kAdvanced, kNothing };

  void refresh(const CatalogueSnapshot& catalogue);
  bool try_backlog_lane(Cursor& cursor, const CatalogueSnapshot& catalogue, std::uint64_t now_ns);
  bool try_lane(Cursor& cursor, const CatalogueSnapshot& catalogue, std::uint64_t now_ns);
  Step step_lane(Cursor& cursor, const CatalogueSnapshot& catalogue, std::uint64_t now_ns);
  Step step_active(Cursor& cursor, const SegmentEntry& entry, const logfmt::ControlSlot* slot,
                   std::uint64_t now_ns);
  Step step_growing(Cursor& cursor, const SegmentEntry& entry, std::uint64_t now_ns);
  Step step_abandoned(Cursor& cursor, std::uint64_t now_ns);
  Step step_sealed(Cursor& cursor, const SegmentEntry& entry, std::uint64_t now_ns);
  Step step_gone(Cursor& cursor, const LaneSegments& segments, std::uint64_t now_ns);
  bool open_reader(Cursor& cursor, const SegmentEntry& entry, std::uint64_t now_ns);
  // Bytes read to the buffer; nothing on an error, which is counted.
  std::optional<std::size_t> read(Cursor& cursor, std::uint64_t bytes, std::uint64_t now_ns);
  Step lend(Cursor& cursor, std::size_t bytes);
  Step finish_segment(Cursor& cursor);
  Step fail(Cursor& cursor, const std::string& message, std::uint64_t now_ns);

  SegmentStore& store_;
  const LaneKinds kinds_;
  std::map<logfmt::LaneId, Cursor> cursors_;
  std::uint64_t seen_version_ = 0;
  std::vector<Cursor*> live_;
  std::vector<Cursor*> backlog_;
  std::size_t live_turn_ = 0;
  std::size_t backlog_turn_ = 0;
  bool waiting_ = false;  // A lane of the last call of next().
  bool backlog_waits_ =
      false;  // A lane before backlog_turn_, whose next look is thus still to come.

  const std::unique_ptr<char[]> memory_;  // Not written to before it is needed.
  const std::span<char> buffer_;
  Cursor* lent_to_ = nullptr;   // Whose lines lie in the buffer.
  std::size_t rest_begin_ = 0;  // Not consumed yet: buffer_[rest_begin_, rest_end_).
  std::size_t rest_end_ = 0;

  std::vector<Gap> gaps_;
  FollowerCounters counters_;
  std::string last_error_;
};

}  // namespace pixel::shipper
