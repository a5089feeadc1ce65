// SPDX-License-Identifier: Apache-2.0
#include "shipper/transform/predicate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>

#include "shipper/decode/convert.h"

namespace pixel::shipper {
namespace {

// A table with a column of each type and three rows: values, other values, NULLs.
class PredicateTest : public testing::Test {
 protected:
  PredicateTest() {
    add("text", ColumnType::kVarchar, {"/ads/one", "caf\xC3\xA9", ""});
    add("other", ColumnType::kVarchar, {"/ads/one", "x", ""});
    add("count", ColumnType::kInteger, {"7", "-3", ""});
    add("price", ColumnType::kDouble, {"7", "0.5", ""});
    add("flag", ColumnType::kBoolean, {"true", "false", ""});
    add("at", ColumnType::kTimestamp, {"2026-11-20T18:52:00Z", "2020-01-01T00:00:00Z", ""});
    add("id", ColumnType::kUuid,
        {"00112233-4455-6677-8899-aabbccddeeff", "ffffffff-ffff-ffff-ffff-ffffffffffff", ""});
    add("ip", ColumnType::kInet, {"192.0.2.1", "2001:db8::1", ""});
  }

  void add(const char* name, ColumnType type, const std::vector<std::string>& values) {
    ColumnSpec spec;
    spec.name = name;
    spec.type = type;
    columns_.push_back(spec);
    auto& cells = cells_.emplace_back();
    for (std::size_t i = 0; i < values.size(); ++i) {
      Cell cell;
      if (i < 2) {
        EXPECT_TRUE(convert_text(type, texts_.emplace_back(values[i]), arena_, cell));
      }
      cells.push_back(cell);
    }
  }

  // One of T, F, U per row, or the error.
  std::string truths(std::string_view text) {
    SourceNames names(logfmt::SegmentKind::kAccess, DecodeMode::kOnce, columns_);
    const auto predicate = Predicate::compile(text, names);
    if (!predicate) {
      return fmt::format("{}: {}", predicate.error().offset, predicate.error().message);
    }
    std::vector<const Cell*> inputs;
    for (const ColumnSpec& input : names.take_inputs()) {
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].name == input.name) inputs.push_back(cells_[i].data());
      }
    }
    Predicate::Scratch scratch;
    std::string result;
    for (const Truth truth : predicate->evaluate(inputs, 3, scratch)) {
      result += "FUT"[static_cast<int>(truth)];
    }
    return result;
  }

  std::vector<ColumnSpec> columns_;
  std::vector<std::vector<Cell>> cells_;
  std::deque<std::string> texts_;
  TextArena arena_;
};

TEST_F(PredicateTest, ComparesEveryTypeAndNullIsUnknown) {
  EXPECT_EQ(truths("text == '/ads/one'"), "TFU");
  EXPECT_EQ(truths("text != '/ads/one'"), "FTU");
  EXPECT_EQ(truths("text < 'b'"), "TFU");
  EXPECT_EQ(truths("text == other"), "TFU");
  EXPECT_EQ(truths("count >= 7"), "TFU");
  EXPECT_EQ(truths("count < 6.5"), "FTU");
  EXPECT_EQ(truths("price == 7"), "TFU");
  EXPECT_EQ(truths("price == count"), "TFU");
  EXPECT_EQ(truths("count > price"), "FFU");
  EXPECT_EQ(truths("5 < count"), "TFU");
  EXPECT_EQ(truths("flag"), "TFU");
  EXPECT_EQ(truths("flag == false"), "FTU");
  EXPECT_EQ(truths("at > '2026-01-01T00:00:00Z'"), "TFU");
  EXPECT_EQ(truths("id == '00112233445566778899AABBCCDDEEFF'"), "TFU");
  EXPECT_EQ(truths("ip == '2001:db8::1'"), "FTU");
}

