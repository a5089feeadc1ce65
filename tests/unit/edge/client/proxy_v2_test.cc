// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/prng.h"
#include "tests/unit/edge/client/proxy_builder.h"
#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge::test {
namespace {

const std::string kUnixEnds(216, 'u');

struct GoodCase {
  const char* name;
  std::string bytes;
  std::string expected;  // Without the count of bytes.
};

std::vector<GoodCase> address_cases() {
  return {
      {"TCP over IPv4", v2_header(0x21, 0x11, kV4Ends), " 192.0.2.1:1000"},
      {"UDP over IPv4", v2_header(0x21, 0x12, kV4Ends), " 192.0.2.1:1000"},
      {"TCP over IPv6", v2_header(0x21, 0x21, kV6Ends), " 2001:db8::1:1000"},
      {"UDP over IPv6", v2_header(0x21, 0x22, kV6Ends), " 2001:db8::1:1000"},
      {"UNIX stream", v2_header(0x21, 0x31, kUnixEnds), ""},
      {"UNIX datagram", v2_header(0x21, 0x32, kUnixEnds), ""},
      {"UNIX with TLVs", v2_header(0x21, 0x31, kUnixEnds + tlv(2, "a")), " authority=a"},
      {"UNSPEC", v2_header(0x21, 0x00, ""), ""},
      {"UNSPEC with a block that is skipped", v2_header(0x21, 0x00, "\xff\xff"), ""},
      {"UNSPEC of a stream", v2_header(0x21, 0x01, "x"), ""},
      {"IPv4 of no transport", v2_header(0x21, 0x10, kV4Ends), ""},
      {"IPv6 of no transport", v2_header(0x21, 0x20, ""), ""},
      {"UNIX of no transport", v2_header(0x21, 0x30, "abc"), ""},
      {"LOCAL", v2_header(0x20, 0x00, ""), ""},
      {"LOCAL with addresses", v2_header(0x20, 0x11, kV4Ends), ""},
      {"LOCAL with addresses cut short", v2_header(0x20, 0x21, "abc"), ""},
      {"LOCAL of an unknown family", v2_header(0x20, 0xff, "abc"), ""},
      {"LOCAL with TLVs", v2_header(0x20, 0x00, tlv(0xea, "x") + tlv(3, "wrong")), ""},
  };
}

std::vector<GoodCase> tlv_cases() {
  const auto v4 = [](const std::string& tlvs) { return v2_header(0x21, 0x11, kV4Ends + tlvs); };
  const std::string ip = " 192.0.2.1:1000";
  return {
      {"everything", kFullHeader,
       ip + " tls TLSv1.3 TLS_AES_256_GCM_SHA384 authority=px.example.com id=id-\0\xff"s},
      {"only a checksum", with_checksum(0x21, 0x11, kV4Ends, ""), ip},
      {"a checksum for IPv6", with_checksum(0x21, 0x21, kV6Ends, tlv(4, "")), " 2001:db8::1:1000"},
      {"a checksum for UNIX", with_checksum(0x21, 0x31, kUnixEnds, tlv(2, "a")), " authority=a"},
      {"NOOP", v4(tlv(4, "")), ip},
      {"NOOP of 1000 bytes", v4(tlv(4, std::string(1000, '\0'))), ip},
      {"types of AWS, Azure, GCP and the future",
       v4(tlv(0xea, "\1vpce-1") + tlv(0xee, "\1abcd") + tlv(0xe0, "12345678") + tlv(0xff, "")), ip},
      {"a namespace", v4(tlv(0x30, "netns")), ip},
      {"an empty authority", v4(tlv(2, "")), ip},
      {"the first authority counts", v4(tlv(2, "first") + tlv(2, "second")),
       ip + " authority=first"},
      {"an empty first authority counts", v4(tlv(2, "") + tlv(2, "second")), ip},
      {"the first unique id counts", v4(tlv(5, "1") + tlv(5, "2")), ip + " id=1"},
      {"a unique id of 128 bytes", v4(tlv(5, std::string(128, 'i'))),
       ip + " id=" + std::string(128, 'i')},
      {"TLS without parts", v4(ssl_tlv(1, "")), ip + " tls"},
      {"TLS with a client's certificate", v4(ssl_tlv(7, tlv(0x21, "TLSv1.2"))),
       ip + " tls TLSv1.2"},
      {"SSL TLV of a plain client", v4(ssl_tlv(0, tlv(0x21, "TLSv1.2"))), ip},
      {"only certificate bits", v4(ssl_tlv(6, tlv(0x23, "cipher"))), ip},
      {"the first SSL TLV counts",
       v4(ssl_tlv(1, tlv(0x21, "TLSv1.3")) + ssl_tlv(1, tlv(0x21, "x") + tlv(0x23, "y"))),
       ip + " tls TLSv1.3"},
      {"a plain first SSL TLV counts", v4(ssl_tlv(0, "") + ssl_tlv(1, tlv(0x21, "TLSv1.3"))), ip},
      {"the first version and cipher count",
       v4(ssl_tlv(1, tlv(0x23, "c1") + tlv(0x21, "v1") + tlv(0x21, "v2") + tlv(0x23, "c2"))),
       ip + " tls v1 c1"},
      {"version and cipher outside of SSL are others", v4(tlv(0x21, "v") + tlv(0x23, "c")), ip},
      {"the first of two checksums is checked",
       with_checksum(0x21, 0x11, kV4Ends, tlv(3, "\1\2\3\4"s)), ip},
      {"the longest", v4(tlv(4, std::string(kProxyHeaderBytesMax - 16 - 12 - 3, 'n'))), ip},
  };
}

std::vector<GoodCase> good_cases() {
  std::vector<GoodCase> cases = address_cases();
  for (GoodCase& one : tlv_cases()) cases.push_back(std::move(one));
  return cases;
}

TEST(ProxyV2, TakesHeadersOfTheSpecification) {
  for (const GoodCase& one : good_cases()) {
    EXPECT_EQ(describe(one.bytes), std::to_string(one.bytes.size()) + one.expected) << one.name;
  }
}

TEST(ProxyV2, TakesExactlyOneHeader) {
  for (const GoodCase& one : good_cases()) {
    const std::string expected = std::to_string(one.bytes.size()) + one.expected;
    EXPECT_EQ(describe(one.bytes + "GET / HTTP/1.1\r\n"), expected) << one.name;
    EXPECT_EQ(describe(one.bytes + one.bytes), expected) << one.name;
    EXPECT_EQ(describe(one.bytes + "PROXY TCP4 6.6.6.6 6.6.6.6 6 6\r\n"), expected) << one.name;
  }
}

TEST(ProxyV2, EveryPrefixIsIncomplete) {
  logfmt::GuardedText guarded(kProxyHeaderBytesMax);
  for (const GoodCase& one : good_cases()) {
    for (std::size_t cut = 0; cut < one.bytes.size(); ++cut) {
      ASSERT_EQ(describe(guarded.set(std::string_view(one.bytes).substr(0, cut))), "incomplete")
          << one.name << " cut at " << cut;
    }
    EXPECT_EQ(describe(guarded.set(one.bytes)), std::to_string(one.bytes.size()) + one.expected);
  }
}

TEST(ProxyV2, ViewsPointIntoTheBytes) {
  ProxyHeader header;
  ASSERT_EQ(parse_proxy_header(kFullHeader, header).status, ProxyStatus::kComplete);
  const std::string_view bytes = kFullHeader;
  for (const std::string_view view :
       {header.tls_version, header.tls_cipher, header.authority, header.unique_id}) {
    EXPECT_GE(view.data(), bytes.data());
    EXPECT_LE(view.data() + view.size(), bytes.data() + bytes.size());
  }
}

struct BadCase {
  const char* name;
  std::string bytes;
  std::size_t refused_at;  // So many bytes tell.
  const char* fault;
};

std::vector<BadCase> fixed_part_cases() {
  std::vector<BadCase> cases = {
      {"version 1", v2_header(0x11, 0x11, kV4Ends), 13, "bad_header"},
      {"version 3", v2_header(0x31, 0x11, kV4Ends), 13, "bad_header"},
      {"command 2", v2_header(0x22, 0x11, kV4Ends), 13, "bad_header"},
      {"command 15", v2_header(0x2f, 0x00, ""), 13, "bad_header"},
      {"family 4", v2_header(0x21, 0x41, kV4Ends), 14, "bad_header"},
      {"family 15", v2_header(0x21, 0xf1, kV4Ends), 14, "bad_header"},
      {"transport 3", v2_header(0x21, 0x13, kV4Ends), 14, "bad_header"},
      {"UNSPEC of transport 15", v2_header(0x21, 0x0f, ""), 14, "bad_header"},
      {"no addresses", v2_header(0x21, 0x11, ""), 16, "bad_header"},
      {"IPv4 one byte short", v2_header(0x21, 0x11, kV4Ends.substr(1)), 16, "bad_header"},
      {"IPv6 one byte short", v2_header(0x21, 0x21, kV6Ends.substr(1)), 16, "bad_header"},
      {"IPv6 with an IPv4 block", v2_header(0x21, 0x22, kV4Ends), 16, "bad_header"},
      {"UNIX one byte short", v2_header(0x21, 0x31, kUnixEnds.substr(1)), 16, "bad_header"},
      {"a byte too long",
       v2_header(0x21, 0x11, kV4Ends + std::string(kProxyHeaderBytesMax - 16 - 12 + 1, '\0')), 15,
       "too_long"},
      {"64 KiB of LOCAL", v2_header(0x20, 0x00, std::string(65535, '\0')), 15, "too_long"},
      {"16 bytes below 4 KiB", v2_header(0x20, 0x00, std::string(4081, '\0')), 16, "too_long"},
  };
  cases[13].refused_at = 16;  // 4081 is 0x0ff1: the second byte tells.
  for (std::size_t at = 0; at < kSignature.size(); ++at) {
    std::string bytes = kFullHeader;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x20);
    cases.push_back({"signature", bytes, at + 1, "not_proxy"});
  }
  return cases;
}

