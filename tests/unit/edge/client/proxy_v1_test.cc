// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/edge/client/proxy_builder.h"
#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge::test {
namespace {

constexpr std::string_view kV6Longest =
    "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
static_assert(kV6Longest.size() == 104);

struct GoodCase {
  std::string line;
  std::string expected;  // Without the count of bytes.
};

std::vector<GoodCase> good_cases() {
  return {
      {"PROXY TCP4 192.0.2.1 198.51.100.2 1000 443\r\n", " 192.0.2.1:1000"},
      {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", " 255.255.255.255:65535"},
      {"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", " 0.0.0.0:0"},
      {"PROXY TCP6 2001:db8::1 2001:DB8::2 1000 443\r\n", " 2001:db8::1:1000"},
      {"PROXY TCP6 :: ::1 1 2\r\n", " :::1"},
      {"PROXY TCP6 1:: 1:2:3:4:5:6:7:8 1 2\r\n", " 1:::1"},
      {"PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 5 6\r\n", " 192.0.2.1:5"},
      {std::string(kV6Longest), " ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:65535"},
      {"PROXY UNKNOWN\r\n", ""},
      {"PROXY UNKNOWN \r\n", ""},
      {"PROXY UNKNOWN ffff::1 junk \t\x01\xff\0 7\r\n"s, ""},
      {"PROXY UNKNOWN " + std::string(107 - 14 - 2, 'x') + "\r\n", ""},
  };
}

TEST(ProxyV1, TakesLinesOfTheSpecification) {
  for (const GoodCase& one : good_cases()) {
    EXPECT_EQ(describe(one.line), std::to_string(one.line.size()) + one.expected) << one.line;
  }
}

TEST(ProxyV1, TakesExactlyOneLine) {
  for (const GoodCase& one : good_cases()) {
    const std::string expected = std::to_string(one.line.size()) + one.expected;
    EXPECT_EQ(describe(one.line + "GET / HTTP/1.1\r\n"), expected);
    EXPECT_EQ(describe(one.line + one.line), expected);
    EXPECT_EQ(describe(one.line + kFullHeader), expected);
    EXPECT_EQ(describe(one.line + std::string(5000, '\xff')), expected);
  }
}

TEST(ProxyV1, EveryPrefixIsIncomplete) {
  logfmt::GuardedText guarded(128);
  for (const GoodCase& one : good_cases()) {
    for (std::size_t cut = 0; cut < one.line.size(); ++cut) {
      ASSERT_EQ(describe(guarded.set(std::string_view(one.line).substr(0, cut))), "incomplete")
          << one.line << " cut at " << cut;
    }
    EXPECT_NE(describe(guarded.set(one.line)), "incomplete");
  }
}

struct BadCase {
  std::string good;  // The longest beginning that may still become a header,
  std::string bad;   // and what may not follow it.
  const char* fault = "bad_line";
};

std::vector<BadCase> keyword_cases() {
  return {
      {"", "GET / HTTP/1.1\r\n", "not_proxy"},
      {"", "\x16\x03\x01", "not_proxy"},
      {"", " PROXY", "not_proxy"},
      {"", "proxy TCP4", "not_proxy"},
      {"", "\n", "not_proxy"},
      {"", "\0"s, "not_proxy"},
      {"P", "OST / HTTP/1.1\r\n", "not_proxy"},
      {"PR", "I * HTTP/2.0\r\n", "not_proxy"},
      {"PROXY", "\t", "not_proxy"},
      {"PROXY", "\r\n", "not_proxy"},
      {"PROXY ", " TCP4"},
      {"PROXY ", "tcp4"},
      {"PROXY ", "\r\n"},
      {"PROXY ", "192.0.2.1"},
      {"PROXY TCP", "5 "},
      {"PROXY TCP", " "},
      {"PROXY TCP4", "\r\n"},
      {"PROXY TCP4", "6"},
      {"PROXY U", "DP4"},
      {"PROXY UNKNOWN", "X"},
      {"PROXY UNKNOWN", "\n"},
      {"PROXY UNKNOWN", "\t\r\n"},
      {"PROXY UNKNOWN x", "\n"},
      {"PROXY UNKNOWN x\r", "x"},
      {"PROXY UNKNOWN x\r", "\r\n"},
      // 107 bytes without CRLF among them.
      {"PROXY UNKNOWN " + std::string(106 - 14, 'x'), "x\r\n"},
      {"PROXY UNKNOWN " + std::string(105 - 14, 'x') + "\r", "x"},
      {"PROXY UNKNOWN " + std::string(106 - 14, 'x'), "\r\n"},
  };
}

std::vector<BadCase> address_cases() {
  const std::string v4 = "PROXY TCP4 192.0.2.1 ";
  const std::string v6 = "PROXY TCP6 ";
  return {
      {"PROXY TCP4 ", " 1.2.3.4"},
      {"PROXY TCP4 ", "x"},
      {"PROXY TCP4 ", ":"},
      {"PROXY TCP4 200", "1:db8::1 2001:db8::2 1 2\r\n"},
      {"PROXY TCP4 25", "6"},
      {"PROXY TCP4 0", "1.2.3.4"},
      {"PROXY TCP4 1.2.3", " "},
      {"PROXY TCP4 1.2.3.", " "},
      {"PROXY TCP4 1.2.3.4", ".5"},
      {"PROXY TCP4 1.2.3.4", "\t1.2.3.4"},
      {"PROXY TCP4 1.2.3.4", "\r\n"},
      {"PROXY TCP4 1.2.3.4", ":80"},
      {v4, " 1.2.3.4"},
      {v4 + "1.2.3.4", "\r\n"},
      {v4 + "1.2.3.4 ", "+1"},
      {v4 + "1.2.3.4 ", "-1"},
      {v4 + "1.2.3.4 ", "\r\n"},
      {v4 + "1.2.3.4 0", "1 2"},
      {v4 + "1.2.3.4 6553", "6"},
      {v4 + "1.2.3.4 65535", "0"},
      {v4 + "1.2.3.4 1 ", " 2"},
      {v4 + "1.2.3.4 1", "\r\n"},
      {v4 + "1.2.3.4 1 ", "x"},
      {v4 + "1.2.3.4 1 2", " \r\n"},
      {v4 + "1.2.3.4 1 2", " 3"},
      {v4 + "1.2.3.4 1 2", "\n"},
      {v4 + "1.2.3.4 1 2\r", "\r\n"},
      {v4 + "1.2.3.4 1 2\r", " "},
      {v6, "x"},
      {v6, "[::1]"},
      {v6 + "1", ".2.3.4 "},
      {v6 + "1234", "5"},
      {v6 + ":", "1"},
      {v6 + "::", ":"},
      {v6 + "1::2", "x"},
      {v6 + "1::2:", ":"},
      {v6 + "1:", " "},
      {v6 + "1:2:3:4:5:6:7", " "},
      {v6 + "1:2:3:4:5:6:7:8", ":"},
      {v6 + "1::2:3:4:5:6:7", ":8"},
      {v6 + "fe80::1", "%eth0"},
      {v6 + "::ffff:1.2.3.25", "6"},
  };
}

// Refused at the first byte that cannot be right, and for the same reason whatever follows.
TEST(ProxyV1, AFaultIsFoundAtItsByte) {
  logfmt::GuardedText guarded(256);
  std::vector<BadCase> cases = keyword_cases();
  for (BadCase& one : address_cases()) cases.push_back(std::move(one));
  for (const BadCase& one : cases) {
    const std::string bytes = one.good + one.bad + " more\r\n";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      const std::string expected =
          cut <= one.good.size() ? "incomplete" : "refused " + std::string(one.fault);
      ASSERT_EQ(describe(guarded.set(std::string_view(bytes).substr(0, cut))), expected)
          << bytes << " cut at " << cut;
    }
  }
}

}  // namespace
}  // namespace pixel::edge::test
