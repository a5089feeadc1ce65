// SPDX-License-Identifier: Apache-2.0
#include "logfmt/query.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pixel::logfmt {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs_of(std::string_view query) {
  Pairs pairs;
  for_each_query_parameter(query, [&](std::string_view name, std::string_view value) {
    pairs.emplace_back(name, value);
  });
  return pairs;
}

TEST(Query, Parameters) {
  EXPECT_EQ(pairs_of(""), Pairs{});
  EXPECT_EQ(pairs_of("a=1"), (Pairs{{"a", "1"}}));
  EXPECT_EQ(pairs_of("a=1&b=2&a=3"), (Pairs{{"a", "1"}, {"b", "2"}, {"a", "3"}}));
  EXPECT_EQ(pairs_of("a"), (Pairs{{"a", ""}}));
  EXPECT_EQ(pairs_of("a="), (Pairs{{"a", ""}}));
  EXPECT_EQ(pairs_of("=1"), (Pairs{{"", "1"}}));
  EXPECT_EQ(pairs_of("="), (Pairs{{"", ""}}));
  EXPECT_EQ(pairs_of("a=b=c"), (Pairs{{"a", "b=c"}}));
  EXPECT_EQ(pairs_of("&&a=1&&&b=2&"), (Pairs{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(pairs_of("a=1;b=2"), (Pairs{{"a", "1;b=2"}})) << "';' separates nothing today";
}

TEST(Query, FindTakesTheFirst) {
  EXPECT_EQ(find_query_parameter("a=1&a=2", "a"), "1");
  EXPECT_EQ(find_query_parameter("b&a=2", "b"), "");
  EXPECT_EQ(find_query_parameter("ab=1", "a"), std::nullopt);
  EXPECT_EQ(find_query_parameter("a=1", "ab"), std::nullopt);
  EXPECT_EQ(find_query_parameter("", "a"), std::nullopt);
  EXPECT_EQ(find_query_parameter("A=1", "a"), std::nullopt);
  EXPECT_EQ(find_query_parameter("=x", ""), "x");
}

TEST(Query, NamesAreComparedDecoded) {
  EXPECT_EQ(find_query_parameter("%61=%41", "a"), "%41") << "the value stays raw";
  EXPECT_EQ(find_query_parameter("a+b=1", "a b"), "1");
  EXPECT_EQ(find_query_parameter("a%20b=1", "a b"), "1");
  EXPECT_EQ(find_query_parameter("a%2Bb=1", "a+b"), "1");
  EXPECT_EQ(find_query_parameter("a%=1", "a%"), "1");
  EXPECT_EQ(find_query_parameter("%C3%A9=1", "\xC3\xA9"), "1");
}

TEST(Query, DecodeValue) {
  EXPECT_EQ(decode_query_value(""), "");
  EXPECT_EQ(decode_query_value("a+b%20c"), "a b c");
  EXPECT_EQ(decode_query_value("%2B%26%3d"), "+&=");
  EXPECT_EQ(decode_query_value("100%"), "100%");
  EXPECT_EQ(decode_query_value("%4"), "%4");
  EXPECT_EQ(decode_query_value("%zz%4G%41"), "%zz%4GA");
  EXPECT_EQ(decode_query_value("%2541"), "%41");
  EXPECT_EQ(decode_query_value("%00"), std::string(1, '\0'));
}

}  // namespace
}  // namespace pixel::logfmt
