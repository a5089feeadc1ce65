// SPDX-License-Identifier: Apache-2.0
// See csv.h.
#include "shipper/encode/csv.h"

#include "base/assert.h"
#include "shipper/encode/text_scan.h"

namespace pixel::shipper {
namespace {

using CsvQuoted = EscapedBytes<'"', ','>;

[[gnu::noinline]] char* write_quoted(std::string_view text, char* out) {
  *out++ = '"';
  for (const char c : text) {
    *out++ = c;
    if (c == '"') *out++ = c;
  }
  *out++ = '"';
  return out;
}

}  // namespace

Csv::Csv(std::span<const ColumnSpec> columns) : buffer_(256 * 1024) {
  for (const ColumnSpec& column : columns) {
    types_.push_back(column.type);
    header_ += (header_.empty() ? "" : ",") + column.name;
  }
  header_ += '\n';
}

std::string_view Csv::encode(const RowBlock& rows, std::size_t from, std::size_t to) {
  DCHECK(rows.columns.size() == types_.size() && to <= rows.row_count);
  char* out = buffer_.begin();
  for (std::size_t row = from; row < to; ++row) {
    for (std::size_t i = 0; i < types_.size(); ++i) {
      const Cell& cell = rows.columns[i][row];
      if (!cell.null) out = write_cell(types_[i], cell, out);
      out = buffer_.make_room(out, 1);
      *out++ = i + 1 < types_.size() ? ',' : '\n';
    }
  }
  return buffer_.until(out);
}

char* Csv::write_cell(ColumnType type, const Cell& cell, char* out) {
  if (is_text(type)) return write_text(cell.text(), out);
  out = buffer_.make_room(out, 2 * kValueTextBytes);
  if (type == ColumnType::kInteger) return write_integer(cell.integer, out);
  if (type == ColumnType::kDouble) return write_double(cell.real, out);
  if (type == ColumnType::kTimestamp) return timestamps_.write(cell.integer, out);
  return put_bytes(cell.integer != 0 ? "true" : "false", out);
}

char* Csv::write_text(std::string_view text, char* out) {
  out = buffer_.make_room(out, 2 * text.size() + kCopySlackBytes);
  if (!text.empty() && copy_if_plain<CsvQuoted>(text, out)) return out + text.size();
  return write_quoted(text, out);
}

}  // namespace pixel::shipper
