// SPDX-License-Identifier: Apache-2.0
// Gathers lines into batches: cut by rows, bytes or age, or when draining. Knows the checkpoint
// that each batch reaches. A state machine: the time is given to it. One sink's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "shipper/batch/batch.h"
#include "shipper/batch/lines_hash.h"
#include "shipper/decode/table_decoder.h"
#include "shipper/tail/lane_kinds.h"

namespace pixel::shipper {

struct BatchLimits {
  std::uint64_t rows = 65'536;             // Lines, to be exact: bad ones count too.
  std::uint64_t bytes = 16 * base::kMiB;   // Of segments; one line may exceed it.
  std::uint64_t age_ns = base::kSecondNs;  // Of the batch's first line since it was read.
};

/// What a sink wants of each line.
struct BatchContent {
  std::vector<TableSpec> tables;
  bool is_lines = false;   // The lines as they are, of requests; nothing is decoded.
  bool is_hashed = false;  // A journal asks for Batch::lines_hash.

  /// The lanes that hold it.
  LaneKinds kinds() const noexcept {
    LaneKinds kinds{is_lines, false};
    for (const TableSpec& table : tables) {
      if (!is_lines) kinds.add(table.source);
    }
    return kinds;
  }
};

class Batcher {
 public:
  /// Sink::write_early().
  using WriteEarly = std::function<base::Status(const std::vector<RowBlock>&)>;

  /// `start`: what the sink holds. `write_early`: where it is set, it gets the rows, and a batch
  /// is_written unless it failed. REQUIRES: then the content is rows.
  Batcher(const BatchContent& content, const BatchLimits& limits, Checkpoint start,
          WriteEarly write_early = nullptr);

  /// Takes whole lines from the front of `text`, which lies at `offset` of `segment`, as far as the
  /// batch has room; returns their bytes. 0 only when a batch is due. REQUIRES: text ends with a
  /// newline; offsets of a lane continue where the last call (or skip) left it, or beyond damage.
  std::size_t append(const logfmt::SegmentId& segment, std::uint64_t offset, std::string_view text,
                     std::uint64_t now_ns);

  /// The next batch is made in the memory of `spare`, a batch without lines. REQUIRES: is_empty().
  void reuse(Batch spare);

  /// Moves a lane past data that no longer exists.
  void skip(const logfmt::LaneId& lane, const Position& to, std::uint64_t missing_lines,
            std::uint64_t now_ns);

  /// Forgets a lane of which no file is left.
  void forget(const logfmt::LaneId& lane) { reached_.lanes.erase(lane); }

  /// Length of the dead letter file with the current batch's letters in it.
  void set_dead_letter_bytes(std::uint64_t bytes) { reached_.dead_letter_bytes = bytes; }

  /// Why the batch should be cut now, if it should.
  std::optional<FlushReason> due(std::uint64_t now_ns) const;
  /// When it will be due by age; nothing while it is empty.
  std::optional<std::uint64_t> due_at_ns() const;
  bool is_empty() const noexcept { return !started_; }

  /// Gives the batch away and begins the next. REQUIRES: not empty.
  Batch cut(FlushReason reason);

  /// What holds once all that was appended is delivered.
  const Checkpoint& reached() const noexcept { return reached_; }

 private:
  /// What the batch may still take of the front of a text: whole lines.
  struct Front {
    std::size_t bytes = 0;
    // Unless decoded; see LineChunk.
    std::uint64_t lines = 0;
    bool is_one_hour = false;
  };
  Front front_of(std::string_view text) const;
  Front front_lines(std::string_view text) const;
  DecodeCounts decode(const LineChunk& chunk);
  DecodeCounts decode_early(const LineChunk& chunk);
  void extend_ranges(const logfmt::SegmentId& segment, std::uint64_t offset, std::uint64_t bytes,
                     std::uint64_t lines);
  void start(std::uint64_t now_ns);

  std::optional<TableDecoder> decoder_;  // None: the sink takes lines.
  std::optional<LinesHash> hash_;        // None: nobody asks.
  const BatchLimits limits_;
  const WriteEarly write_early_;
  std::vector<RowBlock> early_rows_;  // Of the lines at hand.
  Checkpoint reached_;
  Batch batch_;
  bool started_ = false;
  bool full_ = false;  // The next line did not fit.
  std::uint64_t started_ns_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t bytes_ = 0;
  std::int64_t oldest_request_us_ = 0;
};

}  // namespace pixel::shipper
