// SPDX-License-Identifier: Apache-2.0
#include "shipper/decode/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "shipper/decode/columns.h"
#include "shipper/decode/table_decoder.h"
#include "tests/unit/shipper/support/lines.h"

namespace pixel::shipper {
namespace {

using logfmt::Field;

constexpr logfmt::SegmentId kSegment{{logfmt::SegmentKind::kAccess, 1, 2, 3}, 4};

// Decodes and gives cells back as text: "NULL", "i:7", "r:0.5", "t:..." by column name.
class DecoderTest : public testing::Test {
 protected:
  void decode(const std::string& text, const std::vector<ColumnSpec>& parameters = {
                                           parameter_column("a"), parameter_column("b")}) {
    columns_ = standard_columns(parameters);
    TableDecoder decoder({{"requests", logfmt::SegmentKind::kAccess, columns_}});
    std::vector<RowBlock> tables(1);
    dead_.clear();
    const std::string_view kept = tables[0].text.copy(text);
    counts_ = decoder.decode(kSegment, 1000, kept, tables, dead_);
    rows_ = std::move(tables[0]);
  }
  std::string cell(const std::string& name, std::size_t row = 0) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].name != name) continue;
      const Cell& value = rows_.columns[i].at(row);
      if (value.null) return "NULL";
      if (columns_[i].type == ColumnType::kVarchar) return "t:" + std::string(value.text());
      if (columns_[i].type == ColumnType::kDouble) return fmt::format("r:{}", value.real);
      return fmt::format("i:{}", value.integer);
    }
    return "no such column";
  }
  std::vector<ColumnSpec> columns_;
  RowBlock rows_;
  std::vector<DeadLetter> dead_;
  DecodeCounts counts_;
};

TEST_F(DecoderTest, EveryColumnOfAnOrdinaryLine) {
  decode(access_line());
  ASSERT_EQ(rows_.row_count, 1U);
  const std::map<std::string, std::string> expected = {
      {"request_time", "i:1795200720000000"},
      {"edge_location", "t:DFW3"},
      {"sc_bytes", "i:401"},
      {"c_ip", "t:192.0.2.7"},
      {"cs_method", "t:GET"},
      {"cs_host", "t:d1.example.net"},
      {"cs_uri_stem", "t:/p.gif"},
      {"sc_status", "i:200"},
      {"cs_referer", "t:https://example.com/page"},
      {"cs_user_agent", "t:Mozilla/5.0 (X11)"},
      {"cs_uri_query", "t:a=1&b=two"},
      {"cs_cookie", "NULL"},
      {"x_edge_result_type", "t:Hit"},
      {"x_edge_request_id", "t:AAAAAAAAAAAAAAAAAAAAAA"},
      {"x_host_header", "t:px.example.com"},
      {"cs_protocol", "t:http"},
      {"cs_bytes", "i:512"},
      {"time_taken", "r:0.001"},
      {"x_forwarded_for", "NULL"},
      {"ssl_protocol", "NULL"},
      {"ssl_cipher", "NULL"},
      {"x_edge_response_result_type", "t:Hit"},
      {"cs_protocol_version", "t:HTTP/1.1"},
      {"fle_status", "NULL"},
      {"fle_encrypted_fields", "NULL"},
      {"c_port", "i:50123"},
      {"time_to_first_byte", "r:0.001"},
      {"x_edge_detailed_result_type", "t:Hit"},
      {"sc_content_type", "t:image/gif"},
      {"sc_content_len", "i:43"},
      {"sc_range_start", "NULL"},
      {"sc_range_end", "NULL"},
      {"a", "t:1"},
      {"b", "t:two"},
      {"_segment", "t:" + to_text(kSegment)},
      {"_offset", "i:1000"}};
  EXPECT_EQ(columns_.size(), expected.size());
  for (const auto& [name, value] : expected) EXPECT_EQ(cell(name), value) << name;
  EXPECT_EQ(counts_.oldest_request_us, 1795200720000000);
}

TEST_F(DecoderTest, OffsetIsTheLinesFirstByteInTheSegment) {
  const std::string line = access_line();
  decode("#Version: 1.0\n" + line + line);
  EXPECT_EQ(cell("_offset", 0), "i:1014");
  EXPECT_EQ(cell("_offset", 1), fmt::format("i:{}", 1014 + line.size()));
  EXPECT_EQ(counts_.lines, 2U);
}

// The log encodes once: '%' itself is %25. What the client sent comes back, encoded or not.
TEST_F(DecoderTest, LogEncodingIsUndoneExactlyOnce) {
  decode(access_line({{Field::kUriStem, "/a%2520b"},
                      {Field::kUserAgent, "%257B%20x"},
                      {Field::kReferer, "https://e.com/?q=%2522"},
                      {Field::kCookie, "k=%22v%22"}}));
  EXPECT_EQ(cell("cs_uri_stem"), "t:/a%20b");
  EXPECT_EQ(cell("cs_user_agent"), "t:%7B x");
  EXPECT_EQ(cell("cs_referer"), "t:https://e.com/?q=%22");
  EXPECT_EQ(cell("cs_cookie"), "t:k=\"v\"");
}

