// SPDX-License-Identifier: Apache-2.0
#include "edge/client/text_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace pixel::edge {
namespace {

TEST(TextTable, OneNumberForOneText) {
  TextTable table;
  const std::uint8_t version = table.intern("TLSv1.3");
  const std::uint8_t cipher = table.intern(std::string("TLS_AES_128_GCM_SHA256"));
  EXPECT_EQ(version, 1);
  EXPECT_EQ(cipher, 2);
  EXPECT_EQ(table.intern(std::string("TLSv1.3")), version);
  EXPECT_EQ(table.intern("TLSv1.2"), 3);
  EXPECT_EQ(table.text(version), "TLSv1.3");
  EXPECT_EQ(table.text(cipher), "TLS_AES_128_GCM_SHA256");
}

TEST(TextTable, NoneIsEmpty) {
  TextTable table;
  EXPECT_EQ(table.intern(""), TextTable::kNone);
  EXPECT_EQ(table.text(TextTable::kNone), "");
  EXPECT_EQ(table.text(1), "");
  EXPECT_EQ(table.text(255), "");
}

TEST(TextTable, TakesOnlyShortNames) {
  TextTable table;
  const std::string longest(TextTable::kTextBytesMax, 'x');
  EXPECT_EQ(table.text(table.intern(longest)), longest);
  EXPECT_EQ(table.intern(longest + "x"), TextTable::kNone);
  EXPECT_NE(table.intern("azAZ09-_.+:"), TextTable::kNone);
  for (int value = 0; value < 256; ++value) {
    const char byte = static_cast<char>(value);
    const bool good = std::string_view(
                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          "0123456789-_.+:")
                          .find(byte) != std::string_view::npos;
    if (!good) {
      EXPECT_EQ(table.intern(std::string("a") + byte), TextTable::kNone) << value;
    }
  }
}

TEST(TextTable, AFullTableStillKnowsItsTexts) {
  TextTable table;
  std::set<std::uint8_t> numbers;
  for (std::size_t i = 0; i < TextTable::kTextsMax; ++i) {
    numbers.insert(table.intern("cipher-" + std::to_string(i)));
  }
  EXPECT_EQ(numbers.size(), TextTable::kTextsMax);
  EXPECT_EQ(numbers.count(TextTable::kNone), 0U);
  EXPECT_EQ(table.intern("one-more"), TextTable::kNone);
  for (std::size_t i = 0; i < TextTable::kTextsMax; ++i) {
    const std::string text = "cipher-" + std::to_string(i);
    EXPECT_EQ(table.text(table.intern(text)), text);
  }
}

}  // namespace
}  // namespace pixel::edge
