// SPDX-License-Identifier: Apache-2.0
#include "edge/client/network_set.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace pixel::edge {
namespace {

IpAddress address(std::string_view text) { return parse_address(text).value(); }

NetworkSet set_of(const std::vector<std::string>& networks) {
  auto set = NetworkSet::parse(networks);
  EXPECT_TRUE(set.ok()) << (set ? "" : set.error().message);
  return std::move(set).value();
}

TEST(NetworkSet, AnEmptySetHoldsNothing) {
  EXPECT_TRUE(NetworkSet().empty());
  EXPECT_FALSE(NetworkSet().contains(address("0.0.0.0")));
  EXPECT_FALSE(NetworkSet().contains(address("::")));
  EXPECT_TRUE(set_of({}).empty());
}

TEST(NetworkSet, HoldsItsFirstAndLastAddress) {
  const NetworkSet set = set_of({"10.0.0.0/8", "192.0.2.64/27", "198.51.100.7", "2001:db8::/33"});
  EXPECT_FALSE(set.empty());
  for (const char* in : {"10.0.0.0", "10.255.255.255", "192.0.2.64", "192.0.2.95", "198.51.100.7",
                         "::ffff:10.1.2.3", "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"})
    EXPECT_TRUE(set.contains(address(in))) << in;
  for (const char* out :
       {"9.255.255.255", "11.0.0.0", "192.0.2.63", "192.0.2.96", "198.51.100.6", "198.51.100.8",
        "2001:db7:ffff::", "2001:db8:8000::", "::10.0.0.1", "::", "0.0.0.0", "255.255.255.255"})
    EXPECT_FALSE(set.contains(address(out))) << out;
}

TEST(NetworkSet, AllOfOneFamilyIsNothingOfTheOther) {
  const NetworkSet v4 = set_of({"0.0.0.0/0"});
  EXPECT_TRUE(v4.contains(address("0.0.0.0")));
  EXPECT_TRUE(v4.contains(address("255.255.255.255")));
  EXPECT_FALSE(v4.contains(address("::1")));
  const NetworkSet v6 = set_of({"::/0"});
  EXPECT_TRUE(v6.contains(address("::")));
  EXPECT_TRUE(v6.contains(address("ffff::1")));
  EXPECT_FALSE(v6.contains(address("192.0.2.1")));
}

TEST(NetworkSet, MappedNetworksAreIpv4) {
  const NetworkSet set = set_of({"::ffff:10.0.0.0/104", "::ffff:192.0.2.1"});
  EXPECT_TRUE(set.contains(address("10.9.8.7")));
  EXPECT_TRUE(set.contains(address("192.0.2.1")));
  EXPECT_FALSE(set.contains(address("11.0.0.0")));
}

TEST(NetworkSet, NetworksInsideOthersChangeNothing) {
  const NetworkSet set =
      set_of({"10.2.0.0/16", "10.0.0.0/8", "10.2.3.4", "10.0.0.0/9", "10.0.0.0/8", "12.0.0.0/8"});
  EXPECT_TRUE(set.contains(address("10.2.3.5")));
  EXPECT_TRUE(set.contains(address("10.255.0.0")));
  EXPECT_TRUE(set.contains(address("12.0.0.1")));
  EXPECT_FALSE(set.contains(address("11.0.0.1")));
}

// Against the definition: the first bits are equal.
TEST(NetworkSet, AgreesWithBitsOnRandomSets) {
  base::Prng prng(4632);
  const auto random_v4 = [&prng] {
    const std::uint8_t bytes[4] = {static_cast<std::uint8_t>(prng.below(4)), 0,
                                   static_cast<std::uint8_t>(prng.below(4)),
                                   static_cast<std::uint8_t>(prng.below(256))};
    return address_of_v4(bytes);
  };
  const auto value_of = [](const IpAddress& one) {
    return std::uint32_t{one.bytes[12]} << 24 | std::uint32_t{one.bytes[14]} << 8 | one.bytes[15];
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> texts;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> expected;  // Value, mask.
    for (std::uint64_t i = prng.below(12); i > 0; --i) {
      const unsigned bits = static_cast<unsigned>(prng.below(33));
      const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
      const std::uint32_t value = value_of(random_v4()) & mask;
      expected.emplace_back(value, mask);
      const auto octet = [value](int shift) { return std::to_string(value >> shift & 0xff); };
      texts.push_back(octet(24) + "." + octet(16) + "." + octet(8) + "." + octet(0) + "/" +
                      std::to_string(bits));
    }
    const NetworkSet set = set_of(texts);
    for (int i = 0; i < 200; ++i) {
      const IpAddress one = random_v4();
      bool inside = false;
      for (const auto& [value, mask] : expected) inside |= (value_of(one) & mask) == value;
      ASSERT_EQ(set.contains(one), inside);
    }
  }
}

std::string error_for(const std::string& network) {
  const auto set = NetworkSet::parse({"10.0.0.0/8", network});
  return set ? "no error" : set.error().message;
}

TEST(NetworkSet, ErrorsNameTheTextAndWhatWouldBeRight) {
  const std::string expected_form =
      "expected an address with or without a prefix length, such as 192.0.2.1, 10.0.0.0/8 or "
      "2001:db8::/32 (names and zones are not looked up)";
  for (const char* text : {"", "lb.example.com", "10.0.0/8", "10.0.0.256/8", "fe80::1%eth0", "/8",
                           " 10.0.0.0/8", "010.0.0.0/8", "any", "10.0.0.0-10.0.0.9"})
    EXPECT_EQ(error_for(text), "\"" + std::string(text) + "\" is no network: " + expected_form);
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "10.0.0.0/08",
                           "10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "10.0.0.0/99999999999"})
    EXPECT_EQ(error_for(text), "\"" + std::string(text) +
                                   "\" is no network: an IPv4 prefix length is a number from 0 to "
                                   "32");
  EXPECT_EQ(error_for("2001:db8::/129"),
            "\"2001:db8::/129\" is no network: an IPv6 prefix length is a number from 0 to 128");
  EXPECT_EQ(error_for("10.0.0.1/8"),
            "\"10.0.0.1/8\" is no network: bits behind the prefix are set; write 10.0.0.0/8, or "
            "10.0.0.1 for this address alone");
  EXPECT_EQ(error_for("2001:db8::1/32"),
            "\"2001:db8::1/32\" is no network: bits behind the prefix are set; write "
            "2001:db8::/32, or 2001:db8::1 for this address alone");
  EXPECT_EQ(error_for("192.0.2.128/0"),
            "\"192.0.2.128/0\" is no network: bits behind the prefix are set; write 0.0.0.0/0, or "
            "192.0.2.128 for this address alone");
}

}  // namespace
}  // namespace pixel::edge
