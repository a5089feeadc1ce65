// SPDX-License-Identifier: Apache-2.0
// COLD: see sequence_check.h.
#include "tools/pixel_log/sequence_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace pixel::logs {
namespace {

// Of many alike defects in one segment, the first ones name the place and the rest only count.
constexpr std::uint64_t kNamedMax = 5;

std::string range_text(std::uint64_t first, std::uint64_t last) {
  return first == last ? fmt::format("sequence {}", first)
                       : fmt::format("sequences {} to {}", first, last);
}

}  // namespace

std::uint64_t line_number(std::string_view text, std::size_t begin) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(begin);
  return static_cast<std::uint64_t>(std::count(text.begin(), end, '\n')) + 1;
}

SequenceCheck::SequenceCheck(SegmentBooks& books, std::vector<Defect>& defects)
    : books_(books), defects_(defects), where_(to_text(books.segment)) {}

void SequenceCheck::follow(std::uint64_t sequence, std::string_view text, std::size_t begin) {
  if (!books_.first_sequence) {
    books_.first_sequence = sequence;
  } else if (sequence <= *books_.last_sequence) {
    add(DefectKind::kDuplicate, books_.duplicate_lines++, 1, text, begin,
        fmt::format("sequence {} comes again", sequence));
    return;
  } else if (sequence != *books_.last_sequence + 1) {
    const std::uint64_t missing = sequence - *books_.last_sequence - 1;
    add(DefectKind::kGap, gap_count_++, missing, text, begin,
        fmt::format("{} missing before it", range_text(*books_.last_sequence + 1, sequence - 1)));
    books_.gap_lines += missing;
  }
  books_.last_sequence = sequence;
}

void SequenceCheck::mismatch(std::string_view what, std::string_view text, std::size_t begin) {
  add(DefectKind::kMismatch, foreign_count_++, 1, text, begin, what);
}

void SequenceCheck::add(DefectKind kind, std::uint64_t alike_before, std::uint64_t amount,
                        std::string_view text, std::size_t begin, std::string_view what) {
  if (alike_before < kNamedMax) {
    defects_.push_back(
        {kind, where_, fmt::format("line {}: {}", line_number(text, begin), what), amount});
    return;
  }
  const auto last_alike = std::find_if(
      defects_.rbegin(), defects_.rend(),
      [&](const Defect& defect) { return defect.where == where_ && defect.kind == kind; });
  last_alike->amount += amount;
  if (alike_before == kNamedMax) last_alike->what += " (and more)";
}

}  // namespace pixel::logs
