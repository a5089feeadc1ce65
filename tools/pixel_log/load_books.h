// SPDX-License-Identifier: Apache-2.0
// A segment's files -> its books. COLD: reads.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "logfmt/request_id.h"
#include "tools/pixel_log/segment_books.h"
#include "tools/pixel_log/spool_view.h"

namespace pixel::logs {

/// What a caller of load_books wants to see on the way; both may be empty.
struct BooksVisitor {
  VisitLine line;                                   // Each row.
  std::function<void(std::string_view text)> text;  // The segment's whole text, before its rows.
};

/// Reads manifest and data, counts, compares. What cannot be read is a defect.
SegmentBooks load_books(const logfmt::SegmentId& segment, const SegmentFiles& files,
                        const logfmt::RequestIdCipher* cipher, std::vector<Defect>& defects,
                        const BooksVisitor& visitor = {});

}  // namespace pixel::logs
