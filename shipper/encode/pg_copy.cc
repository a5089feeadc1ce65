// SPDX-License-Identifier: Apache-2.0
// See pg_copy.h. All numbers are big-endian. A field is its length (-1: NULL) and its bytes:
//
//   row:  | int16 fields | int32 length | bytes ... | int32 length | bytes ... |
//
// Room for a whole row is made before it is written: no check per field.
#include "shipper/encode/pg_copy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

namespace pixel::shipper {
namespace {

constexpr std::size_t kFixedBytes = 4 + 20;  // Length and the longest value that is no text (inet).
constexpr std::int64_t kEpoch2000Us = 946'684'800'000'000;  // From 1970 to 2000-01-01T00:00:00Z.
constexpr unsigned char kInet4 = 2;  // PGSQL_AF_INET and PGSQL_AF_INET6 of the server's inet.h.
constexpr unsigned char kInet6 = 3;
constexpr char kJsonbVersion = 1;

char* put16(std::uint16_t value, char* out) {
  value = __builtin_bswap16(value);
  std::memcpy(out, &value, 2);
  return out + 2;
}
char* put32(std::uint32_t value, char* out) {
  value = __builtin_bswap32(value);
  std::memcpy(out, &value, 4);
  return out + 4;
}
char* put64(std::uint64_t value, char* out) {
  value = __builtin_bswap64(value);
  std::memcpy(out, &value, 8);
  return out + 8;
}

char* put_text(std::string_view text, char* out) {
  out = put32(static_cast<std::uint32_t>(text.size()), out);
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char* put_uuid(std::string_view text, char* out) {
  unsigned char bytes[16];
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size() && count < 16; ++count) {
    if (text[i] == '-') ++i;
    const int high = i < text.size() ? hex_digit(text[i]) : -1;
    const int low = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
    if (high < 0 || low < 0) return put_text(text, out);
    bytes[count] = static_cast<unsigned char>(high * 16 + low);
    i += 2;
  }
  if (count != 16 || text.size() != 36) return put_text(text, out);
  out = put32(16, out);
  std::memcpy(out, bytes, 16);
  return out + 16;
}

// family, bits of the netmask, is a network, bytes of the address, the address.
char* put_inet(std::string_view text, char* out) {
  char spelled[INET6_ADDRSTRLEN] = {};
  unsigned char address[16];
  if (text.size() >= sizeof spelled) return put_text(text, out);
  std::memcpy(spelled, text.data(), text.size());
  const bool is_v6 = text.find(':') != std::string_view::npos;
  if (::inet_pton(is_v6 ? AF_INET6 : AF_INET, spelled, address) != 1) return put_text(text, out);
  const unsigned char bytes = is_v6 ? 16 : 4;
  out = put32(4U + bytes, out);
  const unsigned char head[4] = {is_v6 ? kInet6 : kInet4, static_cast<unsigned char>(bytes * 8), 0,
                                 bytes};
  std::memcpy(out, head, 4);
  std::memcpy(out + 4, address, bytes);
  return out + 4 + bytes;
}

char* put_cell(ColumnType type, const Cell& cell, char* out) {
  if (cell.null) return put32(UINT32_MAX, out);
  switch (type) {
    case ColumnType::kVarchar:
      return put_text(cell.text(), out);
    case ColumnType::kInteger:
      return put64(static_cast<std::uint64_t>(cell.integer), put32(8, out));
    case ColumnType::kDouble:
      return put64(std::bit_cast<std::uint64_t>(cell.real), put32(8, out));
    case ColumnType::kBoolean:
      out = put32(1, out);
      *out = cell.integer != 0 ? 1 : 0;
      return out + 1;
    case ColumnType::kTimestamp:
      // What does not fit wraps to a time the server refuses or cannot tell: the decoder's range of
      // years is far inside of both.
      return put64(static_cast<std::uint64_t>(cell.integer) - std::uint64_t{kEpoch2000Us},
                   put32(8, out));
    case ColumnType::kUuid:
      return put_uuid(cell.text(), out);
    case ColumnType::kInet:
      return put_inet(cell.text(), out);
    case ColumnType::kJson:
      out = put32(cell.size + 1, out);
      *out++ = kJsonbVersion;
      std::memcpy(out, cell.data, cell.size);
      return out + cell.size;
  }
  return out;
}

}  // namespace

std::string_view postgres_type(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::kVarchar:
      return "text";
    case ColumnType::kInteger:
      return "bigint";
    case ColumnType::kDouble:
      return "double precision";
    case ColumnType::kBoolean:
      return "boolean";
    case ColumnType::kTimestamp:
      return "timestamp with time zone";
    case ColumnType::kUuid:
      return "uuid";
    case ColumnType::kInet:
      return "inet";
    case ColumnType::kJson:
      return "jsonb";
  }
  return "text";
}

PgCopy::PgCopy(std::span<const ColumnSpec> columns) : buffer_(64 * 1024) {
  for (const ColumnSpec& column : columns) types_.push_back(column.type);
}

std::string_view PgCopy::header() noexcept {
  // Signature, flags, length of the header's extension.
  return {"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};
}

std::string_view PgCopy::trailer() noexcept { return {"\377\377", 2}; }

std::size_t PgCopy::room_for(const RowBlock& rows, std::size_t row) const {
  std::size_t bytes = 2 + types_.size() * kFixedBytes;
  for (std::size_t i = 0; i < types_.size(); ++i) {
    const Cell& cell = rows.columns[i][row];
    if (is_text(types_[i]) && !cell.null) bytes += cell.size;
  }
  return bytes;
}

std::string_view PgCopy::encode(const RowBlock& rows, std::size_t from, std::size_t to) {
  std::size_t used = 0;
  for (std::size_t row = from; row < to; ++row) {
    const std::size_t bytes = room_for(rows, row);
    if (buffer_.size() - used < bytes) buffer_.resize(std::max(buffer_.size() * 2, used + bytes));
    char* out = put16(static_cast<std::uint16_t>(types_.size()), buffer_.data() + used);
    for (std::size_t i = 0; i < types_.size(); ++i) {
      out = put_cell(types_[i], rows.columns[i][row], out);
    }
    used = static_cast<std::size_t>(out - buffer_.data());
  }
  return {buffer_.data(), used};
}

}  // namespace pixel::shipper
