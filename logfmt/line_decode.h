// SPDX-License-Identifier: Apache-2.0
// Text of whole lines -> rows of field views. Vectorised (AVX-512, AVX2, SSE2, plain; chosen at run
// time); borrows the text; never allocates per line. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "logfmt/format.h"

namespace pixel::logfmt {

/// Why a line is not a row. Values are stable: dead letters carry their names.
enum class BadLine : std::uint8_t {
  kTooFewFields,   // Fewer than 33 and not 26.
  kTooManyFields,  // More than 33 fields.
  kControlByte,    // A NUL byte inside: a torn page.
  kTooLong,        // Longer than kLineBytesMax.
};
std::string_view bad_line_name(BadLine reason) noexcept;

/// No line of ours is longer: 64 KiB of headers, tripled by encoding, and the fixed fields.
inline constexpr std::size_t kLineBytesMax = 256 * 1024;

/// One decoded line, as positions in the text of its LineTable.
struct LineRef {
  std::uint32_t begin = 0;            // First byte, from the text's begin.
  std::uint32_t end = 0;              // Its newline.
  std::uint32_t first_separator = 0;  // Index in separators of the line's first tab.
  std::uint32_t field_count = 0;      // 33 or 26.
};
struct BadLineRef {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  BadLine reason{};
};

/// The rows of one piece of text. Reused between pieces: vectors keep their capacity.
class LineTable {
 public:
  /// Decodes `text`, which must outlive the table's use and should end with a newline: what follows
  /// the last one is left alone. Lines that begin with '#' and empty lines are skipped and counted.
  /// REQUIRES: < 4 GiB.
  void decode(std::string_view text);

  std::span<const LineRef> lines() const noexcept { return lines_; }
  std::span<const BadLineRef> bad_lines() const noexcept { return bad_lines_; }
  /// No byte of text() is above 127.
  bool is_ascii() const noexcept { return is_ascii_; }
  std::uint64_t comment_lines() const noexcept { return comment_lines_; }
  /// The decoded part: up to and with the last newline.
  std::string_view text() const noexcept { return text_; }

  /// The field's bytes, still encoded; "-" beyond the line's last field. Valid while the text is.
  std::string_view field(const LineRef& line, Field field) const noexcept {
    const auto number = static_cast<std::uint32_t>(field);
    if (number >= line.field_count) return "-";
    const std::uint32_t begin =
        number == 0 ? line.begin : separators_[line.first_separator + number - 1] + 1;
    // Of every field of every row: the bounds check of substr() is a tenth of what this costs.
    return {text_.data() + begin, separators_[line.first_separator + number] - begin};
  }

 private:
  void end_line(std::uint32_t rank);
  void end_other_line(const LineRef& line);

  std::string_view text_;
  std::vector<std::uint32_t> separators_;  // Of every tab, newline and NUL, in order.
  std::vector<std::uint32_t> ends_;        // Ranks of newlines and NULs of one piece of the text.
  std::vector<LineRef> lines_;
  std::vector<BadLineRef> bad_lines_;
  std::uint64_t comment_lines_ = 0;
  std::uint32_t line_begin_ = 0;       // Of the line being decoded.
  std::uint32_t line_first_rank_ = 0;  // Of its first separator.
  bool line_has_nul_ = false;
  bool is_ascii_ = true;
};

/// Writes the positions of every '\t' and '\n' (and of NUL, so that a torn page shows) in `text`
/// to `out`, in order, and returns their count. REQUIRES: out has text.size() + 64 entries.
std::size_t index_separators(std::string_view text, std::uint32_t* out) noexcept;

}  // namespace pixel::logfmt
