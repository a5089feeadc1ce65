// SPDX-License-Identifier: Apache-2.0
#include "edge/client/ip_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/prng.h"
#include "edge/client/address_cursor.h"
#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge {
namespace {

std::string text_of(const IpAddress& address) {
  char text[kAddressTextBytesMax];
  return std::string(text, format_address(address, text));
}

// The C library's word: the address in our 16 bytes, or nothing.
std::optional<IpAddress> by_library(const std::string& text) {
  if (text.find('\0') != std::string::npos) return std::nullopt;
  std::uint8_t v4[4];
  if (inet_pton(AF_INET, text.c_str(), v4) == 1) return address_of_v4(v4);
  std::uint8_t v6[16];
  if (inet_pton(AF_INET6, text.c_str(), v6) == 1) return address_of_v6(v6);
  return std::nullopt;
}

TEST(IpAddress, ReadsAndWritesIpv4) {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "1.22.133.4", "9.10.99.100",
                           "249.250.199.200"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_TRUE(address->is_v4());
    EXPECT_EQ(text_of(*address), text);
  }
}

TEST(IpAddress, EveryOctetGoesRound) {
  for (unsigned octet = 0; octet < 256; ++octet) {
    const std::string number = std::to_string(octet);
    const std::string text = number + "." + number + ".0." + number;
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(text_of(*address), text);
  }
}

TEST(IpAddress, RefusesWhatIsNoStrictAddress) {
  for (const char* text : {"",
                           " 1.2.3.4",
                           "1.2.3.4 ",
                           "1.2.3",
                           "1.2.3.4.5",
                           "1.2.3.",
                           "1..2.3",
                           ".1.2.3",
                           "256.1.1.1",
                           "1.1.1.256",
                           "01.2.3.4",
                           "1.2.3.04",
                           "1.2.3.4567",
                           "1.2.3.-4",
                           "1.2.3.+4",
                           "0x1.2.3.4",
                           "1.2.3.4/8",
                           "16909060",
                           "127.1",
                           "1.2.3.4:80",
                           "[::1]",
                           "::1%eth0",
                           "fe80::1%1",
                           "::1%",
                           ":",
                           ":::",
                           "1::2::3",
                           "12345::",
                           "g::",
                           "1:2:3:4:5:6:7",
                           "1:2",
                           "::1:",
                           ":1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7:8::",
                           "::1:2:3:4:5:6:7:8",
                           "::1.2.3",
                           "::1.2.3.4.5",
                           "::256.1.1.1",
                           "::01.2.3.4",
                           "::1.2.3.4:5",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "1:2:3:4:5:1.2.3.4",
                           "::1:2:3:4:5:6:1.2.3.4",
                           "localhost",
                           "unknown",
                           "_hidden",
                           "-",
                           "\xc2\xb9.2.3.4"}) {
    EXPECT_FALSE(parse_address(text)) << text;
    EXPECT_FALSE(by_library(text)) << text;
  }
}

TEST(IpAddress, WritesIpv6AsRfc5952Wants) {
  const std::pair<const char*, const char*> cases[] = {
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:0DB8:0:0:0:0:0:1", "2001:db8::1"},          // 4.1, 4.2.1, 4.3
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // 4.2.2: one group is not shortened.
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // 4.2.3: the longest.
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // 4.2.3: the first of equals.
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6::", "1:2:3:4:5:6::"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
  };
  for (const auto& [text, expected] : cases) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_FALSE(address->is_v4());
    EXPECT_EQ(text_of(*address), expected);
  }
}

TEST(IpAddress, MappedIpv4IsIpv4) {
  const auto plain = parse_address("192.0.2.1");
  for (const char* text : {"::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1"}) {
    EXPECT_EQ(parse_address(text), plain) << text;
  }
  EXPECT_EQ(text_of(*parse_address("::ffff:192.0.2.1")), "192.0.2.1");
}

