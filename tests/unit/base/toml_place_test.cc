// SPDX-License-Identifier: Apache-2.0
#include "base/toml_place.h"

#include <gtest/gtest.h>

#include "base/config_reader.h"

namespace pixel::base {
namespace {

TEST(TomlPlace, CountsWhatEscapesHide) {
  const std::string text = "x = \"a\\\"b\\u00e9c\\\\d\"\n";
  const TomlPlace begin{1, 5};
  EXPECT_EQ(place_in_string(text, begin, 0), (TomlPlace{1, 6}));   // a
  EXPECT_EQ(place_in_string(text, begin, 1), (TomlPlace{1, 7}));   // the escaped quote
  EXPECT_EQ(place_in_string(text, begin, 2), (TomlPlace{1, 9}));   // b
  EXPECT_EQ(place_in_string(text, begin, 5), (TomlPlace{1, 16}));  // c: two bytes before it
  EXPECT_EQ(place_in_string(text, begin, 7), (TomlPlace{1, 19}));  // d
  EXPECT_EQ(place_in_string(text, begin, 8), (TomlPlace{1, 20}));  // the closing quote
  EXPECT_EQ(place_in_string(text, begin, 99), (TomlPlace{1, 20}));
}

TEST(TomlPlace, ColumnsAreCharactersAndLiteralsHaveNoEscapes) {
  const std::string text = "\n\nx = '\xC3\xA9\\n'\n";
  EXPECT_EQ(place_in_string(text, {3, 5}, 2), (TomlPlace{3, 7}));
  EXPECT_EQ(place_in_string(text, {3, 5}, 3), (TomlPlace{3, 8}));
}

TEST(TomlPlace, LongStringsGoOverLines) {
  const std::string basic = "x = \"\"\"\none\ntwo \\\n   three\"\"\"\n";
  EXPECT_EQ(place_in_string(basic, {1, 5}, 0), (TomlPlace{2, 1}));
  EXPECT_EQ(place_in_string(basic, {1, 5}, 4), (TomlPlace{3, 1}));
  EXPECT_EQ(place_in_string(basic, {1, 5}, 9), (TomlPlace{4, 5}));
  const std::string literal = "x = '''a'b\nc'''\n";
  EXPECT_EQ(place_in_string(literal, {1, 5}, 2), (TomlPlace{1, 10}));
  EXPECT_EQ(place_in_string(literal, {1, 5}, 4), (TomlPlace{2, 1}));
}

TEST(TomlPlace, WhereNoStringIsTheBeginIsSaid) {
  EXPECT_EQ(place_in_string("x = 3\n", {1, 5}, 2), (TomlPlace{1, 5}));
  EXPECT_EQ(place_in_string("", {4, 5}, 2), (TomlPlace{4, 5}));
}

TEST(TomlPlace, CarriageReturnsAreNoPartOfTheValue) {
  const std::string text = "a = '''\r\nab\r\ncd\r\n'''\r\n";
  EXPECT_EQ(place_in_string(text, {1, 5}, 0), (TomlPlace{2, 1}));
  EXPECT_EQ(place_in_string(text, {1, 5}, 3), (TomlPlace{3, 1}));
  EXPECT_EQ(place_in_string(text, {1, 5}, 4), (TomlPlace{3, 2}));
}

TEST(ConfigReader, ErrorsWithinStringsHaveAColumn) {
  const auto reader = ConfigReader::from_text(
      "[t]\nwhere = \"a \\\"b\\\" c\"\nlist = [\"x\", \"yz\"]\nrate = 2.5\n", "f.toml");
  ConfigSection section = reader->root().section("t");
  section.report_at("where", 6, "here");
  section.report_element_at("list", 1, 1, "and here");
  double rate = 0;
  section.read("rate", rate, 0, 1);
  section.report_at("absent", 3, "nowhere");
  EXPECT_EQ(rate, 0);
  EXPECT_EQ(
      reader->errors(),
      (std::vector<std::string>{
          "f.toml:1:1: t.absent: nowhere", "f.toml:2:18: t.where: here",
          "f.toml:3:16: t.list[1]: and here",
          "f.toml:4:8: t.rate: expected a number from 0 to 1, found a floating-point number"}));
}

TEST(ConfigReader, ScalarsKeepTheirType) {
  const auto reader =
      ConfigReader::from_text("a = 1\nb = 1.5\nc = true\nd = \"x\"\ne = []\n", "f.toml");
  ConfigSection root = reader->root();
  ConfigScalar value;
  root.read("a", value);
  EXPECT_EQ(value, ConfigScalar(std::int64_t{1}));
  root.read("b", value);
  EXPECT_EQ(value, ConfigScalar(1.5));
  root.read("c", value);
  EXPECT_EQ(value, ConfigScalar(true));
  root.read("d", value);
  EXPECT_EQ(value, ConfigScalar(std::string("x")));
  root.read("e", value);
  EXPECT_EQ(reader->errors().size(), 1U);
}

}  // namespace
}  // namespace pixel::base
