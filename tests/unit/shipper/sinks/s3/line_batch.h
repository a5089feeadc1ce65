// SPDX-License-Identifier: Apache-2.0
// Batches of raw lines for tests.
#pragma once

#include <string>
#include <string_view>

#include "shipper/batch/batch.h"
#include "shipper/batch/line_count.h"
#include "tests/unit/shipper/support/lines.h"

namespace pixel::shipper::testing {

/// A line of this hour ("2026-11-20\t18") that says its number in the parameter `a`.
inline std::string line_at(std::string_view hour, std::uint64_t number) {
  std::string line = numbered_line(number);
  return line.replace(0, hour.size(), hour);
}

class LineBatch {
 public:
  void add(const logfmt::SegmentId& segment, std::uint64_t offset, std::string_view text,
           bool is_one_hour = false) {
    const std::uint64_t lines = count_lines(text);
    batch_.lines.push_back({segment, offset, batch_.text.copy(text), lines, is_one_hour});
    batch_.ranges.push_back({segment, offset, offset + text.size(), lines});
  }
  const Batch& finish() const { return batch_; }

 private:
  Batch batch_;
};

}  // namespace pixel::shipper::testing
