// SPDX-License-Identifier: Apache-2.0
// See json_lines.h.
#include "shipper/encode/json_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/assert.h"
#include "shipper/encode/text_scan.h"

namespace pixel::shipper {
namespace {

using JsonEscaped = EscapedBytes<'"', '\\'>;
constexpr std::size_t kEscapedBytes = 6;  // \u001F
constexpr std::size_t kPadBytes = 16;

[[gnu::noinline]] char* write_escaped(std::string_view text, char* out) {
  return copy_escaped<JsonEscaped>(text, out, [](unsigned char c, char* to) {
    constexpr std::string_view digits = "0123456789abcdef";
    *to++ = '\\';
    switch (c) {
      case '\n':
        return put_bytes("n", to);
      case '\r':
        return put_bytes("r", to);
      case '\t':
        return put_bytes("t", to);
      case '"':
      case '\\':
        *to++ = static_cast<char>(c);
        return to;
      default:
        to = put_bytes("u00", to);
        *to++ = digits[c >> 4];
        *to++ = digits[c & 15];
        return to;
    }
  });
}

// A newline in a JSON value stands between its tokens, where a space means the same; in a line it
// would end the row.
[[gnu::noinline]] char* write_json(std::string_view json, char* out) {
  return std::transform(json.begin(), json.end(), out,
                        [](char c) { return c == '\n' || c == '\r' ? ' ' : c; });
}

// Infinities and NaN have no JSON.
char* write_real(double value, char* out) {
  return std::isfinite(value) ? write_double(value, out) : put_bytes("null", out);
}

std::string padded(std::string text) {
  text.resize((text.size() + kPadBytes - 1) / kPadBytes * kPadBytes);
  return text;
}

// Up to kPadBytes - 1 bytes more than `bytes` are written.
inline char* put_padded(const std::string& text, std::size_t bytes, char* out) {
  const char* const in = text.data();
  std::memcpy(out, in, kPadBytes);
  for (std::size_t at = kPadBytes; at < bytes; at += kPadBytes) {
    std::memcpy(out + at, in + at, kPadBytes);
  }
  return out + bytes;
}

bool is_quoted(ColumnType type) {
  return (is_text(type) && type != ColumnType::kJson) || type == ColumnType::kTimestamp;
}

}  // namespace

JsonLines::JsonLines(std::span<const ColumnSpec> columns, std::string_view label)
    : buffer_(256 * 1024) {
  std::string before = label.empty() ? "{" : fmt::format("{{\"_table\":\"{}\",", label);
  for (const ColumnSpec& column : columns) {
    const std::string key = fmt::format("{}\"{}\":", before, column.name);
    const std::string value = key + (is_quoted(column.type) ? "\"" : "");
    const std::string null = key + "null";
    keys_.push_back({padded(value), value.size(), padded(null), null.size(), column.type});
    fixed_bytes_ += key.size() + 4 + kValueTextBytes + kPadBytes;
    before = ",";
  }
  fixed_bytes_ += 2 * kPadBytes;
  cells_.resize(keys_.size());
}

std::string_view JsonLines::encode(const RowBlock& rows, std::size_t from, std::size_t to) {
  DCHECK(rows.columns.size() == keys_.size() && to <= rows.row_count);
  for (std::size_t i = 0; i < keys_.size(); ++i) cells_[i] = rows.columns[i].data();
  char* out = buffer_.begin();
  for (std::size_t row = from; row < to; ++row) {
    out = write_row(row, buffer_.make_room(out, fixed_bytes_));
  }
  return buffer_.until(out);
}

// What it reads per cell is held in locals: a byte written through `out` may be any member, for all
// the compiler knows.
char* JsonLines::write_row(std::size_t row, char* out) {
  const Cell* const* column = cells_.data();
  const Key* const end = keys_.data() + keys_.size();
  // The fixed part of the row stays free behind each text, whatever becomes of it.
  char* limit = buffer_.end() - fixed_bytes_;
  for (const Key* key = keys_.data(); key != end; ++key, ++column) {
    const Cell cell = (*column)[row];
    if (cell.null) {
      out = put_padded(key->null_pair, key->null_bytes, out);
      continue;
    }
    out = put_padded(key->before_value, key->value_bytes, out);
    if (!is_text(key->type)) {
      out = write_value(key->type, cell, out);
      continue;
    }
    const std::string_view text = cell.text();
    if (limit - out < static_cast<std::ptrdiff_t>(text.size() * kEscapedBytes)) [[unlikely]] {
      out = buffer_.make_room(out, text.size() * kEscapedBytes + fixed_bytes_);
      limit = buffer_.end() - fixed_bytes_;
    }
    if (key->type == ColumnType::kJson) {
      out = write_json(text, out);
      continue;
    }
    out = copy_if_plain<JsonEscaped>(text, out) ? out + text.size() : write_escaped(text, out);
    *out++ = '"';
  }
  *out++ = '}';
  *out++ = '\n';
  return out;
}

inline char* JsonLines::write_value(ColumnType type, const Cell& cell, char* out) {
  switch (type) {
    case ColumnType::kInteger:
      return write_integer(cell.integer, out);
    case ColumnType::kDouble:
      return write_real(cell.real, out);
    case ColumnType::kBoolean:
      return put_bytes(cell.integer != 0 ? "true" : "false", out);
    case ColumnType::kTimestamp:
      return put_bytes("\"", timestamps_.write(cell.integer, out));
    default:
      return out;
  }
}

void to_json_array(std::string_view lines, std::string& out) {
  out.clear();
  out.reserve(lines.size() + 2);
  out += '[';
  out += lines;
  if (!lines.empty()) out.pop_back();
  // A line has no newline but its last byte.
  std::replace(out.begin(), out.end(), '\n', ',');
  out += ']';
}

}  // namespace pixel::shipper
