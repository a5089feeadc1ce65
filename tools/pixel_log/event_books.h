// SPDX-License-Identifier: Apache-2.0
// What one events segment holds by its own bytes. COLD; pure.
#pragma once

#include <string_view>
#include <vector>

#include "logfmt/request_id.h"
#include "tools/pixel_log/segment_books.h"

namespace pixel::logs {

/// Counts the lines of `text` (whole lines of the events segment `books` names). Each must be a
/// JSON object with the members of an event; their "seq" numbers are followed. With a cipher, each
/// id must be one of the lane's own worker.
void count_events(std::string_view text, const logfmt::RequestIdCipher* cipher, SegmentBooks& books,
                  std::vector<Defect>& defects);

}  // namespace pixel::logs
