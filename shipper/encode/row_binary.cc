// SPDX-License-Identifier: Apache-2.0
// See row_binary.h. All numbers are little-endian, as this machine's are.
#include "shipper/encode/row_binary.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "base/assert.h"

namespace pixel::shipper {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kFixedBytes = 32;  // Flag, length and any value but a text.

template <class Number>
char* put(Number value, char* out) noexcept {
  std::memcpy(out, &value, sizeof(value));
  return out + sizeof(value);
}

template <class Number>
bool put_checked(std::int64_t value, char*& out) noexcept {
  if (!std::in_range<Number>(value)) return false;
  out = put(static_cast<Number>(value), out);
  return true;
}

// LEB128, then the bytes.
char* put_text(std::string_view text, char* out) noexcept {
  std::uint64_t length = text.size();
  for (; length >= 0x80; length >>= 7) *out++ = static_cast<char>(length | 0x80);
  *out++ = static_cast<char>(length);
  return put_bytes(text, out);
}

bool put_integer(WireType type, std::int64_t value, char*& out) noexcept {
  switch (type) {
    case WireType::kInt8:
      return put_checked<std::int8_t>(value, out);
    case WireType::kInt16:
      return put_checked<std::int16_t>(value, out);
    case WireType::kInt32:
      return put_checked<std::int32_t>(value, out);
    case WireType::kUInt8:
      return put_checked<std::uint8_t>(value, out);
    case WireType::kUInt16:
      return put_checked<std::uint16_t>(value, out);
    case WireType::kUInt32:
      return put_checked<std::uint32_t>(value, out);
    case WireType::kUInt64:
      return put_checked<std::uint64_t>(value, out);
    default:
      out = put(value, out);
      return true;
  }
}

// DateTime64 counts 10^-scale seconds; finer than a microsecond there is nothing to say.
bool put_time(const WireColumn& wire, std::int64_t us, char*& out) noexcept {
  if (wire.type == WireType::kDateTime) {
    const std::int64_t second = us / 1'000'000;
    return us >= 0 && put_checked<std::uint32_t>(second, out);
  }
  std::int64_t ticks = us;
  for (int scale = wire.scale; scale < 6; ++scale) ticks = (ticks - (ticks < 0 ? 9 : 0)) / 10;
  for (int scale = wire.scale; scale > 6; --scale) {
    if (__builtin_mul_overflow(ticks, 10, &ticks)) return false;
  }
  out = put(ticks, out);
  return true;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Two numbers of 64 bits, the higher one first, each little-endian.
bool put_uuid(std::string_view text, char*& out) noexcept {
  if (text.size() != 36) return false;
  std::uint64_t halves[2] = {0, 0};
  int digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return false;
      continue;
    }
    const int value = hex_value(text[i]);
    if (value < 0) return false;
    std::uint64_t& half = halves[digits++ / 16];
    half = half << 4 | static_cast<std::uint64_t>(value);
  }
  out = put(halves[1], put(halves[0], out));
  return true;
}

// IPv4: a number, little-endian. IPv6: the bytes as on the wire; IPv4 addresses mapped.
bool put_address(WireType type, std::string_view text, char*& out) noexcept {
  char name[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof(name)) return false;
  std::memcpy(name, text.data(), text.size());
  std::array<unsigned char, 16> bytes{};
  const bool is_v4 = ::inet_pton(AF_INET, name, bytes.data() + 12) == 1;
  if (type == WireType::kIpv4) {
    if (!is_v4) return false;
    std::reverse(bytes.begin() + 12, bytes.end());
    std::memcpy(out, bytes.data() + 12, 4);
    out += 4;
    return true;
  }
  if (is_v4) {
    bytes[10] = bytes[11] = 0xFF;
  } else if (::inet_pton(AF_INET6, name, bytes.data()) != 1) {
    return false;
  }
  std::memcpy(out, bytes.data(), bytes.size());
  out += bytes.size();
  return true;
}

// False where the type has no such value.
bool write_value(const WireColumn& wire, const Cell& cell, char*& out) noexcept {
  switch (wire.type) {
    case WireType::kString:
      out = put_text(cell.text(), out);
      return true;
    case WireType::kFloat64:
      out = put(cell.real, out);
      return true;
    case WireType::kFloat32:
      out = put(static_cast<float>(cell.real), out);
      return true;
    case WireType::kDateTime:
    case WireType::kDateTime64:
      return put_time(wire, cell.integer, out);
    case WireType::kUuid:
      return put_uuid(cell.text(), out);
    case WireType::kIpv4:
    case WireType::kIpv6:
      return put_address(wire.type, cell.text(), out);
    default:
      return put_integer(wire.type, cell.integer, out);
  }
}

