// SPDX-License-Identifier: Apache-2.0
// A batch -> the objects it becomes: names, text, and what says of each whose lines it holds. Pure:
// the same batch becomes the same objects, whatever was sent before. COLD; any thread.
//
//   <prefix>/PIXELEDGE.2026-11-20-18.0123456789abcdef.gz           lines of access segments
//   <prefix>/events/PIXELEDGE.2026-11-20-18.0123456789abcdef.gz    lines of events segments
//   <prefix>/requests/date=2026-11-20/hour=18/0123456789abcdef.jsonl.gz          rows
//
// The last name is the batch's token, with "-1" and so on where a batch needs more than one object
// of an hour.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/batch/batch.h"
#include "shipper/decode/text_arena.h"
#include "shipper/encode/text_pieces.h"
#include "shipper/sinks/s3/s3_config.h"

namespace pixel::shipper::s3 {

/// Entries of pixel-ranges per object: 2 KB of metadata hold no more.
inline constexpr std::size_t kRangesMax = 24;

struct PlannedObject {
  std::string stem;  // The key without token and ending: what lies there together.
  std::string key;   //
  TextPieces text;   // Not compressed. Lent by the batch, or by `rows`.
  TextArena rows;    // Encoded.
  std::uint64_t lines = 0;
  /// Per run of a segment: from its first line here to the end of its last one, and the lines
  /// between that are here.
  std::vector<Range> ranges;
  bool is_restored = false;  // Holds nothing that was there, whatever its runs enclose.
};

/// False: the line at this offset is there already, and is left out.
using Wanted = std::function<bool(const std::string& stem, const logfmt::SegmentId& segment,
                                  std::uint64_t offset)>;

/// In the order of their keys; valid as long as the batch. `wanted` may be empty: everything.
std::vector<PlannedObject> plan_objects(const Batch& batch, const S3SinkSettings& settings,
                                        const std::vector<TableSpec>& tables,
                                        const Wanted& wanted = {});

/// Another name, by its content: under the batch's token lie the lines that were left out.
void rename_restored(PlannedObject& object);

/// "A0001673F3C2A00300000007:0-5012:33,...".
std::string ranges_text(const std::vector<Range>& ranges);
std::optional<std::vector<Range>> parse_ranges(std::string_view text);

/// Stem of a key of ours; nothing for any other object.
std::optional<std::string> stem_of_key(std::string_view key, const S3SinkSettings& settings);

}  // namespace pixel::shipper::s3
