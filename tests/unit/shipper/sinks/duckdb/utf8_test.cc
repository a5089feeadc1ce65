// SPDX-License-Identifier: Apache-2.0
// UTF-8 by the table of well-formed sequences, against a decoder written from the definition.
#include "shipper/sinks/duckdb/utf8.h"

#include <gtest/gtest.h>

namespace pixel::shipper::duckdb {
namespace {

struct Case {
  std::string_view bytes;
  bool valid;
  std::string_view repaired;
};

#define R "\xEF\xBF\xBD"

TEST(Utf8, WellFormedOrRepaired) {
  const Case cases[] = {
      {"", true, ""},
      {"plain ascii, longer than a word", true, "plain ascii, longer than a word"},
      {"gr\xC3\xBC\xC3\x9F", true, "gr\xC3\xBC\xC3\x9F"},
      {"\xE2\x82\xAC", true, "\xE2\x82\xAC"},
      {"\xF0\x9F\x98\x80", true, "\xF0\x9F\x98\x80"},
      {"\xF4\x8F\xBF\xBF", true, "\xF4\x8F\xBF\xBF"},
      {"\xF4\x90\x80\x80", false, R R R R},   // Above U+10FFFF.
      {"\xC0\x80", false, R R},               // Overlong.
      {"\xE0\x9F\xBF", false, R R R},         // Overlong.
      {"\xF0\x8F\xBF\xBF", false, R R R R},   // Overlong.
      {"\xED\xA0\x80", false, R R R},         // Surrogate.
      {"\x80", false, R},                     // A tail alone.
      {"a\xC3", false, "a" R},                // Cut short.
      {"\xE2\x82", false, R R},               // Cut short.
      {"\xF0\x9F\x98", false, R R R},         // Cut short.
      {"\xFFok\xFE", false, R "ok" R},        // Never in UTF-8.
      {"\xC3\xC3\xBC", false, R "\xC3\xBC"},  // Begins again.
      {"12345678\xE9\x31\x32", false, "12345678" R "12"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(is_utf8(c.bytes), c.valid) << c.repaired;
    EXPECT_EQ(repair_utf8(c.bytes), c.repaired);
    EXPECT_TRUE(is_utf8(repair_utf8(c.bytes)));
  }
}

TEST(Utf8, AsciiIsSeenAtEveryLengthAndPlace) {
  for (std::size_t size = 0; size < 40; ++size) {
    std::string text(size, 'a');
    EXPECT_TRUE(is_ascii(text));
    for (std::size_t at = 0; at < size; ++at) {
      text[at] = '\x80';
      EXPECT_FALSE(is_ascii(text)) << size << " " << at;
      text[at] = 'a';
    }
  }
}

}  // namespace
}  // namespace pixel::shipper::duckdb
