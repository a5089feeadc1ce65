// SPDX-License-Identifier: Apache-2.0
// See tsv.h.
#include "shipper/encode/tsv.h"

#include <cmath>

#include "base/assert.h"
#include "shipper/encode/text_scan.h"

namespace pixel::shipper {
namespace {

using TsvEscaped = EscapedBytes<'\\', '\\'>;
constexpr std::size_t kEscapedBytes = 2;

// Only tab, newline and backslash must be escaped; NUL cannot be, and no cell has it.
[[gnu::noinline]] char* write_escaped(std::string_view text, char* out) {
  return copy_escaped<TsvEscaped>(text, out, [](unsigned char c, char* to) {
    const char letter = c == '\n' ? 'n' : c == '\t' ? 't' : c == '\r' ? 'r' : c == '\\' ? '\\' : 0;
    if (letter != 0) *to++ = '\\';
    *to++ = letter != 0 ? letter : static_cast<char>(c);
    return to;
  });
}

std::string_view zero_of(const WireColumn& wire) {
  switch (wire.type) {
    case WireType::kString:
      return "";
    case WireType::kUuid:
      return "00000000-0000-0000-0000-000000000000";
    case WireType::kIpv4:
      return "0.0.0.0";
    case WireType::kIpv6:
      return "::";
    case WireType::kDateTime:
    case WireType::kDateTime64:
      return "0000000000";
    default:
      return "0";
  }
}

char* write_real(double value, char* out) {
  if (std::isfinite(value)) return write_double(value, out);
  return put_bytes(std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf", out);
}

}  // namespace

Tsv::Tsv(std::span<const ColumnSpec> columns, std::span<const WireColumn> wire)
    : buffer_(256 * 1024) {
  CHECK(columns.size() == wire.size());
  for (std::size_t i = 0; i < columns.size(); ++i) columns_.push_back({columns[i].type, wire[i]});
}

std::string_view Tsv::encode(const RowBlock& rows, std::span<const std::uint32_t> chosen) {
  DCHECK(rows.columns.size() == columns_.size());
  char* out = buffer_.begin();
  for (const std::uint32_t row : chosen) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      out = write_cell(columns_[i], rows.columns[i][row], out);
      *out++ = i + 1 < columns_.size() ? '\t' : '\n';
    }
  }
  return buffer_.until(out);
}

// Leaves room for the separator.
char* Tsv::write_cell(const Column& column, const Cell& cell, char* out) {
  if (!cell.null && is_text(column.type)) return write_text(column, cell.text(), out);
  out = buffer_.make_room(out, 2 * kValueTextBytes);
  if (cell.null) return put_bytes(column.wire.is_nullable ? "\\N" : zero_of(column.wire), out);
  switch (column.type) {
    case ColumnType::kDouble:
      return write_real(cell.real, out);
    case ColumnType::kTimestamp:
      return write_time(column.wire, cell.integer, out);
    default:
      return write_integer(cell.integer, out);
  }
}

// A DateTime counts whole seconds, and a fraction would not be read.
char* Tsv::write_time(const WireColumn& wire, std::int64_t us, char* out) {
  const bool is_whole = wire.type == WireType::kDateTime && us >= 0;
  return timestamps_.write(is_whole ? us - us % 1'000'000 : us, out);
}

char* Tsv::write_text(const Column& column, std::string_view text, char* out) {
  out = buffer_.make_room(out, text.size() * kEscapedBytes + kValueTextBytes);
  // An IPv4 address in an IPv6 column, as such columns hold it.
  const bool is_mapped =
      column.wire.type == WireType::kIpv6 && text.find(':') == std::string_view::npos;
  if (is_mapped) out = put_bytes("::ffff:", out);
  if (copy_if_plain<TsvEscaped>(text, out)) return out + text.size();
  return write_escaped(text, out);
}

}  // namespace pixel::shipper
