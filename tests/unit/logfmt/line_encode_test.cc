// SPDX-License-Identifier: Apache-2.0
// encode_line: each of the 33 fields, each byte of each raw field, and the promises that followers
// rely on (32 tabs, no newline, no NUL, within the bound).
#include "logfmt/line_encode.h"
#include "logfmt/unescape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/prng.h"
#include "guarded_text.h"
#include "logfmt/escape_variants.h"
#include "logfmt/format.h"
#include "sample_line.h"

namespace pixel::logfmt {
namespace {

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == '\t') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

std::string field(const LineInput& input, Field which) {
  const auto fields = split(encode(input));
  EXPECT_EQ(fields.size(), kFieldCount);
  return fields.size() == kFieldCount ? fields[static_cast<std::size_t>(which)] : std::string();
}

TEST(LineEncode, AllFieldsOfARequest) {
  const std::vector<std::string> expected{
      "2026-11-20",
      "18:52:00",
      "FRA1",
      "431",
      "203.0.113.7",
      "GET",
      "d111111abcdef8.cloudfront.net",
      "/hpx.gif",
      "200",
      "https://www.example.com/shop?id=%257B1%257D",
      "Mozilla/5.0%20(X11;%20Linux%20x86_64)%20Gecko/20100101%20Firefox/128.0",
      "a=1&b=%2520two&c=%22three%22",
      "-",
      "Hit",
      sample_request_id(),
      "pixel.example.com",
      "https",
      "512",
      "0.001",
      "-",
      "TLSv1.3",
      "TLS_AES_128_GCM_SHA256",
      "Hit",
      "HTTP/1.1",
      "-",
      "-",
      "50000",
      "0.000",
      "Hit",
      "image/gif",
      "43",
      "-",
      "-"};
  EXPECT_EQ(split(encode(sample_input())), expected);
}

TEST(LineEncode, EmptyTextsBecomeDashes) {
  LineInput input;
  const DateTimeText when = format_date_time(0);
  input.when = &when;
  const auto fields = split(encode(input));
  ASSERT_EQ(fields.size(), kFieldCount);
  const std::vector<std::string> expected{
      "1970-01-01", "00:00:00", "-", "0",        "-", "-",     "-", "-",     "000", "-", "-",
      "-",          "-",        "-", fields[14], "-", "-",     "0", "0.000", "-",   "-", "-",
      "-",          "-",        "-", "-",        "0", "0.000", "-", "-",     "-",   "-", "-"};
  EXPECT_EQ(fields, expected);
}

struct RawField {
  std::string_view LineInput::*member;
  Field field;
};
constexpr RawField kRawFields[] = {{&LineInput::method, Field::kMethod},
                                   {&LineInput::uri_stem, Field::kUriStem},
                                   {&LineInput::referer, Field::kReferer},
                                   {&LineInput::user_agent, Field::kUserAgent},
                                   {&LineInput::uri_query, Field::kUriQuery},
                                   {&LineInput::cookie, Field::kCookie},
                                   {&LineInput::host_header, Field::kHostHeader},
                                   {&LineInput::forwarded_for, Field::kForwardedFor},
                                   {&LineInput::content_type, Field::kContentType}};

TEST(LineEncode, EveryByteValueInEveryRawField) {
  for (const RawField& raw : kRawFields) {
    for (int byte = 0; byte < 256; ++byte) {
      const std::string text{'x', static_cast<char>(byte), 'y'};
      LineInput input = sample_input();
      input.*raw.member = text;
      char code[8];
      std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(byte));
      const std::string expected =
          must_escape(static_cast<unsigned char>(byte)) ? std::string("x") + code + "y" : text;
      EXPECT_EQ(field(input, raw.field), expected) << static_cast<int>(raw.field) << ' ' << byte;
    }
  }
}

struct ReadyField {
  std::string_view LineInput::*member;
  Field field;
};
constexpr ReadyField kReadyFields[] = {
    {&LineInput::edge_location, Field::kEdgeLocation},
    {&LineInput::client_address, Field::kClientIp},
    {&LineInput::distribution_host, Field::kHost},
    {&LineInput::result_type, Field::kResultType},
    {&LineInput::protocol, Field::kProtocol},
    {&LineInput::ssl_protocol, Field::kSslProtocol},
    {&LineInput::ssl_cipher, Field::kSslCipher},
    {&LineInput::response_result_type, Field::kResponseResultType},
    {&LineInput::protocol_version, Field::kProtocolVersion},
    {&LineInput::detailed_result_type, Field::kDetailedResultType}};

TEST(LineEncode, ReadyFieldsOfEveryLengthAreCopied) {
  for (const ReadyField& ready : kReadyFields) {
    for (std::size_t bytes = 1; bytes < 80; ++bytes) {
      std::string text;
      for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>('!' + i);
      LineInput input = sample_input();
      input.*ready.member = text;
      EXPECT_EQ(field(input, ready.field), text);
    }
  }
}

