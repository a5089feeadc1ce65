// SPDX-License-Identifier: Apache-2.0
// Lines -> rows by column. One sink's thread; keeps scratch memory between calls, allocates nothing
// per row.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "logfmt/line_decode.h"
#include "logfmt/segment_name.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {

/// What became of the lines of one call. lines = delivered + filtered + dead_lettered.
struct DecodeCounts {
  std::uint64_t lines = 0;
  std::uint64_t delivered = 0;  // Became a row, of one table at least.
  std::uint64_t filtered = 0;   // No table wanted it.
  std::uint64_t dead_lettered = 0;
  std::int64_t oldest_request_us = 0;  // Of the rows; 0 when there are none.
};

class Decoder {
 public:
  /// REQUIRES: column names are unique.
  explicit Decoder(std::vector<ColumnSpec> columns);

  const std::vector<ColumnSpec>& columns() const noexcept { return columns_; }

  /// Appends one row per good line of `text` (whole lines; its first byte lies at `offset` of
  /// `segment`) to `rows`, and one dead letter per other. `text` must live as long as `rows` does:
  /// copy it to rows.text first. "-" is NULL; comment lines are no lines.
  DecodeCounts decode(const logfmt::SegmentId& segment, std::uint64_t offset, std::string_view text,
                      RowBlock& rows, std::vector<DeadLetter>& dead_letters);

 private:
  // A column that failed; `what` completes "not ...".
  struct Failure {
    const ColumnSpec* column = nullptr;
    const char* what = "";
    std::string_view value;
  };
  struct LineContext {
    const logfmt::LineRef* line;
    std::string_view segment;
    std::uint64_t offset;
  };

  bool decode_line(const LineContext& context, std::size_t row, RowBlock& rows, Failure& failure);
  bool decode_cell(std::size_t column, const LineContext& context, TextArena& arena, Cell& cell,
                   Failure& failure);
  bool convert(const ColumnSpec& spec, std::string_view value, Cell& cell, Failure& failure) const;
  bool request_time(const logfmt::LineRef& line, Cell& cell, Failure& failure);
  void find_parameters(const logfmt::LineRef& line, TextArena& arena);
  bool name_matches(std::string_view raw_name, std::string_view name, TextArena& arena) const;
  void add_bad_lines(const logfmt::SegmentId& segment, std::uint64_t offset,
                     std::vector<DeadLetter>& dead_letters) const;

  std::vector<ColumnSpec> columns_;
  std::vector<std::size_t> parameter_columns_;  // Indices of the kQuery ones.
  logfmt::LineTable table_;
  // Of the line being decoded: by column, the raw value; data() null where absent.
  std::vector<std::string_view> parameters_;
  std::string_view last_date_time_;  // Lines of the same second share it; into table_'s text.
  std::int64_t last_request_us_ = 0;
  std::int64_t line_request_us_ = 0;
  bool text_is_plain_ = false;  // No byte above 126 in the text: nothing to validate.
};

}  // namespace pixel::shipper