std::vector<BadCase> tlv_fault_cases() {
  const auto v4 = [](const std::string& tlvs) { return v2_header(0x21, 0x11, kV4Ends + tlvs); };
  const std::size_t tlvs = 16 + 12;
  return {
      {"one byte", v4("\x04"), tlvs, "bad_tlv"},
      {"two bytes", v4("\x04\0"s), tlvs, "bad_tlv"},
      {"two bytes behind a good one", v4(tlv(4, "abc") + "\x04\0"s), tlvs + 6, "bad_tlv"},
      {"a length beyond the end", v4("\x04\0\x01"s), tlvs + 3, "bad_tlv"},
      {"a length far beyond the end", v4("\x04\xff\xff"s + std::string(100, 'x')), tlvs + 3,
       "bad_tlv"},
      {"the second does not fit", v4(tlv(2, "a") + "\x04\0\x09"s + "12345678"), tlvs + 7,
       "bad_tlv"},
      {"an unknown type that does not fit", v4("\xea\0\x05"s + "1234"), tlvs + 3, "bad_tlv"},
      {"a checksum of 3 bytes", v4(tlv(3, "abc")), tlvs + 3, "bad_tlv"},
      {"a checksum of 5 bytes", v4(tlv(3, "abcde")), tlvs + 3, "bad_tlv"},
      {"an empty checksum", v4(tlv(3, "")), tlvs + 3, "bad_tlv"},
      {"a second checksum of 3 bytes", with_checksum(0x21, 0x11, kV4Ends, tlv(3, "abc")),
       tlvs + 7 + 3, "bad_tlv"},
      {"a unique id of 129 bytes", v4(tlv(5, std::string(129, 'i'))), tlvs + 3, "bad_tlv"},
      {"SSL of 4 bytes", v4(tlv(0x20, "\1\0\0\0"s)), tlvs + 3, "bad_tlv"},
      {"SSL with one byte behind", v4(ssl_tlv(1, "x")), tlvs + 3 + 5, "bad_tlv"},
      {"a part of SSL that leaves it", v4(ssl_tlv(1, "\x21\0\x08"s + "TLSv1.3") + tlv(4, "1234")),
       tlvs + 3 + 5 + 3, "bad_tlv"},
      {"a bad part in a plain client's SSL", v4(ssl_tlv(0, "\x21\0\x08"s + "TLSv1.3")),
       tlvs + 3 + 5 + 3, "bad_tlv"},
      {"a bad part in a second SSL", v4(ssl_tlv(1, "") + ssl_tlv(1, "x")), tlvs + 8 + 3 + 5,
       "bad_tlv"},
  };
}

