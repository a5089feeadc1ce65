// SPDX-License-Identifier: Apache-2.0
// CSV, TabSeparated and RowBinary, byte by byte.
#include <gtest/gtest.h>

#include <numeric>

#include "shipper/encode/csv.h"
#include "shipper/encode/row_binary.h"
#include "shipper/encode/tsv.h"
#include "tests/unit/shipper/encode/block_maker.h"

namespace pixel::shipper {
namespace {

using namespace std::string_literals;

std::vector<std::uint32_t> all_rows(const BlockMaker& maker) {
  std::vector<std::uint32_t> rows(maker.block().row_count);
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

std::string tsv_of(const BlockMaker& maker, const std::vector<WireColumn>& wire) {
  Tsv encoder(maker.columns(), wire);
  return std::string(encoder.encode(maker.block(), all_rows(maker)));
}

std::string binary_of(const BlockMaker& maker, const std::vector<WireColumn>& wire) {
  RowBinary encoder(maker.columns(), wire);
  std::string bytes(encoder.encode(maker.block(), all_rows(maker)));
  EXPECT_TRUE(encoder.unfit().empty());
  return bytes;
}

TEST(Csv, QuotesWhatNeedsItAndTellsNullFromEmpty) {
  BlockMaker maker({{"a", ColumnType::kVarchar}, {"b", ColumnType::kVarchar}});
  maker.text("plain").null().text("").text("a,b").text("say \"x\"").text("two\nlines");
  Csv encoder(maker.columns());
  EXPECT_EQ(encoder.header(), "a,b\n");
  EXPECT_EQ(encoder.encode(maker.block(), 0, 3),
            "plain,\n\"\",\"a,b\"\n\"say \"\"x\"\"\",\"two\nlines\"\n");
}

TEST(Csv, EveryType) {
  BlockMaker maker({{"i", ColumnType::kInteger},
                    {"d", ColumnType::kDouble},
                    {"b", ColumnType::kBoolean},
                    {"t", ColumnType::kTimestamp}});
  maker.integer(-5).real(0.25).integer(0).integer(1'795'200'720'000'000);
  Csv encoder(maker.columns());
  EXPECT_EQ(encoder.encode(maker.block(), 0, 1), "-5,0.25,false,2026-11-20T18:52:00Z\n");
}

TEST(Tsv, EscapesTabNewlineBackslashAndTellsNullFromEmpty) {
  BlockMaker maker({{"a", ColumnType::kVarchar}, {"b", ColumnType::kVarchar}});
  const std::vector<WireColumn> wire = {{WireType::kString, true, 0},
                                        {WireType::kString, false, 0}};
  maker.text("a\tb\nc\\d\re\x01").text("plain \"text\"").null().null().text("").text("\\N");
  EXPECT_EQ(tsv_of(maker, wire), "a\\tb\\nc\\\\d\\re\x01\tplain \"text\"\n\\N\t\n\t\\\\N\n");
}

TEST(Tsv, NumbersTimesAndAddresses) {
  BlockMaker maker({{"i", ColumnType::kInteger},
                    {"d", ColumnType::kDouble},
                    {"b", ColumnType::kBoolean},
                    {"t", ColumnType::kTimestamp},
                    {"u", ColumnType::kTimestamp},
                    {"a", ColumnType::kInet}});
  const std::vector<WireColumn> wire = {
      {WireType::kInt64, true, 0},      {WireType::kFloat64, true, 0},
      {WireType::kUInt8, true, 0},      {WireType::kDateTime, false, 0},
      {WireType::kDateTime64, true, 6}, {WireType::kIpv6, true, 0}};
  maker.integer(-5).real(0.5).integer(1);
  maker.integer(1'795'200'720'250'000).integer(1'795'200'720'250'000).text("192.0.2.7");
  maker.null().null().null().null().null().null();
  maker.integer(1).real(1e300).integer(0).integer(0).integer(5'000'001).text("2001:db8::1");
  EXPECT_EQ(tsv_of(maker, wire),
            "-5\t0.5\t1\t1795200720\t1795200720.250000\t::ffff:192.0.2.7\n"
            "\\N\t\\N\t\\N\t0000000000\t\\N\t\\N\n"
            "1\t1e+300\t0\t0000000000\t0000000005.000001\t2001:db8::1\n");
}

TEST(Tsv, OnlyTheChosenRowsInTheirOrder) {
  BlockMaker maker({{"i", ColumnType::kInteger}});
  for (int i = 0; i < 5; ++i) maker.integer(i);
  Tsv encoder(maker.columns(), std::vector<WireColumn>{{WireType::kInt64, false, 0}});
  EXPECT_EQ(encoder.encode(maker.block(), std::vector<std::uint32_t>{1, 4}), "1\n4\n");
  EXPECT_EQ(encoder.encode(maker.block(), {}), "");
}

TEST(RowBinary, IntegersOfEveryWidth) {
  BlockMaker maker({{"a", ColumnType::kInteger},
                    {"b", ColumnType::kInteger},
                    {"c", ColumnType::kInteger},
                    {"d", ColumnType::kInteger},
                    {"e", ColumnType::kBoolean}});
  const std::vector<WireColumn> wire = {{WireType::kUInt8, false, 0},
                                        {WireType::kInt16, true, 0},
                                        {WireType::kUInt32, false, 0},
                                        {WireType::kInt64, true, 0},
                                        {WireType::kUInt8, true, 0}};
  maker.integer(255).integer(-2).integer(0x01020304).integer(-1).integer(1);
  maker.null().null().null().null().null();
  EXPECT_EQ(binary_of(maker, wire),
            "\xFF"
            "\x00\xFE\xFF"
            "\x04\x03\x02\x01"
            "\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
            "\x00\x01"
            "\x00"
            "\x01"
            "\x00\x00\x00\x00"
            "\x01"
            "\x01"s);
}

TEST(RowBinary, TextsBeginWithTheirLength) {
  BlockMaker maker({{"a", ColumnType::kVarchar}});
  const std::vector<WireColumn> wire = {{WireType::kString, false, 0}};
  const std::string large(300, 'x');
  maker.text("").text("ab").text(large).null();
  EXPECT_EQ(binary_of(maker, wire), "\x00\x02"s + "ab" + "\xAC\x02" + large + "\x00"s);
}

TEST(RowBinary, TimesUuidsAddressesAndReals) {
  BlockMaker maker({{"a", ColumnType::kTimestamp},
                    {"b", ColumnType::kTimestamp},
                    {"c", ColumnType::kUuid},
                    {"d", ColumnType::kInet},
                    {"e", ColumnType::kInet},
                    {"f", ColumnType::kDouble},
                    {"g", ColumnType::kDouble}});
  const std::vector<WireColumn> wire = {
      {WireType::kDateTime, false, 0}, {WireType::kDateTime64, false, 3},
      {WireType::kUuid, false, 0},     {WireType::kIpv4, false, 0},
      {WireType::kIpv6, false, 0},     {WireType::kFloat64, false, 0},
      {WireType::kFloat32, false, 0}};
  // 0x01020304 seconds.
  maker.integer(16'909'060'999'999).integer(-1);
  maker.text("00112233-4455-6677-8899-aabbccddeeff").text("1.2.3.4").text("1.2.3.4");
  maker.real(1.0).real(1.0);
  EXPECT_EQ(binary_of(maker, wire),
            "\x04\x03\x02\x01"
            "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
            "\x77\x66\x55\x44\x33\x22\x11\x00\xFF\xEE\xDD\xCC\xBB\xAA\x99\x88"
            "\x04\x03\x02\x01"
            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\x01\x02\x03\x04"
            "\x00\x00\x00\x00\x00\x00\xF0\x3F"
            "\x00\x00\x80\x3F"s);
}

TEST(RowBinary, LeavesOutAndNamesRowsThatDoNotFit) {
  BlockMaker maker({{"n", ColumnType::kInteger}, {"a", ColumnType::kVarchar}});
  const std::vector<WireColumn> wire = {{WireType::kUInt8, false, 0}, {WireType::kIpv4, true, 0}};
  maker.integer(1).null().integer(256).null().integer(2).text("no address").integer(3).null();
  RowBinary encoder(maker.columns(), wire);
  EXPECT_EQ(encoder.encode(maker.block(), all_rows(maker)), "\x01\x01\x03\x01"s);
  ASSERT_EQ(encoder.unfit().size(), 2U);
  EXPECT_EQ(encoder.unfit()[0].row, 1U);
  EXPECT_NE(encoder.unfit()[0].reason.find("column n: 256"), std::string::npos);
  EXPECT_EQ(encoder.unfit()[1].row, 2U);
  EXPECT_NE(encoder.unfit()[1].reason.find("'no address'"), std::string::npos);
}

TEST(WhyUnfit, NamesValuesThatTextWouldSayAndItsColumnCannotHold) {
  ColumnSpec column;
  column.name = "at";
  column.type = ColumnType::kTimestamp;
  Cell cell;
  EXPECT_EQ(why_unfit(column, {WireType::kDateTime}, cell), "") << "NULL";
  cell.null = false;
  cell.integer = -1'000'000;
  EXPECT_EQ(why_unfit(column, {WireType::kDateTime}, cell),
            "column at: -1000000 does not fit the column's type");
  cell.integer = std::int64_t{253402300799} * 1'000'000;
  EXPECT_NE(why_unfit(column, {WireType::kDateTime}, cell), "");
  EXPECT_EQ(why_unfit(column, {WireType::kDateTime64, false, 3}, cell), "");
  EXPECT_EQ(why_unfit(column, {WireType::kString}, cell), "") << "the server's to judge";
  column.type = ColumnType::kInteger;
  EXPECT_NE(why_unfit(column, {WireType::kUInt16}, cell), "");
}

TEST(RowBinary, EveryPairThatFitsEncodes) {
  EXPECT_TRUE(fits_wire(ColumnType::kVarchar, {WireType::kString, true, 0}));
  EXPECT_FALSE(fits_wire(ColumnType::kVarchar, {WireType::kInt64, true, 0}));
  EXPECT_FALSE(fits_wire(ColumnType::kInteger, {WireType::kString, true, 0}));
  EXPECT_FALSE(fits_wire(ColumnType::kInteger, {WireType::kFloat64, true, 0}));
  EXPECT_FALSE(fits_wire(ColumnType::kDouble, {WireType::kInt64, true, 0}));
  EXPECT_TRUE(fits_wire(ColumnType::kTimestamp, {WireType::kDateTime64, false, 9}));
  EXPECT_FALSE(fits_wire(ColumnType::kJson, {WireType::kIpv6, false, 0}));
}

}  // namespace
}  // namespace pixel::shipper
