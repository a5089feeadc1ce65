// SPDX-License-Identifier: Apache-2.0
// What one segment holds by its own bytes: lines, sequence numbers, defects. COLD; pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logfmt/line_decode.h"
#include "logfmt/manifest.h"
#include "logfmt/request_id.h"
#include "tools/pixel_log/defect.h"

namespace pixel::logs {

struct SegmentBooks {
  logfmt::SegmentId segment;
  bool has_data = false;
  std::optional<logfmt::Manifest> manifest;
  std::uint64_t lines = 0;  // By the data; by the manifest where the data has been deleted.
  std::uint64_t bytes = 0;
  std::uint64_t torn_lines = 0;  // Lines that are no rows; part of `lines`.
  // Known from the ids (of events, from their lines), else from the manifest.
  std::optional<std::uint64_t> first_sequence;
  std::optional<std::uint64_t> last_sequence;
  std::uint64_t gap_lines = 0;        // Sequence numbers missing between first and last.
  std::uint64_t duplicate_lines = 0;  // Lines whose number came before.
  /// Of an events segment, with a cipher: the last access line of its worker that it speaks of.
  std::optional<std::uint64_t> last_request;
};

/// Called for each row of an access segment.
using VisitLine = std::function<void(const logfmt::LineTable&, const logfmt::LineRef&)>;

/// Counts the lines of `text` (whole lines of the segment `books` names) and, with a cipher,
/// follows the sequence numbers. Adds each defect to `defects`.
void count_lines(std::string_view text, const logfmt::RequestIdCipher* cipher, SegmentBooks& books,
                 std::vector<Defect>& defects, const VisitLine& visit = {});

/// Adds what differs between `text` with its counted books and their manifest, first difference
/// first; takes the manifest's numbers where the books have none.
void compare_with_manifest(std::string_view text, SegmentBooks& books,
                           std::vector<Defect>& defects);

/// Takes over the manifest of a segment whose data has been deleted.
void take_manifest(SegmentBooks& books, std::vector<Defect>& defects);

}  // namespace pixel::logs