TEST_F(DecoderTest, QueryIsRawAndItsParametersAreFormValues) {
  decode(
      access_line({{Field::kUriQuery, "a=x%2520y+z%252B&b=%25E2%2582%25AC&c"}}),
      {parameter_column("a"), parameter_column("b"), parameter_column("c"), parameter_column("d")});
  EXPECT_EQ(cell("cs_uri_query"), "t:a=x%20y+z%2B&b=%E2%82%AC&c");
  EXPECT_EQ(cell("a"), "t:x y z+");
  EXPECT_EQ(cell("b"), "t:\xE2\x82\xAC");
  EXPECT_EQ(cell("c"), "t:");
  EXPECT_EQ(cell("d"), "NULL");
}

TEST_F(DecoderTest, EncodedAmpersandDoesNotSplitAndFirstParameterCounts) {
  decode(access_line({{Field::kUriQuery, "a=1%2526b=2&a=3&%2561=4&&=5&b=%"}}));
  EXPECT_EQ(cell("a"), "t:1&b=2");
  EXPECT_EQ(cell("b"), "t:%");
}

TEST_F(DecoderTest, EncodedParameterNameMatches) {
  decode(access_line({{Field::kUriQuery, "%2561=4"}}));
  EXPECT_EQ(cell("a"), "t:4");
}

TEST_F(DecoderTest, InvalidUtf8AndNulBecomeReplacementCharacters) {
  const std::string bad = "\xEF\xBF\xBD";
  decode(access_line({{Field::kUserAgent, "x%FFy%00z%E2%82"}, {Field::kUriQuery, "a=%25C3%2528"}}));
  EXPECT_EQ(cell("cs_user_agent"), "t:x" + bad + "y" + bad + "z" + bad);
  EXPECT_EQ(cell("a"), "t:" + bad + "(");
}

TEST_F(DecoderTest, RawBytesAboveAsciiOfForeignLogsAreChecked) {
  decode(access_line({{Field::kClientIp, "caf\xC3\xA9"}, {Field::kHost, "\xFF"}}));
  EXPECT_EQ(cell("c_ip"), "t:caf\xC3\xA9");
  EXPECT_EQ(cell("cs_host"), "t:\xEF\xBF\xBD");
}

TEST_F(DecoderTest, BadValueSendsTheLineToTheDeadLetterWithItsReason) {
  const std::string bad = access_line({{Field::kScBytes, "x"}});
  decode(access_line() + bad + access_line({{Field::kStatus, "404"}}));
  ASSERT_EQ(rows_.row_count, 2U);
  EXPECT_EQ(cell("sc_status", 0), "i:200");
  EXPECT_EQ(cell("sc_status", 1), "i:404");
  ASSERT_EQ(dead_.size(), 1U);
  EXPECT_EQ(dead_[0].reason, "column sc_bytes: not an integer: 'x'");
  EXPECT_EQ(dead_[0].line + "\n", bad);
  EXPECT_EQ(dead_[0].offset, 1000 + access_line().size());
  EXPECT_EQ(counts_.dead_lettered, 1U);
  for (const auto& cells : rows_.columns) EXPECT_EQ(cells.size(), 2U);
}

TEST_F(DecoderTest, LinesThatAreNoLinesGoToTheDeadLetter) {
  decode("short\n" + access_line() + access_line({{Field::kRangeEnd, "-\textra"}}));
  EXPECT_EQ(rows_.row_count, 1U);
  ASSERT_EQ(dead_.size(), 2U);
  EXPECT_EQ(dead_[0].line, "short");
  EXPECT_EQ(dead_[0].reason, bad_line_name(logfmt::BadLine::kTooFewFields));
  EXPECT_EQ(dead_[1].reason, bad_line_name(logfmt::BadLine::kTooManyFields));
}

TEST_F(DecoderTest, OldLinesOf26FieldsHaveNullBeyond) {
  std::string line;
  std::size_t tabs = 0;
  for (const char c : access_line()) {
    if (c == '\t' && ++tabs == logfmt::kOldFieldCount) break;
    line += c;
  }
  decode(line + "\n");
  ASSERT_EQ(rows_.row_count, 1U);
  EXPECT_EQ(cell("cs_protocol_version"), "t:HTTP/1.1");
  EXPECT_EQ(cell("c_port"), "NULL");
  EXPECT_EQ(cell("sc_content_type"), "NULL");
}