TEST(ProxyV2, AFaultIsFoundAtItsByte) {
  logfmt::GuardedText guarded(2 * 65536);
  std::vector<BadCase> cases = fixed_part_cases();
  for (BadCase& one : tlv_fault_cases()) cases.push_back(std::move(one));
  for (const BadCase& one : cases) {
    const std::size_t last = std::min<std::size_t>(one.bytes.size(), 300);
    for (std::size_t cut = 0; cut <= last; ++cut) {
      const std::string expected =
          cut < one.refused_at ? "incomplete" : "refused " + std::string(one.fault);
      ASSERT_EQ(describe(guarded.set(std::string_view(one.bytes).substr(0, cut))), expected)
          << one.name << " cut at " << cut;
    }
    ASSERT_EQ(describe(one.bytes + "GET / HTTP/1.1\r\n\r\n"), "refused " + std::string(one.fault));
  }
}

// Any flipped bit of a header that begins with its checksum: refused, or not read. Only the type of
// the checksum itself is beyond it: flipped, there is none.
TEST(ProxyV2, EveryFlippedBitIsNoticed) {
  const std::string header =
      with_checksum(0x21, 0x11, kV4Ends, tlv(2, "px.example.com") + tlv(5, "id") + kTlsTlv);
  constexpr std::size_t kTypeAt = 16 + 12;
  std::size_t by_checksum_count = 0;
  for (std::size_t bit = 0; bit < header.size() * 8; ++bit) {
    if (bit / 8 == kTypeAt) continue;
    std::string bytes = header;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    const std::string said = describe(bytes);
    if (said == "refused bad_checksum") ++by_checksum_count;
    // LOCAL, or no family or transport: the block is not read. Longer: it waits for more.
    const bool unread = said == std::to_string(header.size());
    EXPECT_TRUE(unread || said.starts_with("refused ") || said == "incomplete")
        << bit << ' ' << said;
  }
  EXPECT_GT(by_checksum_count, 700U);
}

