// SPDX-License-Identifier: Apache-2.0
// Masks at every bit, and hashes that hold for a rotation and no longer.
#include "edge/policy/anonymise.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/unit/edge/policy/request.h"

namespace pixel::edge::test {
namespace {

struct MaskCase {
  std::string_view address;
  std::uint32_t v4_bits;
  std::uint32_t v6_bits;
  std::string_view masked;
};

std::string text_of(const IpAddress& address) {
  char out[kAddressTextBytesMax];
  return {out, format_address(address, out)};
}

TEST(MaskTest, EveryCase) {
  constexpr MaskCase kCases[] = {
      {"192.0.2.171", 24, 48, "192.0.2.0"},
      {"192.0.2.171", 32, 48, "192.0.2.171"},
      {"192.0.2.171", 31, 48, "192.0.2.170"},
      {"192.0.255.171", 20, 48, "192.0.240.0"},
      {"192.0.2.171", 16, 48, "192.0.0.0"},
      {"192.0.2.171", 0, 48, "0.0.0.0"},
      {"255.255.255.255", 1, 48, "128.0.0.0"},
      {"2001:db8:1:2:3:4:5:6", 24, 48, "2001:db8:1::"},
      {"2001:db8:1:2:3:4:5:6", 24, 64, "2001:db8:1:2::"},
      {"2001:db8:1:2:3:4:5:6", 24, 128, "2001:db8:1:2:3:4:5:6"},
      {"2001:db8:ffff::1", 24, 36, "2001:db8:f000::"},
      {"2001:db8::1", 24, 0, "::"},
      {"2002:c000:2ab::1", 24, 48, "2002:c000:200::"},  // 6to4 of 192.0.2.171.
      {"2002:c000:2ab::1", 32, 48, "2002:c000:2ab::"},
      {"2002:c000:2ab::1", 24, 16, "2002::"},
  };
  for (const MaskCase& one : kCases) {
    EXPECT_EQ(text_of(mask_address(address_of(one.address), one.v4_bits, one.v6_bits)), one.masked)
        << one.address << "/" << one.v4_bits << "/" << one.v6_bits;
  }
}

TEST(MaskTest, KeepsExactlyTheLeadingBits) {
  IpAddress ones;
  ones.bytes.fill(0xff);
  for (std::uint32_t bits = 0; bits <= 128; ++bits) {
    const IpAddress masked = mask_address(ones, 24, bits);
    for (std::uint32_t i = 0; i < 128; ++i) {
      EXPECT_EQ(masked.bytes[i / 8] >> (7 - i % 8) & 1, i < bits ? 1 : 0) << bits << " " << i;
    }
  }
}

class HashTest : public testing::Test {
 protected:
  std::string hash(std::string_view address, std::int64_t unix_seconds) {
    char out[kAddressTextBytesMax];
    return {out, write_private_address(rules_, address_of(address), unix_seconds, salt_, out)};
  }

  AddressRules rules_{.privacy = AddressPrivacy::kHash,
                      .rotation_seconds = 3600,
                      .secret = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
  AddressSalt salt_;
};

TEST_F(HashTest, IsHAnd22CharactersOfBase64Url) {
  for (int i = 0; i < 256; ++i) {
    const std::string text = hash("192.0.2." + std::to_string(i), 0);
    ASSERT_EQ(text.size(), kHashTextBytes);
    EXPECT_EQ(text[0], 'h');
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-_"),
              std::string::npos);
    EXPECT_NE(std::string_view("AQgw").find(text.back()), std::string_view::npos) << "unused bits";
  }
}

TEST_F(HashTest, AddressesDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 4096; ++i) {
    const std::string v4 = "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    EXPECT_TRUE(seen.insert(hash(v4, 0)).second);
    EXPECT_TRUE(seen.insert(hash("2001:db8::" + std::to_string(i), 0)).second);
  }
}

TEST_F(HashTest, ARotationHasOneSaltAndTheNextAnother) {
  const std::string first = hash("192.0.2.1", 3600);
  EXPECT_EQ(hash("192.0.2.1", 7199), first);
  EXPECT_NE(hash("192.0.2.1", 3599), first);
  EXPECT_NE(hash("192.0.2.1", 7200), first);
  EXPECT_EQ(hash("192.0.2.1", 3600), first) << "a clock that is set back";
  AddressSalt other_worker;
  char out[kAddressTextBytesMax];
  EXPECT_EQ(std::string(out, write_private_address(rules_, address_of("192.0.2.1"), 3601,
                                                   other_worker, out)),
            first);
}

TEST_F(HashTest, AnotherSecretGivesAnotherHash) {
  const std::string first = hash("192.0.2.1", 0);
  rules_.secret[15] ^= 1;
  salt_ = {};
  EXPECT_NE(hash("192.0.2.1", 0), first);
}

// 16 bytes through the salt of rotation 0: known answers keep the text from changing unnoticed.
TEST_F(HashTest, IsTheHashOfTheSixteenBytesUnderTheDerivedSalt) {
  const SipBytes salt = siphash128(rules_.secret, std::uint64_t{0});
  const IpAddress address = address_of("192.0.2.1");
  const SipBytes expected =
      siphash128(salt, std::string_view(reinterpret_cast<const char*>(address.bytes.data()), 16));
  const std::string text = hash("192.0.2.1", 5);
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t i = 0; i < 128; ++i) {
    const std::size_t digit = kDigits.find(text[1 + i / 6]);
    EXPECT_EQ(digit >> (5 - i % 6) & 1, static_cast<unsigned>(expected[i / 8]) >> (7 - i % 8) & 1);
  }
}

}  // namespace
}  // namespace pixel::edge::test
