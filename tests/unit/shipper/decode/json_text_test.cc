// SPDX-License-Identifier: Apache-2.0
#include "shipper/decode/json_text.h"

#include <gtest/gtest.h>

namespace pixel::shipper {
namespace {

TEST(JsonText, ValidIsOneValueOfRfc8259InUtf8) {
  const std::string_view valid[] = {"{}",
                                    "[]",
                                    " [ ] ",
                                    "null",
                                    "true",
                                    "false",
                                    "0",
                                    "-0",
                                    "-1.5e+10",
                                    "\"\"",
                                    "\"\\u00e9\\n\"",
                                    "{\"a\":{\"b\":[1,{\"c\":null}]}}",
                                    "[1 , 2]",
                                    "123456789012345678901234567890",
                                    "1e400",
                                    "\"\xC3\xA9\"",
                                    "{\"a\":1,\"a\":2}"};
  for (const auto text : valid) EXPECT_TRUE(is_json(text)) << text;
  const std::string_view invalid[] = {
      "",         " ",           "{",          "}",         "[1,]",  "{\"a\"}",
      "{\"a\":}", "{a:1}",       "{\"a\":1,}", "01",        "1.",    ".5",
      "+1",       "1e",          "-",          "nul",       "truex", "\"",
      "\"\\x\"",  "\"\\u12g4\"", "\"\t\"",     "[1 2]",     "[]]",   "{\"a\":1}{}",
      "'a'",      "\"\xFF\"",    "NaN",        "[\"a\":1]", "{1:2}"};
  for (const auto text : invalid) EXPECT_FALSE(is_json(text)) << text;
  EXPECT_FALSE(is_json(std::string_view("\"a\0\"", 4)));
}

TEST(JsonText, NestingHasALimitAndCostsNoStack) {
  const std::string deep(kJsonDepthMax, '[');
  EXPECT_TRUE(is_json(deep + std::string(kJsonDepthMax, ']')));
  EXPECT_FALSE(is_json("[" + deep + std::string(kJsonDepthMax + 1, ']')));
  EXPECT_FALSE(is_json(std::string(1'000'000, '[')));
}

TEST(JsonText, EveryCutOfAValueIsNone) {
  const std::string text = R"({"a":[1,-2.5e3,"x\u00e9\\"],"b":{"c":null,"d":true}})";
  for (std::size_t bytes = 0; bytes < text.size(); ++bytes) {
    EXPECT_FALSE(is_json(std::string_view(text).substr(0, bytes))) << bytes;
  }
}

TEST(JsonText, PathsFindTheRawValue) {
  TextArena arena;
  const std::string_view text =
      R"( { "a" : { "b" : [ 10 , { "c" : "x y" } ] } , "a":2, "\u0064" : [] , "e f":false } )";
  const auto find = [&](const JsonPath& path) { return find_json(text, path, arena); };
  EXPECT_EQ(find({{"a", 0, false}, {"b", 0, false}, {"", 0, true}}), "10");
  EXPECT_EQ(find({{"a", 0, false}, {"b", 0, false}, {"", 1, true}, {"c", 0, false}}), "\"x y\"");
  EXPECT_EQ(find({{"d", 0, false}}), "[]");
  EXPECT_EQ(find({{"e f", 0, false}}), "false");
  EXPECT_EQ(find({{"a", 0, false}, {"", 0, true}}).data(), nullptr);
  EXPECT_EQ(find({{"a", 0, false}, {"b", 0, false}, {"", 2, true}}).data(), nullptr);
  EXPECT_EQ(find({{"x", 0, false}}).data(), nullptr);
  EXPECT_EQ(find_json(" 7 ", {}, arena), "7");
}

TEST(JsonText, EscapesAndHalvesOfPairs) {
  TextArena arena;
  EXPECT_EQ(json_unescape("plain", arena), "plain");
  EXPECT_EQ(json_unescape(R"(\"\\\/\b\f\n\r\t)", arena), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(json_unescape(R"(\u0041\u00e9\u20ac\ud83d\ude00)", arena),
            "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(json_unescape(R"(\ud83dx\ude00\ud83d\u0041)", arena),
            "\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD"
            "A");
}

}  // namespace
}  // namespace pixel::shipper