IpAddress random_address(base::Prng& prng) {
  std::uint8_t bytes[16];
  for (std::uint8_t& byte : bytes) {
    byte = prng.chance(1, 2) ? 0 : static_cast<std::uint8_t>(prng.below(256));
  }
  if (prng.chance(1, 8)) {
    std::memset(bytes, 0, 10);
    bytes[10] = bytes[11] = 0xff;
  }
  return address_of_v6(bytes);
}

TEST(IpAddress, AgreesWithTheLibraryOnRandomAddresses) {
  base::Prng prng(5952);
  for (int i = 0; i < 200'000; ++i) {
    const IpAddress address = random_address(prng);
    const std::string text = text_of(address);
    ASSERT_EQ(parse_address(text), address) << text;
    ASSERT_EQ(by_library(text), address) << text;
    char expected[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, address.bytes.data(), expected, sizeof expected);
    const std::string library = expected;
    // The library writes deprecated IPv4-compatible addresses ("::1.2.3.4") dotted.
    if (address.is_v4()) {
      ASSERT_EQ("::ffff:" + text, library);
    } else if (library.find('.') == std::string::npos) {
      ASSERT_EQ(text, library);
    }
  }
}

TEST(IpAddress, AgreesWithTheLibraryOnRandomTexts) {
  constexpr std::string_view kAlphabet = "::::...0011229afF5%g";
  base::Prng prng(4291);
  logfmt::GuardedText guarded(64);
  int good_count = 0;
  for (int i = 0; i < 400'000; ++i) {
    std::string text;
    if (prng.chance(1, 2)) {
      text = text_of(random_address(prng));
      text[prng.below(text.size())] = kAlphabet[prng.below(kAlphabet.size())];
    } else {
      const std::size_t bytes = prng.below(20);
      while (text.size() < bytes) text += kAlphabet[prng.below(kAlphabet.size())];
    }
    const auto parsed = parse_address(guarded.set(text));
    ASSERT_EQ(parsed, by_library(text)) << text;
    good_count += parsed ? 1 : 0;
  }
  EXPECT_GT(good_count, 10'000);
}

// No prefix of a good text is called bad: the PROXY protocol's lines arrive in pieces.
TEST(IpAddress, EveryPrefixMayGoOn) {
  base::Prng prng(1);
  for (int i = 0; i < 20'000; ++i) {
    const IpAddress address = random_address(prng);
    const std::string text = text_of(address);
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
      TextCursor cursor(std::string_view(text).substr(0, cut));
      IpAddress taken;
      const Take result = address.is_v4() ? take_v4(cursor, taken) : take_v6(cursor, taken);
      ASSERT_NE(result, Take::kBad) << text << " cut at " << cut;
      ASSERT_TRUE(cursor.at_end() || result == Take::kTook);
    }
  }
}

struct PortCase {
  const char* text;
  const char* address;  // nullptr: refused.
  int port = 0;
  bool from_right = false;
};

TEST(AddressAndPort, TakesTheFormsThatProxiesWrite) {
  const PortCase cases[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"192.0.2.1:443", "192.0.2.1", 443},
      {"192.0.2.1:65535", "192.0.2.1", 65535},
      {"192.0.2.1:0", "192.0.2.1", 0},
      {" \t192.0.2.1:443 \t", "192.0.2.1", 443},
      {"2001:db8::1", "2001:db8::1"},
      {"[2001:db8::1]", "2001:db8::1"},
      {"[2001:db8::1]:443", "2001:db8::1", 443},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"[::ffff:192.0.2.1]:80", "192.0.2.1", 80},
      {"\"192.0.2.1:443\"", "192.0.2.1", 443},
      {"\"[2001:db8::1]:443\"", "2001:db8::1", 443},
      {"192.0.2.1:_port.1-x", "192.0.2.1", 0},  // RFC 7239: an obfuscated port.
      {"[2001:db8::1]:_a", "2001:db8::1", 0},
      // CloudFront-Viewer-Address.
      {"192.0.2.1:46532", "192.0.2.1", 46532, true},
      {"2001:db8::1:46532", "2001:db8::1", 46532, true},
      {"2001:db8:1:2:3:4:5:6:443", "2001:db8:1:2:3:4:5:6", 443, true},
      {"::1:80", "::1", 80, true},
      {"::1:80", "::1:80", 0, false},
      {"[2001:db8::1]:443", "2001:db8::1", 443, true},
  };
  for (const PortCase& one : cases) {
    const auto parsed = parse_address_and_port(one.text, one.from_right);
    ASSERT_TRUE(parsed) << one.text;
    EXPECT_EQ(text_of(parsed->address), one.address) << one.text;
    EXPECT_EQ(parsed->port, one.port) << one.text;
  }
}

