// SPDX-License-Identifier: Apache-2.0
#include "logfmt/format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace pixel::logfmt {
namespace {

TEST(Format, FieldNames) {
  EXPECT_EQ(field_name(Field::kDate), "date");
  EXPECT_EQ(field_name(Field::kTime), "time");
  EXPECT_EQ(field_name(Field::kUserAgent), "cs(User-Agent)");
  EXPECT_EQ(field_name(Field::kRequestId), "x-edge-request-id");
  EXPECT_EQ(field_name(Field::kFleEncryptedFields), "fle-encrypted-fields");
  EXPECT_EQ(field_name(Field::kClientPort), "c-port");
  EXPECT_EQ(field_name(Field::kRangeEnd), "sc-range-end");
  EXPECT_EQ(field_name(static_cast<Field>(33)), "");
}

TEST(Format, ValuesNeverChange) {
  EXPECT_EQ(static_cast<int>(Field::kRequestId), 14);
  EXPECT_EQ(static_cast<int>(Field::kFleEncryptedFields), 25);
  EXPECT_EQ(static_cast<int>(Field::kRangeEnd), 32);
  EXPECT_EQ(kFormatVersion, 1U);
}

TEST(Format, HeaderIsTwoLinesOfTheNames) {
  std::string expected = "#Version: 1.0\n#Fields:";
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    expected += " ";
    expected += field_name(static_cast<Field>(i));
  }
  EXPECT_EQ(kAccessHeader, expected + "\n");
  EXPECT_EQ(std::count(kAccessHeader.begin(), kAccessHeader.end(), '\n'), 2);
  EXPECT_EQ(kAccessHeader.find('\t'), std::string_view::npos);
}

}  // namespace
}  // namespace pixel::logfmt