TEST_F(DecoderTest, TypedParametersTakeTheirTypesOrNullOrTheDeadLetter) {
  ColumnSpec price = parameter_column("price");
  price.type = ColumnType::kDouble;
  price.on_error = OnError::kNull;
  ColumnSpec at = parameter_column("at");
  at.type = ColumnType::kTimestamp;
  ColumnSpec flag = parameter_column("flag");
  flag.type = ColumnType::kBoolean;
  ColumnSpec n = parameter_column("n");
  n.type = ColumnType::kInteger;
  const std::vector<ColumnSpec> specs = {price, at, flag, n};
  decode(access_line({{Field::kUriQuery,
                       "price=1.5e3&at=2026-11-20T18:52:00.5Z&flag=true&n=-9223372036854775808"}}),
         specs);
  EXPECT_EQ(cell("price"), "r:1500");
  EXPECT_EQ(cell("at"), "i:1795200720500000");
  EXPECT_EQ(cell("flag"), "i:1");
  EXPECT_EQ(cell("n"), "i:-9223372036854775808");
  decode(access_line({{Field::kUriQuery, "price=cheap&n="}}), specs);
  ASSERT_EQ(rows_.row_count, 1U);
  EXPECT_EQ(cell("price"), "NULL");
  EXPECT_EQ(cell("n"), "NULL");
  decode(access_line({{Field::kUriQuery, "n=9223372036854775808"}}), specs);
  ASSERT_EQ(dead_.size(), 1U);
  EXPECT_EQ(dead_[0].reason, "column n: not an integer: '9223372036854775808'");
}

TEST_F(DecoderTest, TimesThatDoNotExistGoToTheDeadLetter) {
  const std::pair<const char*, const char*> bad[] = {
      {"2026-02-29", "00:00:00"}, {"2026-13-01", "00:00:00"},
      {"2026-11-00", "00:00:00"}, {"2026-11-20", "24:00:00"},
      {"2026-11-20", "23:60:00"}, {"2026-11-20", "1:00:00"},
      {"2026/11/20", "00:00:00"}, {"-", "-"},
      {"2026-11-2x", "00:00:00"}};
  for (const auto& [date, time] : bad) {
    decode(access_line({{Field::kDate, date}, {Field::kTime, time}}));
    EXPECT_EQ(rows_.row_count, 0U) << date << " " << time;
    ASSERT_EQ(dead_.size(), 1U);
    EXPECT_TRUE(dead_[0].reason.starts_with("column request_time: not a timestamp: '"));
  }
  decode(access_line({{Field::kDate, "2028-02-29"}, {Field::kTime, "23:59:60"}}));
  EXPECT_EQ(rows_.row_count, 1U);
}

TEST_F(DecoderTest, StatusOfAClosedConnectionIsZero) {
  decode(access_line({{Field::kStatus, "000"}}));
  EXPECT_EQ(cell("sc_status"), "i:0");
}

TEST_F(DecoderTest, RowsOfSeveralCallsFollowEachOther) {
  TableDecoder decoder({requests_table({})});
  std::vector<RowBlock> tables(1);
  std::vector<DeadLetter> dead;
  for (int i = 0; i < 3; ++i) {
    decoder.decode(kSegment, 0, tables[0].text.copy(access_line()), tables, dead);
  }
  EXPECT_EQ(tables[0].row_count, 3U);
}

TEST_F(DecoderTest, ManyLinesAtOnceBecomeRowsAndDeadLettersAtTheirPlaces) {
  std::string text = "#Version: 1.0\n";
  std::vector<std::int64_t> good;
  std::vector<std::uint64_t> bad;
  for (int i = 0; i < 1'500; ++i) {
    const std::uint64_t offset = 1000 + text.size();
    if (i % 97 == 5) {
      bad.push_back(offset);
      text += i % 2 == 0 ? "no line\n" : access_line({{Field::kScBytes, "x"}});
    } else {
      good.push_back(static_cast<std::int64_t>(offset));
      text += access_line({{Field::kStatus, std::to_string(i)}});
    }
  }
  ASSERT_GT(text.size(), 4U * 64 * 1024);  // It is decoded in pieces.
  decode(text);
  ASSERT_EQ(rows_.row_count, good.size());
  for (std::size_t row = 0; row < good.size(); ++row) {
    EXPECT_EQ(cell("_offset", row), fmt::format("i:{}", good[row]));
  }
  std::vector<std::uint64_t> dead;
  for (const DeadLetter& letter : dead_) dead.push_back(letter.offset);
  std::sort(dead.begin(), dead.end());
  EXPECT_EQ(dead, bad);
  EXPECT_EQ(counts_.lines, 1'500U);
  EXPECT_EQ(counts_.delivered, good.size());
  EXPECT_EQ(counts_.dead_lettered, bad.size());
  EXPECT_EQ(counts_.oldest_request_us, 1795200720000000);
}

// Every cut of a line decodes to a row or a dead letter, never to nothing.
TEST_F(DecoderTest, EveryCutOfALineIsCounted) {
  const std::string line = access_line();
  for (std::size_t bytes = 1; bytes < line.size(); ++bytes) {
    decode(line.substr(0, bytes) + (line[bytes - 1] == '\n' ? "" : "\n"));
    EXPECT_EQ(counts_.lines, 1U) << bytes;
    EXPECT_EQ(rows_.row_count + dead_.size(), 1U) << bytes;
  }
}

TEST(Columns, NamesAreChecked) {
  EXPECT_TRUE(is_column_name("a"));
  EXPECT_TRUE(is_column_name("_x9"));
  for (const char* name : {"", "9a", "A", "a-b", "a b", "\xC3\xA9"}) {
    EXPECT_FALSE(is_column_name(name)) << name;
  }
  EXPECT_FALSE(is_column_name(std::string(64, 'a')));
}

}  // namespace
}  // namespace pixel::shipper
