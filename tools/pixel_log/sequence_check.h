// SPDX-License-Identifier: Apache-2.0
// Follows the sequence numbers of one segment, line by line. COLD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/pixel_log/segment_books.h"

namespace pixel::logs {

class SequenceCheck {
 public:
  /// Both outlive it.
  SequenceCheck(SegmentBooks& books, std::vector<Defect>& defects);

  /// The line that begins at `begin` of `text` has this sequence. Adds gaps and duplicates to books
  /// and defects.
  void follow(std::uint64_t sequence, std::string_view text, std::size_t begin);
  /// That line is not one of this lane.
  void mismatch(std::string_view what, std::string_view text, std::size_t begin);

 private:
  void add(DefectKind kind, std::uint64_t alike_before, std::uint64_t amount, std::string_view text,
           std::size_t begin, std::string_view what);

  SegmentBooks& books_;
  std::vector<Defect>& defects_;
  std::string where_;
  std::uint64_t foreign_count_ = 0;
  std::uint64_t gap_count_ = 0;
};

/// From 1.
std::uint64_t line_number(std::string_view text, std::size_t begin);

}  // namespace pixel::logs
