// SPDX-License-Identifier: Apache-2.0
#include "tools/pixel_load/request_template.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace pixel::load {
namespace {

std::string expand(std::string_view text, std::uint64_t seq = 7, std::uint64_t seed = 1) {
  const auto parsed = RequestTemplate::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  base::Prng random(seed);
  std::string out;
  parsed->append(seq, random, out);
  return out;
}

TEST(RequestTemplate, TextStaysAsItIs) {
  EXPECT_EQ(expand(""), "");
  EXPECT_EQ(expand("/a?b=c&d=%20"), "/a?b=c&d=%20");
  EXPECT_EQ(expand("x}y"), "x}y");
}

TEST(RequestTemplate, DoubledBracesAreBraces) { EXPECT_EQ(expand("{{seq}}{seq}"), "{seq}7"); }

TEST(RequestTemplate, SeqIsTheSameInEveryPlace) {
  EXPECT_EQ(expand("{seq}/{seq}", UINT64_MAX), "18446744073709551615/18446744073709551615");
}

TEST(RequestTemplate, RandomStaysBelowItsBoundAndReachesAll) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) seen.insert(expand("{rand:4}", 0, seed));
  EXPECT_EQ(seen, (std::set<std::string>{"0", "1", "2", "3"}));
}

TEST(RequestTemplate, PickTakesEachChoice) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) seen.insert(expand("{pick:x|yy||z z}", 0, seed));
  EXPECT_EQ(seen, (std::set<std::string>{"x", "yy", "", "z z"}));
}

TEST(RequestTemplate, UuidIsOfVersionFourAndDiffersByPlace) {
  const std::string two = expand("{uuid} {uuid}");
  const std::string form = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
  EXPECT_TRUE(std::regex_match(two, std::regex(form + " " + form))) << two;
  EXPECT_NE(two.substr(0, 36), two.substr(37));
}

TEST(RequestTemplate, TimeIsInMilliseconds) {
  EXPECT_TRUE(std::regex_match(expand("{time_ms}"), std::regex("[0-9]{13}")));
}

TEST(RequestTemplate, SaysWhichPlaceholderIsNone) {
  for (const char* text : {"{", "{seq", "{}", "{sequence}", "{rand}", "{rand:}", "{rand:0}",
                           "{rand:-1}", "{rand:1x}", "{pick}", "a{b}c"}) {
    EXPECT_FALSE(RequestTemplate::parse(text).ok()) << text;
  }
  const auto wrong = RequestTemplate::parse("/x?a={sequence}");
  EXPECT_NE(wrong.error().message.find("{sequence}"), std::string::npos);
}

}  // namespace
}  // namespace pixel::load
