// SPDX-License-Identifier: Apache-2.0
// Columns that are no plain field: cookies, JSON by its path, defaults, fields encoded twice.
#include <gtest/gtest.h>

#include "shipper/decode/columns.h"
#include "shipper/decode/table_decoder.h"
#include "shipper/decode/text_decode.h"
#include "shipper/decode/values.h"
#include "tests/unit/shipper/support/lines.h"

namespace pixel::shipper {
namespace {

using logfmt::Field;

constexpr logfmt::SegmentId kSegment{{logfmt::SegmentKind::kAccess, 1, 2, 3}, 4};

// The one column of the one row as text; the reason where there is none.
std::string decode(const ColumnSpec& column, const std::string& text) {
  TableDecoder decoder({{"t", logfmt::SegmentKind::kAccess, {column}}});
  std::vector<RowBlock> blocks;
  std::vector<DeadLetter> dead;
  decoder.decode(kSegment, 0, text, blocks, dead);
  if (!dead.empty()) return "dead: " + dead[0].reason;
  const Cell& cell = blocks[0].columns[0].at(0);
  if (cell.null) return "NULL";
  if (is_text(column.type)) return std::string(cell.text());
  if (column.type == ColumnType::kDouble) return fmt::format("{}", cell.real);
  return fmt::format("{}", cell.integer);
}

ColumnSpec column_of(ColumnSource source, const std::string& parameter,
                     ColumnType type = ColumnType::kVarchar) {
  ColumnSpec column;
  column.name = "x";
  column.source = source;
  column.parameter = parameter;
  column.type = type;
  return column;
}

std::string cookie(const std::string& field, const std::string& name) {
  return decode(column_of(ColumnSource::kCookie, name), access_line({{Field::kCookie, field}}));
}

TEST(Cookies, ByNameDecodedTheFirstCounts) {
  EXPECT_EQ(cookie("a=1;%20b=two%2520words;%20b=3", "b"), "two words");
  EXPECT_EQ(cookie("a=1;b=2", "a"), "1");
  EXPECT_EQ(cookie("a=1;b=2", "c"), "NULL");
  EXPECT_EQ(cookie("-", "a"), "NULL");
  EXPECT_EQ(cookie("a;%20b=%22q%20uoted%22", "b"), "q uoted");
  EXPECT_EQ(cookie("a;b=", "b"), "");
  EXPECT_EQ(cookie("aa=1;%20a=x=y", "a"), "x=y");
}

TEST(JsonColumns, PathsIntoAParameter) {
  const std::string line = access_line({{Field::kUriQuery,
                                         "data=%257B%2522a%2522:%257B%2522n%2522:7,%2522s%2522:"
                                         "%2522x%2522,%2522z%2522:null%257D%257D"}});
  ColumnSpec column = column_of(ColumnSource::kQuery, "data", ColumnType::kInteger);
  column.has_path = true;
  column.path = {{"a", 0, false}, {"n", 0, false}};
  EXPECT_EQ(decode(column, line), "7");
  column.path.back().key = "s";
  EXPECT_EQ(decode(column, line),
            "dead: column x: not an integer: '{\"a\":{\"n\":7,\"s\":\"x\","
            "\"z\":null}}'");
  column.path.back().key = "z";
  EXPECT_EQ(decode(column, line), "NULL");
  column.type = ColumnType::kJson;
  column.path.pop_back();
  EXPECT_EQ(decode(column, line), "{\"n\":7,\"s\":\"x\",\"z\":null}");
  EXPECT_EQ(decode(column, access_line({{Field::kUriQuery, "data=%257B"}})),
            "dead: column x: not JSON: '{'");
  EXPECT_EQ(decode(column, access_line({{Field::kUriQuery, "data="}})), "NULL");
}

TEST(Defaults, StandForWhatIsAbsentAndWhereAskedForWhatIsBad) {
  ColumnSpec column = column_of(ColumnSource::kQuery, "n", ColumnType::kInteger);
  column.default_value.is_set = true;
  column.default_value.integer = -1;
  const std::string none = access_line({{Field::kUriQuery, "m=1"}});
  const std::string bad = access_line({{Field::kUriQuery, "n=x"}});
  EXPECT_EQ(decode(column, none), "-1");
  EXPECT_EQ(decode(column, bad), "dead: column x: not an integer: 'x'");
  column.on_error = OnError::kNull;
  EXPECT_EQ(decode(column, bad), "NULL");
  column.on_error = OnError::kDefault;
  EXPECT_EQ(decode(column, bad), "-1");
  ColumnSpec text = column_of(ColumnSource::kCookie, "n");
  text.default_value.is_set = true;
  EXPECT_EQ(decode(text, none), "");
  text.default_value.text = "none";
  EXPECT_EQ(decode(text, none), "none");
}

std::string agent(const std::string& field, DecodeMode mode) {
  ColumnSpec column = column_of(ColumnSource::kField, "");
  column.field = Field::kUserAgent;
  column.percent_decode = true;
  column.decode_mode = mode;
  return decode(column, access_line({{Field::kUserAgent, field}}));
}

TEST(DecodeModes, AutoDecodesTwiceOnlyWhatWasEncodedTwice) {
  const std::string twice = "Mozilla/5.0%2520(Windows%2520NT)";
  EXPECT_EQ(agent(twice, DecodeMode::kOnce), "Mozilla/5.0%20(Windows%20NT)");
  EXPECT_EQ(agent(twice, DecodeMode::kTwice), "Mozilla/5.0 (Windows NT)");
  EXPECT_EQ(agent(twice, DecodeMode::kAuto), "Mozilla/5.0 (Windows NT)");
  // A single byte that is encoded once says that all are.
  EXPECT_EQ(agent("x%20y%2520z", DecodeMode::kAuto), "x y%20z");
  EXPECT_EQ(agent("100%25", DecodeMode::kAuto), "100%");
  EXPECT_EQ(agent("100%25zz", DecodeMode::kAuto), "100%zz");
  EXPECT_EQ(agent("plain", DecodeMode::kAuto), "plain");
  EXPECT_FALSE(is_encoded_twice("%2"));
  EXPECT_TRUE(is_encoded_twice("%25ab"));
}

TEST(Values, UuidsAndAddresses) {
  std::string uuid(36, ' ');
  EXPECT_TRUE(write_uuid("00112233-4455-6677-8899-AABBCCDDEEFF", uuid.data()));
  EXPECT_EQ(uuid, "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_TRUE(write_uuid("00112233445566778899aabbccddeeff", uuid.data()));
  EXPECT_EQ(uuid, "00112233-4455-6677-8899-aabbccddeeff");
  for (const char* bad : {"", "x", "00112233-4455-6677-8899-aabbccddeef",
                          "0011223-34455-6677-8899"
                          "-aabbccddeeff",
                          "00112233445566778899aabbccddeefg"}) {
    EXPECT_FALSE(write_uuid(bad, uuid.data())) << bad;
  }
  for (const char* good : {"192.0.2.1", "::", "2001:db8::1", "::ffff:192.0.2.1"}) {
    EXPECT_TRUE(is_ip_address(good)) << good;
  }
  for (const char* bad : {"", "192.0.2", "192.0.2.1:80", "[::1]", "fe80::1%eth0", "x"}) {
    EXPECT_FALSE(is_ip_address(bad)) << bad;
  }
  EXPECT_FALSE(is_ip_address(std::string_view("::1\0", 4)));
}

// Lines of the years before 2019 end after 26 fields: the others are NULL.
TEST(OldLines, HaveNoLaterFields) {
  std::string line = access_line();
  for (int i = 0; i < 7; ++i) line.resize(line.rfind('\t'));
  line += '\n';
  ColumnSpec column = column_of(ColumnSource::kField, "", ColumnType::kInteger);
  column.field = Field::kClientPort;
  EXPECT_EQ(decode(column, line), "NULL");
  column.field = Field::kStatus;
  EXPECT_EQ(decode(column, line), "200");
}

}  // namespace
}  // namespace pixel::shipper