TEST_F(PredicateTest, ListsPatternsAndNull) {
  EXPECT_EQ(truths("count in [1, 7, -3]"), "TTU");
  EXPECT_EQ(truths("count not in [7]"), "FTU");
  EXPECT_EQ(truths("price in [0.5]"), "FTU");
  EXPECT_EQ(truths("count in [7.0]"), "TFU");
  EXPECT_EQ(truths("text in ['z', 'caf\xC3\xA9']"), "FTU");
  EXPECT_EQ(truths("text like '/ads/%'"), "TFU");
  EXPECT_EQ(truths("text like 'caf_'"), "FTU");
  EXPECT_EQ(truths("text glob '*/one'"), "TFU");
  EXPECT_EQ(truths("text glob 'ca?\xC3\xA9'"), "FTU");
  EXPECT_EQ(truths("text starts_with '/ads'"), "TFU");
  EXPECT_EQ(truths("text ends_with 'one'"), "TFU");
  EXPECT_EQ(truths("text contains 's/o'"), "TFU");
  EXPECT_EQ(truths("text is null"), "FFT");
  EXPECT_EQ(truths("count is not null"), "TTF");
}

TEST_F(PredicateTest, ThreeTruthsCombineAsInSql) {
  EXPECT_EQ(truths("flag and true"), "TFU");
  EXPECT_EQ(truths("flag or true"), "TTT");
  EXPECT_EQ(truths("flag and false"), "FFF");
  EXPECT_EQ(truths("not flag"), "FTU");
  EXPECT_EQ(truths("count == 7 or text is null"), "TFT");
  EXPECT_EQ(truths("count == 7 and price == 7 and flag"), "TFU");
}

TEST_F(PredicateTest, UnknownNamesAreSuggestedAndTypesChecked) {
  EXPECT_EQ(truths("flag and cuont == 7"), "9: unknown name 'cuont'; did you mean 'count'?");
  EXPECT_EQ(truths("sc_statsu == 7"), "0: unknown name 'sc_statsu'; did you mean 'sc_status'?");
  EXPECT_EQ(truths("count == 'x'"), "9: 'count' is an integer and cannot be compared with a text");
  EXPECT_EQ(truths("text > 1"), "7: 'text' is a varchar and cannot be compared with a number");
  EXPECT_EQ(truths("count in [1, 'x']"),
            "13: 'count' is an integer and cannot be compared with a text");
  EXPECT_EQ(truths("flag == 1"), "8: 'flag' is a boolean and cannot be compared with a number");
  EXPECT_EQ(truths("at > 'noon'"), "5: 'noon' is no time such as '2026-11-20T18:52:00Z'");
  EXPECT_EQ(truths("id == 'x'"), "6: 'x' is no UUID");
  EXPECT_EQ(truths("ip == '1.2.3'"), "6: '1.2.3' is no IP address");
  EXPECT_EQ(truths("count like '1%'"), "6: 'count' is an integer; 'like' is for texts");
  EXPECT_EQ(truths("count == text"),
            "9: 'count' is an integer and 'text' is a varchar: they cannot be compared");
  EXPECT_EQ(truths("text"), "0: 'text' is a varchar, not a test; compare it with something");
  EXPECT_EQ(truths("1 == 1"), "0: expected a name, found a number");
  EXPECT_EQ(truths("cookie.x == 1"),
            "12: 'cookie.x' is a varchar and cannot be compared with a "
            "number");
  EXPECT_EQ(truths("json.a is null"), "0: unknown name 'json.a'");
}

TEST(Pattern, AnyTextAndOneCharacter) {
  const auto like = [](std::string_view text, std::string_view pattern) {
    return matches_pattern(text, pattern, '%', '_');
  };
  EXPECT_TRUE(like("", ""));
  EXPECT_TRUE(like("", "%%"));
  EXPECT_FALSE(like("", "_"));
  EXPECT_TRUE(like("abcabc", "%abc"));
  EXPECT_TRUE(like("aXbXc", "a%b%c"));
  EXPECT_FALSE(like("aXbX", "a%b%c"));
  EXPECT_TRUE(like("\xE2\x82\xAC", "_"));
  EXPECT_FALSE(like("\xE2\x82\xAC", "__"));
  EXPECT_TRUE(like(std::string(5000, 'a') + "b", "%a%a%a%b"));
  EXPECT_FALSE(like(std::string(5000, 'a'), "%a%a%a%b"));
}

}  // namespace
}  // namespace pixel::shipper
