// SPDX-License-Identifier: Apache-2.0
#include "edge/client/crc32c.h"

#include <gtest/gtest.h>

#include <string>

#include "base/prng.h"
#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge {
namespace {

std::uint32_t whole(std::string_view bytes) { return crc32c_end(crc32c_add(kCrc32cBegin, bytes)); }

TEST(Crc32c, KnownVectors) {
  EXPECT_EQ(whole(""), 0U);
  EXPECT_EQ(whole("123456789"), 0xe3069283U);
  // RFC 3720 appendix B.4.
  EXPECT_EQ(whole(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(whole(std::string(32, '\xff')), 0x62a8ab43U);
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending += static_cast<char>(i);
  EXPECT_EQ(whole(ascending), 0x46dd794eU);
  EXPECT_EQ(whole(std::string(ascending.rbegin(), ascending.rend())), 0x113fdb5cU);
}

TEST(Crc32c, TableAndInstructionAgreeOnEveryCut) {
  base::Prng prng(3720);
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += static_cast<char>(prng.below(256));
  logfmt::GuardedText guarded(128);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const std::string_view text = guarded.set(std::string_view(bytes).substr(0, size));
    const std::uint32_t expected = crc32c_add_by_table(kCrc32cBegin, text);
    EXPECT_EQ(crc32c_add(kCrc32cBegin, text), expected);
    for (std::size_t cut = 0; cut <= size; ++cut) {
      const std::uint32_t first = crc32c_add(kCrc32cBegin, text.substr(0, cut));
      ASSERT_EQ(crc32c_add(first, text.substr(cut)), expected);
    }
  }
}

}  // namespace
}  // namespace pixel::edge