TEST(AddressAndPort, TakesNothingElse) {
  const PortCase cases[] = {
      {"", nullptr},
      {"unknown", nullptr},
      {"_hidden", nullptr},
      {"_hidden:80", nullptr},
      {"-", nullptr},
      {"example.com", nullptr},
      {"192.0.2.1:", nullptr},
      {"192.0.2.1:65536", nullptr},
      {"192.0.2.1:99999999999999999999", nullptr},
      {"192.0.2.1:080", nullptr},
      {"192.0.2.1:80x", nullptr},
      {"192.0.2.1: 80", nullptr},
      {"192.0.2.1:_", nullptr},
      {"192.0.2.1:_a,b", nullptr},
      {"192.0.2.1:80:80", nullptr},
      {"192.0.2.1 192.0.2.2", nullptr},
      {"192.0.2.1,192.0.2.2", nullptr},
      {"192.0.2.1.example.com", nullptr},
      {"192.0.2.1\r", nullptr},
      {"[192.0.2.1]", nullptr},
      {"[192.0.2.1]:80", nullptr},
      {"[2001:db8::1", nullptr},
      {"2001:db8::1]", nullptr},
      {"[2001:db8::1]443", nullptr},
      {"[2001:db8::1]:", nullptr},
      {"[2001:db8::1]:65536", nullptr},
      {"[]", nullptr},
      {"[", nullptr},
      {"[fe80::1%eth0]:80", nullptr},
      {"fe80::1%25eth0", nullptr},
      {"\"192.0.2.1", nullptr},
      {"192.0.2.1\"", nullptr},
      {"\"", nullptr},
      {"\"\"", nullptr},
      {"\" 192.0.2.1\"", nullptr},
      {"\"\\192.0.2.1\"", nullptr},
      {"<script>", nullptr},
      // The port is not optional where it is last.
      {"2001:db8::1", nullptr, 0, true},
      {"1:2:3:4:5:6:7:8", nullptr, 0, true},
      {"2001:db8::1:99999", nullptr, 0, true},
      {"192.0.2.1:", nullptr, 0, true},
      {"unknown", nullptr, 0, true},
      {":80", nullptr, 0, true},
      {":", nullptr, 0, true},
  };
  for (const PortCase& one : cases) {
    EXPECT_FALSE(parse_address_and_port(one.text, one.from_right)) << one.text;
  }
}

TEST(AddressAndPort, EveryCutStaysInsideItsText) {
  logfmt::GuardedText guarded(64);
  for (const std::string_view text :
       {"\"[2001:db8::ffff:192.0.2.1]:65535\"", "192.0.2.100:65535", "2001:db8::1:2:3:46532"}) {
    for (std::size_t begin = 0; begin <= text.size(); ++begin) {
      for (std::size_t count = 0; begin + count <= text.size(); ++count) {
        const std::string_view cut = guarded.set(text.substr(begin, count));
        parse_address_and_port(cut);
        parse_address_and_port(cut, true);
      }
    }
  }
}

}  // namespace
}  // namespace pixel::edge
