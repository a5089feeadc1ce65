// SPDX-License-Identifier: Apache-2.0
// The reference key and inputs (00 01 02 ...); the outputs are OpenSSL 3.0.19's, an implementation
// that shares no line with ours.
#include "edge/policy/siphash.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge::test {
namespace {

struct Vector {
  std::size_t input_bytes;
  std::string_view output;
};

constexpr Vector kVectors[] = {
    {0, "a3817f04ba25a8e66df67214c7550293"},  {1, "da87c1d86b99af44347659119b22fc45"},
    {2, "8177228da4a45dc7fca38bdef60affe4"},  {3, "9c70b60c5267a94e5f33b6b02985ed51"},
    {4, "f88164c12d9c8faf7d0f6e7c7bcd5579"},  {5, "1368875980776f8854527a07690e9627"},
    {6, "14eeca338b208613485ea0308fd7a15e"},  {7, "a1f1ebbed8dbc153c0b84aa61ff08239"},
    {8, "3b62a9ba6258f5610f83e264f31497b4"},  {9, "264499060ad9baabc47f8b02bb6d71ed"},
    {10, "00110dc378146956c95447d3f3d0fbba"}, {11, "0151c568386b6677a2b4dc6f81e5dc18"},
    {12, "d626b266905ef35882634df68532c125"}, {13, "9869e247e9c08b10d029934fc4b952f7"},
    {14, "31fcefac66d7de9c7ec7485fe4494902"}, {15, "5493e99933b0a8117e08ec0f97cfc3d9"},
    {16, "6ee2a4ca67b054bbfd3315bf85230577"}, {17, "473d06e8738db89854c066c47ae47740"},
    {31, "2939b0183223fafc1723de4f52c43d35"}, {32, "7c3956ca5eeafc3e363e9d556546eb68"},
    {33, "77c6077146f01c32b6b69d5f4ea9ffcf"}, {63, "5150d1772f50834a503e069a973fbd7c"},
};

std::string hex(const SipBytes& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

SipBytes reference_key() {
  SipBytes key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  return key;
}

TEST(SipHashTest, ReferenceVectorsUpToAGuardPage) {
  logfmt::GuardedText guarded(64);
  for (const Vector& one : kVectors) {
    std::string input;
    for (std::size_t i = 0; i < one.input_bytes; ++i) input += static_cast<char>(i);
    EXPECT_EQ(hex(siphash128(reference_key(), guarded.set(input))), one.output) << input.size();
  }
}

TEST(SipHashTest, ANumberIsItsLittleEndianBytes) {
  EXPECT_EQ(siphash128(reference_key(), 0x0706050403020100ULL),
            siphash128(reference_key(), std::string_view("\0\1\2\3\4\5\6\7", 8)));
}

TEST(SipHashTest, AnotherKeyGivesAnotherOutput) {
  SipBytes key = reference_key();
  const SipBytes before = siphash128(key, "203.0.113.9");
  for (std::uint8_t& byte : key) {
    byte ^= 0x80;
    EXPECT_NE(siphash128(key, "203.0.113.9"), before);
    byte ^= 0x80;
  }
}

}  // namespace
}  // namespace pixel::edge::test