TEST(ProxyV2, EveryByteOfTheChecksumCounts) {
  const std::string header = with_checksum(0x21, 0x11, kV4Ends, tlv(2, "a"));
  for (std::size_t at = 16 + 12 + 3; at < 16 + 12 + 7; ++at) {
    for (int change = 1; change < 256; ++change) {
      std::string bytes = header;
      bytes[at] = static_cast<char>(bytes[at] ^ change);
      ASSERT_EQ(describe(bytes), "refused bad_checksum");
    }
  }
}

// A vector that this code did not make: sum by the bitwise definition.
TEST(ProxyV2, ChecksumIsThatOfTheDefinition) {
  std::string bytes = v2_header(0x21, 0x11, kV4Ends + tlv(3, "\0\0\0\0"s));
  std::uint32_t state = 0xffffffff;
  for (const char byte : bytes) {
    state ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) state = state >> 1 ^ ((state & 1) != 0 ? 0x82f63b78U : 0U);
  }
  state = ~state;
  bytes.replace(bytes.size() - 4, 4, two_bytes(state >> 16) + two_bytes(state & 0xffff));
  EXPECT_EQ(describe(bytes), "35 192.0.2.1:1000");
}

// Once refused, always refused, and for the same reason: on mutations of good headers.
TEST(ProxyV2, MoreBytesNeverChangeAnAnswer) {
  base::Prng prng(2020);
  const std::vector<GoodCase> cases = good_cases();
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = cases[prng.below(cases.size())].bytes.substr(0, 300);
    for (std::uint64_t change = prng.below(4); change > 0 && bytes.size() > 12; --change) {
      bytes[12 + prng.below(bytes.size() - 12)] = static_cast<char>(prng.below(256));
    }
    std::string answer = "incomplete";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      const std::string said = describe(std::string_view(bytes).substr(0, cut));
      ASSERT_TRUE(answer == "incomplete" || said == answer) << answer << " became " << said;
      answer = said;
    }
  }
}

TEST(ProxyFault, NamesAreStable) {
  const char* const names[kProxyFaultCount] = {"none",    "not_proxy",    "bad_line", "bad_header",
                                               "bad_tlv", "bad_checksum", "too_long"};
  for (std::size_t i = 0; i < kProxyFaultCount; ++i) {
    EXPECT_EQ(proxy_fault_name(static_cast<ProxyFault>(i)), names[i]);
  }
}

}  // namespace
}  // namespace pixel::edge::test
