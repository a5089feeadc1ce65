// SPDX-License-Identifier: Apache-2.0
// The bytes of PostgreSQL's binary COPY, type by type; the server's own reading of them is tested
// with the sink.
#include "shipper/encode/pg_copy.h"

#include <gtest/gtest.h>

#include <string>

namespace pixel::shipper {
namespace {

using namespace std::string_literals;

ColumnSpec column_of(ColumnType type) {
  ColumnSpec column;
  column.name = "x";
  column.type = type;
  return column;
}

Cell text_cell(std::string_view text) {
  Cell cell;
  cell.null = false;
  cell.size = static_cast<std::uint32_t>(text.size());
  cell.data = text.data();
  return cell;
}

Cell integer_cell(std::int64_t value) {
  Cell cell;
  cell.null = false;
  cell.integer = value;
  return cell;
}

// The one field of a one-column row, without the row's field count.
std::string field(ColumnType type, const Cell& cell) {
  const ColumnSpec column = column_of(type);
  PgCopy encoder({&column, 1});
  RowBlock rows;
  rows.columns = {{cell}};
  rows.row_count = 1;
  const std::string bytes(encoder.encode(rows, 0, 1));
  EXPECT_EQ(bytes.substr(0, 2), "\0\1"s);
  return bytes.substr(2);
}

TEST(PgCopy, Numbers) {
  EXPECT_EQ(field(ColumnType::kInteger, integer_cell(-2)),
            "\0\0\0\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE"s);
  EXPECT_EQ(field(ColumnType::kBoolean, integer_cell(1)), "\0\0\0\1\1"s);
  EXPECT_EQ(field(ColumnType::kBoolean, integer_cell(0)), "\0\0\0\1\0"s);
  Cell real;
  real.null = false;
  real.real = -1.5;
  EXPECT_EQ(field(ColumnType::kDouble, real), "\0\0\0\x08\xBF\xF8\0\0\0\0\0\0"s);
  EXPECT_EQ(field(ColumnType::kInteger, Cell{}), "\xFF\xFF\xFF\xFF"s);
}

TEST(PgCopy, TimesCountFrom2000) {
  EXPECT_EQ(field(ColumnType::kTimestamp, integer_cell(946'684'800'000'000 + 258)),
            "\0\0\0\x08\0\0\0\0\0\0\1\2"s);
  EXPECT_EQ(field(ColumnType::kTimestamp, integer_cell(946'684'799'999'999)),
            "\0\0\0\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s);
}

TEST(PgCopy, Texts) {
  EXPECT_EQ(field(ColumnType::kVarchar, text_cell("a\tb\n\\")), "\0\0\0\x05"s + "a\tb\n\\");
  EXPECT_EQ(field(ColumnType::kVarchar, text_cell("")), "\0\0\0\0"s);
  EXPECT_EQ(field(ColumnType::kJson, text_cell("{}")), "\0\0\0\3\1{}"s);
}

TEST(PgCopy, UuidsAndAddresses) {
  EXPECT_EQ(field(ColumnType::kUuid, text_cell("00112233-4455-6677-8899-aabbccddeeff")),
            "\0\0\0\x10\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF"s);
  EXPECT_EQ(field(ColumnType::kInet, text_cell("192.0.2.1")), "\0\0\0\x08\2\x20\0\4\xC0\0\2\1"s);
  EXPECT_EQ(field(ColumnType::kInet, text_cell("2001:db8::1")),
            "\0\0\0\x14\3\x80\0\x10\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\1"s);
}

TEST(PgCopy, WhatIsNoUuidOrAddressGoesAsText) {
  for (const char* text :
       {"", "00112233-4455-6677-8899-aabbccddeef", "x0112233-4455-6677-8899-aabbccddeeff"}) {
    EXPECT_EQ(field(ColumnType::kUuid, text_cell(text)).substr(4), text);
  }
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "::g"}) {
    EXPECT_EQ(field(ColumnType::kInet, text_cell(text)).substr(4), text);
  }
}

TEST(PgCopy, RowsFollowEachOtherAndLargeOnesFit) {
  const ColumnSpec columns[] = {column_of(ColumnType::kVarchar), column_of(ColumnType::kInteger)};
  PgCopy encoder(columns);
  const std::string large(1'000'000, 'x');
  RowBlock rows;
  rows.columns = {{text_cell("a"), text_cell(large), text_cell("c")},
                  {integer_cell(1), integer_cell(2), Cell{}}};
  rows.row_count = 3;
  const std::string all(encoder.encode(rows, 0, 3));
  const std::string parts = std::string(encoder.encode(rows, 0, 1)) +
                            std::string(encoder.encode(rows, 1, 2)) +
                            std::string(encoder.encode(rows, 2, 3));
  EXPECT_EQ(all, parts);
  EXPECT_EQ(all.size(), 3 * 2 + 3 * 8 + 2 + large.size() + 16);
  EXPECT_EQ(encoder.encode(rows, 1, 1), "");
}

}  // namespace
}  // namespace pixel::shipper
