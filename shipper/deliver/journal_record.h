// SPDX-License-Identifier: Apache-2.0
// The records of a journal of intents, and what they add up to. Pure. COLD. JOURNAL.md draws them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/batch/batch.h"
#include "shipper/deliver/checkpoint.h"

namespace pixel::shipper {

/// What one batch adds to a checkpoint when it is done.
struct Delta {
  std::map<logfmt::LaneId, Position> lanes;  // Those that move, and where to.
  std::uint64_t lines = 0;
  std::uint64_t rows = 0;
  std::uint64_t filtered = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t bytes = 0;
  std::uint64_t missing = 0;
  bool operator==(const Delta&) const = default;
};

/// Counts the batch too; dead_letter_bytes are the caller's.
void advance(Checkpoint& checkpoint, const Delta& delta);
/// `to` is later than `from`; lanes that `to` has forgotten are not in it.
Delta delta_between(const Checkpoint& from, const Checkpoint& to);

/// A row that is taken out of its batch and becomes a dead letter.
struct RefusedRow {
  logfmt::SegmentId segment;
  std::uint64_t offset = 0;  // Of its line.
  std::uint32_t table = 0;
  std::string reason;
  bool operator==(const RefusedRow&) const = default;
};

/// "These bytes are going to be sent", said before they are: after a crash exactly these bytes are
/// sent again, under the same token.
struct Intent {
  std::uint64_t number = 0;  // Grows; unique in a journal.
  std::vector<Range> ranges;
  Delta delta;
  std::string xxh3_128;  // Of the raw lines, range by range.
  std::uint32_t encoder_version = 1;
  std::uint64_t tables_hash = 0;  // Of what decides which rows a line becomes.
  std::vector<RefusedRow> refused;
  bool operator==(const Intent&) const = default;
};

/// What a journal says: a checkpoint, and what may have been sent beyond it, in order.
struct JournalState {
  Checkpoint checkpoint;
  std::deque<Intent> intents;
  std::uint64_t next_number = 1;
  bool operator==(const JournalState&) const = default;

  /// What holds once all intents are done: where reading goes on.
  Checkpoint reached() const;
};

struct JournalRecord {
  enum class Kind : std::uint8_t {
    kHead,     // First of a generation: the checkpoint; `count` carried intents follow.
    kCarried,  // An intent of an earlier generation.
    kIntent,   //
    kSplit,    // Intent `number` is replaced by `intents`, two halves.
    kRefused,  // Rows are taken out of intent `number`: its delta and rows are as `intents` says.
    kDone,     // All intents up to and with `number` are done; `checkpoint` has the totals.
  };
  Kind kind = Kind::kIntent;
  std::uint64_t sequence = 0;  // Of the record, on and on through all generations.
  std::uint64_t number = 0;
  std::uint64_t count = 0;
  std::uint64_t next_number = 0;  // kHead.
  std::vector<Intent> intents;
  Checkpoint checkpoint;
};

/// One line with its newline; its first 16 characters are the XXH3-64 of all behind them.
std::string to_line(const JournalRecord& record);
/// `line` without its newline. An error for any change of a byte.
base::Result<JournalRecord> parse_journal_line(std::string_view line);

/// An error, and nothing done, where the record cannot follow: numbers that are not there.
base::Status apply(const JournalRecord& record, JournalState& state);

}  // namespace pixel::shipper
