// SPDX-License-Identifier: Apache-2.0
#include "shipper/encode/json_lines.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/unit/shipper/encode/block_maker.h"

namespace pixel::shipper {
namespace {

std::string json_of(const BlockMaker& maker, std::string_view label = "") {
  JsonLines encoder(maker.columns(), label);
  return std::string(encoder.encode(maker.block()));
}

TEST(JsonLines, EveryTypeAndItsNull) {
  BlockMaker maker({{"a", ColumnType::kVarchar},
                    {"b", ColumnType::kInteger},
                    {"c", ColumnType::kDouble},
                    {"d", ColumnType::kBoolean},
                    {"e", ColumnType::kTimestamp},
                    {"f", ColumnType::kUuid},
                    {"g", ColumnType::kInet},
                    {"h", ColumnType::kJson}});
  maker.text("x").integer(-7).real(0.5).integer(1).integer(1'500'000);
  maker.text("00112233-4455-6677-8899-aabbccddeeff").text("192.0.2.7").text("{\"k\": [1]}");
  for (int i = 0; i < 8; ++i) maker.null();
  EXPECT_EQ(json_of(maker),
            "{\"a\":\"x\",\"b\":-7,\"c\":0.5,\"d\":true,\"e\":\"1970-01-01T00:00:01.500000Z\","
            "\"f\":\"00112233-4455-6677-8899-aabbccddeeff\",\"g\":\"192.0.2.7\","
            "\"h\":{\"k\": [1]}}\n"
            "{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":null,\"f\":null,\"g\":null,"
            "\"h\":null}\n");
}

TEST(JsonLines, LabelComesFirst) {
  BlockMaker maker({{"a", ColumnType::kInteger}});
  maker.integer(1);
  EXPECT_EQ(json_of(maker, "clicks"), "{\"_table\":\"clicks\",\"a\":1}\n");
}

TEST(JsonLines, EscapesEveryControlCharacterQuoteAndBackslash) {
  std::string all;
  for (int c = 1; c < 128; ++c) all += static_cast<char>(c);
  all += "\xE2\x82\xAC";
  BlockMaker maker({{"x", ColumnType::kVarchar}});
  maker.text(all);
  const std::string line = json_of(maker);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(nlohmann::json::parse(line)["x"], all);
}

// Each length takes another path through the copy, each place another lane of it.
TEST(JsonLines, EscapeAtEveryPlaceOfEveryLength) {
  for (std::size_t size = 0; size < 70; ++size) {
    for (std::size_t place = 0; place <= size; ++place) {
      for (const char special : {'"', '\\', '\x1F', '\x01'}) {
        std::string text(size, 'x');
        if (place < size) text[place] = special;
        BlockMaker maker({{"x", ColumnType::kVarchar}});
        maker.text(text);
        ASSERT_EQ(nlohmann::json::parse(json_of(maker))["x"], text) << size << " " << place;
      }
    }
  }
}

TEST(JsonLines, NeverReadsBeyondATextThatEndsAtAnUnreadablePage) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  auto* const memory = static_cast<char*>(
      ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(memory, MAP_FAILED);
  std::memset(memory, 'y', page);
  ASSERT_EQ(::mprotect(memory + page, page, PROT_NONE), 0);
  ColumnSpec spec;
  spec.name = "x";
  JsonLines encoder(std::span(&spec, 1));
  for (std::size_t size = 0; size < 70; ++size) {
    Cell cell;
    cell.null = false;
    cell.size = static_cast<std::uint32_t>(size);
    cell.data = memory + page - size;
    RowBlock rows;
    rows.columns = {{cell}};
    rows.row_count = 1;
    EXPECT_EQ(encoder.encode(rows), "{\"x\":\"" + std::string(size, 'y') + "\"}\n");
  }
  ::munmap(memory, 2 * page);
}

TEST(JsonLines, GrowsForTextsOfAnySize) {
  const std::string large(3'000'000, '\x02');
  BlockMaker maker({{"x", ColumnType::kVarchar}, {"y", ColumnType::kVarchar}});
  maker.text(large).text(large).text("a").text("b");
  const std::string lines = json_of(maker);
  const auto first = nlohmann::json::parse(lines.substr(0, lines.find('\n')));
  EXPECT_EQ(first["x"], large);
  EXPECT_EQ(first["y"], large);
  EXPECT_TRUE(lines.ends_with("{\"x\":\"a\",\"y\":\"b\"}\n"));
}

TEST(JsonLines, JsonOverSeveralLinesStaysOneRow) {
  BlockMaker maker({{"x", ColumnType::kJson}});
  maker.text("{\n  \"a\":\r\n 1\n}");
  const std::string line = json_of(maker);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(nlohmann::json::parse(line)["x"]["a"], 1);
}

TEST(JsonLines, NumbersReadBackAsTheSame) {
  BlockMaker maker({{"x", ColumnType::kDouble}});
  const double values[] = {0.0,  0.000084, 1.5,     -0.25,    1e-7,       123456.789012,
                           1e9,  999999.9, 1e300,   5e-324,   0.1,        3.0,
                           -0.0, 2.5e-6,   1.0 / 3, 1e15 + 1, 0.30000001, 100.0};
  for (const double value : values) maker.real(value);
  std::string lines = json_of(maker);
  for (const double value : values) {
    const std::size_t newline = lines.find('\n');
    EXPECT_EQ(nlohmann::json::parse(lines.substr(0, newline))["x"].get<double>(), value);
    lines.erase(0, newline + 1);
  }
  BlockMaker small({{"x", ColumnType::kDouble}});
  small.real(0.000084).real(2.0).real(std::numeric_limits<double>::infinity()).real(std::nan(""));
  EXPECT_EQ(json_of(small), "{\"x\":0.000084}\n{\"x\":2}\n{\"x\":null}\n{\"x\":null}\n");
}

TEST(JsonLines, IntegersAtTheirLimits) {
  BlockMaker maker({{"x", ColumnType::kInteger}});
  maker.integer(INT64_MIN).integer(INT64_MAX).integer(0).integer(9).integer(10).integer(-1);
  EXPECT_EQ(json_of(maker),
            "{\"x\":-9223372036854775808}\n{\"x\":9223372036854775807}\n{\"x\":0}\n{\"x\":9}\n"
            "{\"x\":10}\n{\"x\":-1}\n");
}

TEST(JsonLines, TimestampsBeforeTheEpochAndFractions) {
  BlockMaker maker({{"t", ColumnType::kTimestamp}});
  maker.integer(-1).integer(0).integer(1'500'000);
  EXPECT_EQ(json_of(maker),
            "{\"t\":\"1969-12-31T23:59:59.999999Z\"}\n{\"t\":\"1970-01-01T00:00:00Z\"}\n"
            "{\"t\":\"1970-01-01T00:00:01.500000Z\"}\n");
}

TEST(JsonLines, PiecesAreTheWhole) {
  BlockMaker maker({{"x", ColumnType::kInteger}});
  for (int i = 0; i < 10; ++i) maker.integer(i);
  JsonLines encoder(maker.columns());
  std::string joined;
  for (std::size_t from = 0; from < 10; from += 3) {
    joined += encoder.encode(maker.block(), from, std::min<std::size_t>(from + 3, 10));
  }
  EXPECT_EQ(joined, json_of(maker));
}

TEST(JsonArray, GoldenBytes) {
  std::string out = "what was there";
  to_json_array("", out);
  EXPECT_EQ(out, "[]");
  to_json_array("{\"a\":1}\n", out);
  EXPECT_EQ(out, "[{\"a\":1}]");
  to_json_array("{\"a\":1}\n{\"a\":\"x\\ny\"}\n", out);
  EXPECT_EQ(out, "[{\"a\":1},{\"a\":\"x\\ny\"}]");
}

}  // namespace
}  // namespace pixel::shipper