std::size_t zero_bytes(WireType type) noexcept {
  switch (type) {
    case WireType::kString:
    case WireType::kInt8:
    case WireType::kUInt8:
      return 1;
    case WireType::kInt16:
    case WireType::kUInt16:
      return 2;
    case WireType::kInt32:
    case WireType::kUInt32:
    case WireType::kFloat32:
    case WireType::kDateTime:
    case WireType::kIpv4:
      return 4;
    case WireType::kUuid:
    case WireType::kIpv6:
      return 16;
    default:
      return 8;
  }
}

bool is_integer(WireType type) noexcept {
  return type >= WireType::kInt8 && type <= WireType::kUInt64;
}

std::string shown(ColumnType type, const Cell& cell) {
  if (is_text(type)) return fmt::format("'{}'", cell.text().substr(0, 64));
  return type == ColumnType::kDouble ? fmt::format("{}", cell.real)
                                     : fmt::format("{}", cell.integer);
}

std::string unfit_reason(const std::string& name, ColumnType type, const Cell& cell) {
  return fmt::format("column {}: {} does not fit the column's type", name, shown(type, cell));
}

}  // namespace

std::string why_unfit(const ColumnSpec& column, const WireColumn& wire, const Cell& cell) {
  if (cell.null || wire.type == WireType::kString || !fits_wire(column.type, wire)) return "";
  char scratch[kFixedBytes];
  char* out = scratch;
  return write_value(wire, cell, out) ? "" : unfit_reason(column.name, column.type, cell);
}

bool fits_wire(ColumnType type, const WireColumn& wire) noexcept {
  const bool is_float = wire.type == WireType::kFloat32 || wire.type == WireType::kFloat64;
  const bool is_address = wire.type == WireType::kIpv4 || wire.type == WireType::kIpv6;
  switch (type) {
    case ColumnType::kInteger:
    case ColumnType::kBoolean:
      return is_integer(wire.type);
    case ColumnType::kDouble:
      return is_float;
    case ColumnType::kTimestamp:
      return wire.type == WireType::kDateTime || wire.type == WireType::kDateTime64;
    case ColumnType::kUuid:
      return wire.type == WireType::kUuid || wire.type == WireType::kString;
    case ColumnType::kVarchar:
    case ColumnType::kInet:
      return wire.type == WireType::kString || is_address;
    case ColumnType::kJson:
      return wire.type == WireType::kString;
  }
  return false;
}

RowBinary::RowBinary(std::span<const ColumnSpec> columns, std::span<const WireColumn> wire)
    : buffer_(256 * 1024) {
  CHECK(columns.size() == wire.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    CHECK(fits_wire(columns[i].type, wire[i]));
    columns_.push_back({columns[i].name, columns[i].type, wire[i]});
  }
}

std::string_view RowBinary::encode(const RowBlock& rows, std::span<const std::uint32_t> chosen) {
  DCHECK(rows.columns.size() == columns_.size());
  unfit_.clear();
  char* out = buffer_.begin();
  for (const std::uint32_t row : chosen) {
    const std::size_t begin = buffer_.until(out).size();
    if (!write_row(rows, row, out)) out = buffer_.begin() + begin;
  }
  return buffer_.until(out);
}

bool RowBinary::write_row(const RowBlock& rows, std::uint32_t row, char*& out) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    const Cell& cell = rows.columns[i][row];
    const bool has_text = is_text(column.type) && !cell.null;
    out = buffer_.make_room(out, kFixedBytes + (has_text ? cell.size : 0));
    if (column.wire.is_nullable) *out++ = cell.null ? 1 : 0;
    if (cell.null) {
      if (column.wire.is_nullable) continue;
      const std::size_t bytes = zero_bytes(column.wire.type);
      std::memset(out, 0, bytes);
      out += bytes;
    } else if (!write_value(column.wire, cell, out)) {
      unfit_.push_back({row, unfit_reason(column.name, column.type, cell)});
      return false;
    }
  }
  return true;
}

}  // namespace pixel::shipper
