// SPDX-License-Identifier: Apache-2.0
// See json_lines.h. Room for a whole row is made before it is written: no check per byte.
#include "shipper/encode/json_lines.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstring>

#include "base/clock.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kNumberBytes = 40;  // Of the longest number or timestamp.
constexpr std::size_t kEscapedBytes = 6;  // \u001F

// 0: as it is. 'u': \u00XX. Else the letter after the backslash.
constexpr std::array<char, 256> make_escapes() {
  std::array<char, 256> escapes{};
  for (std::size_t i = 0; i < 0x20; ++i) escapes[i] = 'u';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}
constexpr auto kEscapes = make_escapes();

char* write_bytes(std::string_view bytes, char* out) {
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

char* write_escaped(unsigned char c, char* out) {
  constexpr std::string_view digits = "0123456789abcdef";
  *out++ = '\\';
  *out++ = kEscapes[c];
  if (kEscapes[c] != 'u') return out;
  *out++ = '0';
  *out++ = '0';
  *out++ = digits[c >> 4];
  *out++ = digits[c & 15];
  return out;
}

char* write_text(std::string_view text, char* out) {
  *out++ = '"';
  std::size_t run = 0;  // Begin of the bytes not written yet.
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (kEscapes[c] == 0) [[likely]]
      continue;
    out = write_bytes(text.substr(run, i - run), out);
    out = write_escaped(c, out);
    run = i + 1;
  }
  out = write_bytes(text.substr(run), out);
  *out++ = '"';
  return out;
}

}  // namespace

JsonLines::JsonLines(std::span<const ColumnSpec> columns, std::string_view label)
    : buffer_(64 * 1024) {
  std::string before = label.empty() ? "{" : fmt::format("{{\"_table\":\"{}\",", label);
  for (const ColumnSpec& column : columns) {
    types_.push_back(column.type);
    keys_.push_back(fmt::format("{}\"{}\":", before, column.name));
    before = ",";
  }
}

void JsonLines::make_room(std::size_t used, std::size_t bytes) {
  if (buffer_.size() - used < bytes) buffer_.resize(std::max(buffer_.size() * 2, used + bytes));
}

std::string_view JsonLines::encode(const RowBlock& rows) {
  std::size_t used = 0;
  for (std::size_t row = 0; row < rows.row_count; ++row) {
    std::size_t bytes = 2;
    for (std::size_t i = 0; i < types_.size(); ++i) {
      const Cell& cell = rows.columns[i][row];
      const bool has_text = is_text(types_[i]) && !cell.null;
      bytes += keys_[i].size() + kNumberBytes + (has_text ? cell.size * kEscapedBytes : 0);
    }
    make_room(used, bytes);
    char* out = buffer_.data() + used;
    for (std::size_t i = 0; i < types_.size(); ++i) {
      out = write_bytes(keys_[i], out);
      out = write_cell(i, rows.columns[i][row], out);
    }
    out = write_bytes("}\n", out);
    used = static_cast<std::size_t>(out - buffer_.data());
  }
  return {buffer_.data(), used};
}

char* JsonLines::write_cell(std::size_t column, const Cell& cell, char* out) {
  if (cell.null) return write_bytes("null", out);
  switch (types_[column]) {
    case ColumnType::kJson:
      return write_bytes(cell.text(), out);
    case ColumnType::kVarchar:
    case ColumnType::kUuid:
    case ColumnType::kInet:
      return write_text(cell.text(), out);
    case ColumnType::kInteger:
      return std::to_chars(out, out + kNumberBytes, cell.integer).ptr;
    case ColumnType::kDouble:
      return std::to_chars(out, out + kNumberBytes, cell.real).ptr;
    case ColumnType::kBoolean:
      return write_bytes(cell.integer != 0 ? "true" : "false", out);
    case ColumnType::kTimestamp: {
      const std::int64_t fraction = ((cell.integer % 1'000'000) + 1'000'000) % 1'000'000;
      const std::int64_t second = (cell.integer - fraction) / 1'000'000;
      if (second != last_second_ || last_text_.empty()) {
        last_second_ = second;
        last_text_ = base::format_iso8601(second);
      }
      *out++ = '"';
      out = write_bytes(std::string_view(last_text_).substr(0, last_text_.size() - 1), out);
      if (fraction != 0) out = fmt::format_to(out, ".{:06}", fraction);
      return write_bytes("Z\"", out);
    }
  }
  return out;
}

}  // namespace pixel::shipper