TEST(LineEncode, NumbersOfEveryLength) {
  std::vector<std::uint64_t> values{0, UINT64_MAX};
  for (std::uint64_t power = 1; power <= 1'000'000'000'000'000'000U; power *= 10) {
    for (const std::uint64_t value : {power - 1, power, power + 1, power * 9 + power / 2}) {
      values.push_back(value);
    }
    if (power == 1'000'000'000'000'000'000U) break;
  }
  for (const std::uint64_t value : values) {
    LineInput input = sample_input();
    input.sc_bytes = value;
    input.cs_bytes = value;
    EXPECT_EQ(field(input, Field::kScBytes), std::to_string(value));
    EXPECT_EQ(field(input, Field::kCsBytes), std::to_string(value));
    input.content_length = static_cast<std::int64_t>(value & INT64_MAX);
    EXPECT_EQ(field(input, Field::kContentLength), std::to_string(input.content_length));
    input.client_port = static_cast<std::uint32_t>(value);
    EXPECT_EQ(field(input, Field::kClientPort), std::to_string(input.client_port));
  }
}

TEST(LineEncode, EveryStatus) {
  for (std::uint32_t status = 0; status < 1'000; ++status) {
    LineInput input = sample_input();
    input.status = status;
    char expected[16];
    std::snprintf(expected, sizeof expected, "%03u", status);
    EXPECT_EQ(field(input, Field::kStatus), expected);
  }
}

TEST(LineEncode, TimesAreSecondsRoundedDown) {
  const std::pair<std::uint64_t, const char*> cases[] = {{0, "0.000"},
                                                         {999, "0.000"},
                                                         {1'000, "0.001"},
                                                         {1'999, "0.001"},
                                                         {99'999, "0.099"},
                                                         {999'999, "0.999"},
                                                         {1'000'000, "1.000"},
                                                         {61'234'567, "61.234"},
                                                         {620'000'000, "620.000"},
                                                         {UINT64_MAX, "18446744073709.551"}};
  for (const auto& [microseconds, text] : cases) {
    LineInput input = sample_input();
    input.time_taken_us = microseconds;
    EXPECT_EQ(field(input, Field::kTimeTaken), text);
    input.time_to_first_byte_us = microseconds;
    EXPECT_EQ(field(input, Field::kTimeToFirstByte), text);
  }
}

TEST(LineEncode, NegativeContentLengthIsADash) {
  LineInput input = sample_input();
  input.content_length = -1;
  EXPECT_EQ(field(input, Field::kContentLength), "-");
  input.content_length = 0;
  EXPECT_EQ(field(input, Field::kContentLength), "0");
}

TEST(LineEncode, DateTimeOfEveryHourOfAYear) {
  for (std::int64_t second = 1'798'761'600; second < 1'830'297'600; second += 3'599) {
    const DateTimeText text = format_date_time(second);
    const base::CivilTime c = base::civil_from_unix(second);
    char expected[64];
    std::snprintf(expected, sizeof expected, "%04d-%02d-%02d\t%02d:%02d:%02d", c.year, c.month,
                  c.day, c.hour, c.minute, c.second);
    ASSERT_EQ(std::string(text.bytes, kDateTimeBytes), expected);
  }
}

// Random bytes everywhere a client can put some.
TEST(LineEncode, PropertiesOfAnyLine) {
  base::Prng prng(3);
  for (int round = 0; round < 800; ++round) {
    LineInput input = sample_input();
    std::string texts[std::size(kRawFields)];
    for (std::size_t i = 0; i < std::size(kRawFields); ++i) {
      texts[i].resize(prng.below(prng.chance(1, 50) ? 9'000 : 120));
      for (char& c : texts[i]) c = static_cast<char>(prng.below(256));
      input.*kRawFields[i].member = texts[i];
    }
    input.sc_bytes = prng.next() >> prng.below(64);
    input.cs_bytes = prng.next() >> prng.below(64);
    input.time_taken_us = prng.next() >> prng.below(64);
    input.sequence.sequence = prng.next();
    const std::string line = encode(input);
    EXPECT_EQ(std::count(line.begin(), line.end(), '\t'), 32);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(line.find('\0'), std::string::npos);
    for (std::size_t i = 0; i < std::size(kRawFields); ++i) {
      if (texts[i].empty()) continue;
      EXPECT_EQ(unescape(field(input, kRawFields[i].field)), texts[i]);
    }
  }
}

// A page that cannot be read behind the text, and one byte to many before it.
TEST(LineEncode, NoByteBehindATextIsRead) {
  GuardedText guarded(256);
  for (std::size_t bytes = 1; bytes <= 140; ++bytes) {
    const std::string clean(bytes, 'u');
    std::string dirty = clean;
    dirty[bytes / 2] = ' ';
    for (const auto& raw : kRawFields) {
      for (const std::string& text : {clean, dirty}) {
        LineInput input = sample_input();
        input.*raw.member = guarded.set(text);
        ASSERT_EQ(unescape(field(input, raw.field)), text);
      }
    }
    for (const auto& ready : kReadyFields) {
      LineInput input = sample_input();
      input.*ready.member = guarded.set(clean);
      ASSERT_EQ(field(input, ready.field), clean);
    }
  }
}

TEST(LineEncode, OneSecondToTheNextChangesNothingElse) {
  LineInput input = sample_input();
  const std::string before = encode(input);
  const DateTimeText later = format_date_time(kSampleTime + 1);
  input.when = &later;
  const std::string after = encode(input);
  EXPECT_EQ(before.substr(kDateTimeBytes), after.substr(kDateTimeBytes));
  EXPECT_EQ(after.substr(0, kDateTimeBytes), "2026-11-20\t18:52:01");
}

}  // namespace
}  // namespace pixel::logfmt
