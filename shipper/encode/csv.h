// SPDX-License-Identifier: Apache-2.0
// Rows -> CSV (RFC 4180, but with a newline alone at the end of a row). Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/decode/row_block.h"
#include "shipper/encode/byte_buffer.h"
#include "shipper/encode/value_text.h"

namespace pixel::shipper {

/// NULL is nothing, an empty text two quotes; a text is quoted where it holds a comma, a quote or a
/// control character. Timestamps as in JSON lines. One thread; reuses its memory.
class Csv {
 public:
  explicit Csv(std::span<const ColumnSpec> columns);

  /// The names of the columns, with a newline.
  const std::string& header() const noexcept { return header_; }
  /// Rows [from, to); valid until the next call. REQUIRES: rows of these columns.
  std::string_view encode(const RowBlock& rows, std::size_t from, std::size_t to);

 private:
  char* write_cell(ColumnType type, const Cell& cell, char* out);
  char* write_text(std::string_view text, char* out);

  std::vector<ColumnType> types_;
  std::string header_;
  ByteBuffer buffer_;
  TimestampText timestamps_{TimestampText::Style::kIso};
};

}  // namespace pixel::shipper
