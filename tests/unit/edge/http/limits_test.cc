// SPDX-License-Identifier: Apache-2.0
// The limits: exactly the limit passes, one more does not, and it is known as soon as it can be.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/edge/http/describe.h"

namespace pixel::edge::test {
namespace {

// A request line of exactly `line_bytes`, CRLF included.
std::string line_of(std::size_t line_bytes) {
  const std::string begin = "GET /";
  const std::string end = " HTTP/1.1\r\n";
  return begin + std::string(line_bytes - begin.size() - end.size(), 'a') + end;
}

// A head of exactly `head_bytes`.
std::string head_of(std::size_t head_bytes) {
  const std::string begin = "GET /p HTTP/1.1\r\nHost: h\r\nCookie: ";
  return begin + std::string(head_bytes - begin.size() - 4, 'c') + "\r\n\r\n";
}

std::string headers_of(std::size_t count) {
  std::string bytes = "GET /p HTTP/1.1\r\nHost: h\r\n";
  for (std::size_t i = 1; i < count; ++i) bytes += "A: b\r\n";
  return bytes;
}

// As in ParserTest: the answer comes at one byte and stays.
void expect_same_at_every_prefix(const std::string& bytes, const ParseLimits& limits,
                                 std::string_view expected, std::size_t answer_bytes) {
  for (const ScanOps* scan : supported_scans()) {
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      const Parsed parsed = parse_with(*scan, std::string_view(bytes).substr(0, size), limits);
      ASSERT_EQ(describe(parsed), size < answer_bytes ? "incomplete" : expected)
          << size << " of " << bytes.size() << " bytes, " << scan->name;
      if (size >= answer_bytes) {
        ASSERT_EQ(parsed.request.head_bytes, answer_bytes);
      }
    }
  }
}

constexpr ParseLimits kSmall = {.request_line_bytes = 64, .head_bytes = 200, .header_count = 4};

TEST(LimitsTest, LineOfExactlyTheLimit) {
  const std::string bytes = line_of(64) + "Host: h\r\n\r\n";
  const std::string expected = "GET /" + std::string(64 - 16, 'a') + " 1.1 keep host=h";
  expect_same_at_every_prefix(bytes, kSmall, expected, bytes.size());
}

TEST(LimitsTest, LineOneByteOver) {
  expect_same_at_every_prefix(line_of(65) + "Host: h\r\n\r\n", kSmall, "414 line_too_long", 64);
}

TEST(LimitsTest, LineThatNeverEnds) {
  expect_same_at_every_prefix("GET /" + std::string(200, 'a'), kSmall, "414 line_too_long", 64);
}

TEST(LimitsTest, MethodThatNeverEnds) {
  expect_same_at_every_prefix(std::string(200, 'A'), kSmall, "414 line_too_long", 64);
}

TEST(LimitsTest, EmptyLinesCountAsTheLine) {
  std::string bytes;
  for (int i = 0; i < 40; ++i) bytes += "\r\n";
  expect_same_at_every_prefix(bytes, kSmall, "414 line_too_long", 64);
}

TEST(LimitsTest, FaultBeforeTheLimitWins) {
  expect_same_at_every_prefix("GET /\x01" + std::string(200, 'a'), kSmall, "400 bad_target", 6);
}

TEST(LimitsTest, FaultBehindTheLimitLoses) {
  expect_same_at_every_prefix("GET /" + std::string(59, 'a') + "\x01", kSmall, "414 line_too_long",
                              64);
}

TEST(LimitsTest, HeadOfExactlyTheLimit) {
  const std::string bytes = head_of(200);
  const std::string expected = "GET /p 1.1 keep host=h cookie=" + std::string(200 - 38, 'c');
  expect_same_at_every_prefix(bytes, kSmall, expected, 200);
}

TEST(LimitsTest, HeadOneByteOver) {
  expect_same_at_every_prefix(head_of(201), kSmall, "431 headers_too_large of GET /p", 200);
}

TEST(LimitsTest, HeaderThatNeverEnds) {
  expect_same_at_every_prefix("GET /p HTTP/1.1\r\nHost: h\r\nA: " + std::string(300, 'b'), kSmall,
                              "431 headers_too_large of GET /p", 200);
}

TEST(LimitsTest, NameThatNeverEnds) {
  expect_same_at_every_prefix("GET /p HTTP/1.1\r\nHost: h\r\n" + std::string(300, 'b'), kSmall,
                              "431 headers_too_large of GET /p", 200);
}

TEST(LimitsTest, ExactlyAsManyHeaders) {
  const std::string bytes = headers_of(4) + "\r\n";
  expect_same_at_every_prefix(bytes, kSmall, "GET /p 1.1 keep host=h", bytes.size());
}

TEST(LimitsTest, OneHeaderTooMany) {
  const std::size_t answer_bytes = headers_of(4).size() + 1;
  expect_same_at_every_prefix(headers_of(5) + "\r\n", kSmall, "431 headers_too_large of GET /p",
                              answer_bytes);
}

TEST(LimitsTest, HeadLimitBelowTheLineLimit) {
  const ParseLimits limits = {.request_line_bytes = 64, .head_bytes = 32, .header_count = 4};
  expect_same_at_every_prefix("GET /" + std::string(100, 'a'), limits, "414 line_too_long", 32);
}

TEST(LimitsTest, LineAsLongAsTheHeadMayBe) {
  const ParseLimits limits = {.request_line_bytes = 64, .head_bytes = 64, .header_count = 4};
  const std::string expected = "431 headers_too_large of GET /" + std::string(64 - 16, 'a');
  expect_same_at_every_prefix(line_of(64) + "Host: h\r\n\r\n", limits, expected, 64);
}

TEST(LimitsTest, NoHeadersAllowed) {
  const ParseLimits limits = {.request_line_bytes = 64, .head_bytes = 64, .header_count = 0};
  expect_same_at_every_prefix("GET /p HTTP/1.0\r\n\r\n", limits, "GET /p 1.0 close", 19);
  expect_same_at_every_prefix("GET /p HTTP/1.0\r\nA: b\r\n\r\n", limits,
                              "431 headers_too_large of GET /p", 18);
}

TEST(LimitsTest, TheDefaultsAreTheirDocumentedSizes) {
  for (const ScanOps* scan : supported_scans()) {
    const std::string line = line_of(16 * 1024) + "Host: h\r\n\r\n";
    EXPECT_EQ(parse_with(*scan, line).result.status, ParseStatus::kComplete);
    EXPECT_EQ(describe(parse_with(*scan, line_of(16 * 1024 + 1))), "414 line_too_long");
    EXPECT_EQ(parse_with(*scan, head_of(32 * 1024)).result.status, ParseStatus::kComplete);
    EXPECT_EQ(parse_with(*scan, head_of(32 * 1024 + 1)).result.refusal, Refusal::kHeadersTooLarge);
    EXPECT_EQ(parse_with(*scan, headers_of(100) + "\r\n").result.status, ParseStatus::kComplete);
    EXPECT_EQ(parse_with(*scan, headers_of(101)).result.refusal, Refusal::kHeadersTooLarge);
  }
}

}  // namespace
}  // namespace pixel::edge::test
