// SPDX-License-Identifier: Apache-2.0
// See line_decode.h. The text is indexed a piece at a time, so that the index of a piece is still
// in the cache when its lines are made. The rank of each newline among the separators gives the
// fields of its line without a look at the tabs: a stride of 33 where all is well, and any other
// line costs nobody but itself.
#include "logfmt/line_decode.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "logfmt/line_decode_simd.h"

namespace pixel::logfmt {
namespace {

constexpr std::size_t kPieceBytes = 32 * 1024;
constexpr std::array<std::string_view, 4> kReasonNames{"too_few_fields", "too_many_fields",
                                                       "control_byte", "too_long"};

}  // namespace

std::string_view bad_line_name(BadLine reason) noexcept {
  const auto number = static_cast<std::size_t>(reason);
  return number < kReasonNames.size() ? kReasonNames[number] : std::string_view("unknown");
}

void LineTable::decode(std::string_view text) {
  // Positions are 32 bits wide.
  CHECK(text.size() < UINT32_MAX);
  text_ = text.substr(0, text.rfind('\n') + 1);
  lines_.clear();
  bad_lines_.clear();
  comment_lines_ = 0;
  line_begin_ = 0;
  line_first_rank_ = 0;
  line_has_nul_ = false;
  is_ascii_ = true;
  ends_.resize(kPieceBytes + 1);
  std::size_t count = 0;
  for (std::size_t at = 0; at < text_.size(); at += kPieceBytes) {
    // Grown, never shrunk: growing zeroes what it adds.
    if (separators_.size() < count + kPieceBytes + kIndexSlackEntries) {
      separators_.resize(2 * separators_.size() + kPieceBytes + kIndexSlackEntries);
    }
    SeparatorIndex index{separators_.data() + count, ends_.data()};
    best_index_function()(text_.substr(at, kPieceBytes), static_cast<std::uint32_t>(at), index);
    for (std::size_t i = 0; i < index.end_count; ++i) {
      end_line(static_cast<std::uint32_t>(count) + ends_[i]);
    }
    count += index.position_count;
    is_ascii_ = is_ascii_ && index.is_ascii;
  }
}

// `rank` is that of a newline, or of a NUL, which spoils its line.
inline void LineTable::end_line(std::uint32_t rank) {
  const std::uint32_t end = separators_[rank];
  if (text_[end] == '\0') {
    line_has_nul_ = true;
    return;
  }
  const LineRef line{line_begin_, end, line_first_rank_, rank - line_first_rank_ + 1};
  if (line.field_count == kFieldCount && end - line.begin <= kLineBytesMax && !line_has_nul_ &&
      text_[line.begin] != '#') [[likely]] {
    lines_.push_back(line);
  } else {
    end_other_line(line);
  }
  line_begin_ = end + 1;
  line_first_rank_ = rank + 1;
  line_has_nul_ = false;
}

void LineTable::end_other_line(const LineRef& line) {
  const auto reject = [&](BadLine reason) { bad_lines_.push_back({line.begin, line.end, reason}); };
  // A NUL in a comment is a torn page too: it may have swallowed the begin of a line.
  if (line_has_nul_) return reject(BadLine::kControlByte);
  if (line.begin == line.end || text_[line.begin] == '#') {
    ++comment_lines_;
  } else if (line.end - line.begin > kLineBytesMax) {
    reject(BadLine::kTooLong);
  } else if (line.field_count == kOldFieldCount) {
    lines_.push_back(line);
  } else {
    reject(line.field_count > kFieldCount ? BadLine::kTooManyFields : BadLine::kTooFewFields);
  }
}

}  // namespace pixel::logfmt
