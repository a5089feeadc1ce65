// SPDX-License-Identifier: Apache-2.0
#include "shipper/decode/text_decode.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace pixel::shipper {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Byte by byte, as the standard says it.
std::string decoded_plainly(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool has_digits = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                            hex_value(text[i + 2]) >= 0;
    if (has_digits) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

// Texts with runs of every length between what is encoded, and with what only looks like it.
std::string random_text(std::mt19937& random, bool is_plain) {
  const char* const parts[] = {"%20", "%",   "%4",    "%zz", "%C3%A9",
                               "%00", "%25", "%2520", "+",   "%ff"};
  std::string text;
  for (auto count = random() % 8; count > 0; --count) {
    text.append(random() % 40, static_cast<char>('a' + random() % 26));
    if (!is_plain && random() % 4 == 0) text += random() % 2 == 0 ? "\xC3\xA9" : "\xC3";
    text += parts[random() % std::size(parts)];
  }
  return text;
}

TEST(TextDecode, OnlyWellFormedUtf8WithoutNulIsValid) {
  const std::string_view valid[] = {"",
                                    "abc",
                                    "\x7F",
                                    "\xC2\x80",
                                    "\xDF\xBF",
                                    "\xE0\xA0\x80",
                                    "\xED\x9F\xBF",
                                    "\xEE\x80\x80",
                                    "\xEF\xBF\xBF",
                                    "\xF0\x90\x80\x80",
                                    "\xF4\x8F\xBF\xBF",
                                    "12345678\xC3\xA9"};
  for (const auto text : valid) EXPECT_EQ(valid_text_prefix(text), text.size()) << text;
  const std::string_view invalid[] = {"\x80",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xC2",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xE2\x82",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFF",
                                      std::string_view("\0", 1)};
  for (const auto text : invalid) {
    EXPECT_EQ(valid_text_prefix(text), 0U) << text;
    const std::string in_words = "12345678" + std::string(text) + "12345678";
    EXPECT_EQ(valid_text_prefix(in_words), 8U);
    TextArena arena;
    const auto repaired = make_valid_text(in_words, arena);
    EXPECT_EQ(valid_text_prefix(repaired), repaired.size());
    EXPECT_TRUE(repaired.ends_with("12345678"));
  }
}

TEST(TextDecode, PercentWithoutTwoDigitsStays) {
  TextArena arena;
  EXPECT_EQ(percent_decode("%", arena), "%");
  EXPECT_EQ(percent_decode("%4", arena), "%4");
  EXPECT_EQ(percent_decode("%zz%41%4g", arena), "%zzA%4g");
  EXPECT_EQ(percent_decode("+%2b", arena), "++");
  EXPECT_EQ(form_decode("+%2b", arena), " +");
}

TEST(TextDecode, DecodesAsByteByByteWhateverLiesBetween) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = random_text(random, round % 2 == 0);
    TextArena arena;
    EXPECT_EQ(percent_decode(text, arena), decoded_plainly(text, false)) << text;
    EXPECT_EQ(form_decode(text, arena), decoded_plainly(text, true)) << text;
  }
}

TEST(TextDecode, FieldsBecomeTheSameTextInOnePassAsInTwo) {
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    const bool is_plain = round % 2 == 0;
    const std::string text = random_text(random, is_plain);
    for (const auto mode : {DecodeMode::kOnce, DecodeMode::kTwice, DecodeMode::kAuto}) {
      TextArena arena;
      const auto expected = make_valid_text(log_decode(text, mode, arena), arena);
      EXPECT_EQ(log_text(text, mode, is_plain, arena), expected) << text;
      EXPECT_EQ(log_text(text, mode, false, arena), expected) << text;
    }
  }
}

}  // namespace
}  // namespace pixel::shipper
