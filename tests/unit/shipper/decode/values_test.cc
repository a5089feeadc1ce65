// SPDX-License-Identifier: Apache-2.0
#include "shipper/decode/values.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::shipper {
namespace {

// Up to eight digits go another way than more.
TEST(ParseInteger, EveryNumberOfDigitsUpToTheLastPageByte) {
  logfmt::GuardedText guarded(64);
  std::int64_t expected = 0;
  std::string text;
  for (int digits = 1; digits <= 18; ++digits) {
    text += static_cast<char>('0' + digits % 10);
    expected = expected * 10 + digits % 10;
    EXPECT_EQ(parse_integer(text), expected);
    EXPECT_EQ(parse_integer(guarded.set(text)), expected);
    EXPECT_EQ(parse_integer("-" + text), -expected);
    EXPECT_EQ(parse_integer(guarded.set("-" + text)), -expected);
  }
  EXPECT_EQ(parse_integer("00000000"), 0);
  EXPECT_EQ(parse_integer("99999999"), 99'999'999);
  EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_integer("-9223372036854775808"), INT64_MIN);
  EXPECT_FALSE(parse_integer("9223372036854775808"));
  EXPECT_FALSE(parse_integer("12345678901234567890"));
  EXPECT_FALSE(parse_integer(""));
  EXPECT_FALSE(parse_integer("-"));
}

TEST(ParseInteger, AnyOtherByteAnywhereIsNoNumber) {
  for (std::size_t size = 1; size <= 12; ++size) {
    for (std::size_t place = 0; place < size; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        const bool is_digit = byte >= '0' && byte <= '9';
        const bool is_sign = byte == '-' && place == 0 && size > 1;
        for (const char fill : {'0', '9'}) {
          std::string text(size, fill);
          text[place] = static_cast<char>(byte);
          ASSERT_EQ(parse_integer(text).has_value(), is_digit || is_sign)
              << size << ' ' << place << ' ' << byte;
        }
      }
    }
  }
}

// Of a longer text only the part counts.
TEST(ParseInteger, WhatLiesBehindTheTextIsNoPartOfIt) {
  const std::string text = "12345678\t99";
  for (std::size_t size = 1; size <= 8; ++size) {
    EXPECT_EQ(parse_integer(std::string_view(text).substr(8 - size, size)),
              std::stoll(text.substr(8 - size, size)));
  }
}

}  // namespace
}  // namespace pixel::shipper
