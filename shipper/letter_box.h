// SPDX-License-Identifier: Apache-2.0
// A sink's dead letters as `dlq` sees them: those that are still open, and those that were replayed
// and became rows after all. The letters' own file is the pipeline's and stays as it is; what was
// resolved is written beside it. COLD; one writer, under the lock or while the sink's thread rests.
//
//   <state>/<sink>/dead_letters.resolved.jsonl
//   {"segment":"A0001673F3C2A00300000007","offset":471,"table":"","row":true,"counted":true}
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"
#include "shipper/deliver/checkpoint.h"

namespace pixel::shipper {

/// A letter that was replayed.
struct ResolvedLetter {
  logfmt::SegmentId segment;
  std::uint64_t offset = 0;
  std::string table;
  bool is_row = true;      // Else no table wants the line any more.
  bool is_counted = true;  // The sink's checkpoint counts its line as dead-lettered.
  bool operator==(const ResolvedLetter&) const = default;
};

/// What the resolved letters change in the books of a checkpoint.
struct ResolvedCounts {
  std::uint64_t rows = 0;
  std::uint64_t filtered = 0;
};
/// The same checkpoint with them counted as what they became.
Checkpoint with_resolved(Checkpoint checkpoint, const ResolvedCounts& resolved);

struct LetterBox {
  std::vector<DeadLetter> open;  // In the order of the file.
  ResolvedCounts resolved;
  std::uint64_t damaged_lines = 0;  // Of either file; passed over.
};
/// `sink_state`: the sink's state directory. Fine where there is no letter.
base::Result<LetterBox> read_letter_box(const std::filesystem::path& sink_state);
/// Only what was resolved: for the books. Nothing where it cannot be read.
ResolvedCounts read_resolved(const std::filesystem::path& sink_state);

/// Durable when it returns. What is resolved already may be written again.
base::Status mark_resolved(const std::filesystem::path& sink_state,
                           std::span<const ResolvedLetter> letters);

}  // namespace pixel::shipper
