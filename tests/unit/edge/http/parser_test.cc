// SPDX-License-Identifier: Apache-2.0
// The tables of cases, and that the answer does not depend on how the bytes arrive.
#include "edge/http/parser.h"

#include <gtest/gtest.h>

#include <iterator>
#include <set>
#include <string>

#include "tests/unit/edge/http/cases.h"
#include "tests/unit/edge/http/describe.h"
#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge::test {
namespace {

TEST(ParserTest, EveryCaseSaysWhatItsRowSays) {
  for_each_case([](const Case& one, const ScanOps& scan) {
    EXPECT_EQ(describe(parse_with(scan, one.bytes)), one.expected);
  });
}

TEST(ParserTest, CaseNamesDiffer) {
  std::set<std::string_view> names;
  for (const Case& one : kRequestLineCases) EXPECT_TRUE(names.insert(one.name).second) << one.name;
  for (const Case& one : kHeaderCases) EXPECT_TRUE(names.insert(one.name).second) << one.name;
  EXPECT_GE(names.size(), 200U);
}

TEST(ParserTest, TheDefaultScanAgreesWithTheTables) {
  for (const Case& one : kHeaderCases) {
    Parsed parsed;
    parsed.result = parse_request(one.bytes, ParseLimits{}, parsed.request);
    EXPECT_EQ(describe(parsed), one.expected) << one.name;
  }
}

// Whatever the answer is: before its last byte it is "incomplete", from then on it never changes,
// and head_bytes says how many bytes that were. Any split into pieces is a walk over prefixes.
TEST(ParserTest, EveryPrefixIsIncompleteUntilTheAnswer) {
  logfmt::GuardedText guarded(4096);
  for_each_case([&guarded](const Case& one, const ScanOps& scan) {
    const Parsed whole = parse_with(scan, one.bytes);
    const bool answered = whole.result.status != ParseStatus::kIncomplete;
    const std::size_t answer_bytes = answered ? whole.request.head_bytes : one.bytes.size() + 1;
    for (std::size_t size = 0; size <= one.bytes.size(); ++size) {
      const Parsed prefix = parse_with(scan, guarded.set(one.bytes.substr(0, size)));
      const std::string expected = size < answer_bytes ? "incomplete" : describe(whole);
      ASSERT_EQ(describe(prefix), expected) << "prefix of " << size << " bytes";
      if (size >= answer_bytes) {
        ASSERT_EQ(prefix.request.head_bytes, answer_bytes);
      }
    }
  });
}

TEST(ParserTest, HeadBytesEndBehindTheEmptyLine) {
  for_each_case([](const Case& one, const ScanOps& scan) {
    const Parsed parsed = parse_with(scan, one.bytes);
    if (parsed.result.status != ParseStatus::kComplete) return;
    const std::string_view head = one.bytes.substr(0, parsed.request.head_bytes);
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    EXPECT_EQ(parsed.result.refusal, Refusal::kNone);
  });
}

// Views point into the bytes, also the "/" that stands for an empty path.
TEST(ParserTest, ViewsPointIntoTheBytes) {
  for_each_case([](const Case& one, const ScanOps& scan) {
    const RequestView request = parse_with(scan, one.bytes).request;
    const auto expect_inside = [&one](std::string_view view) {
      if (view.empty()) return;
      EXPECT_GE(view.data(), one.bytes.data());
      EXPECT_LE(view.data() + view.size(), one.bytes.data() + one.bytes.size());
    };
    for (const std::string_view view :
         {request.method_text, request.path, request.query, request.host, request.referer,
          request.user_agent, request.cookie}) {
      expect_inside(view);
    }
    for (const HeaderLines* lines : {&request.forwarded_for, &request.forwarded}) {
      for (std::size_t i = 0; i < lines->count(); ++i) expect_inside(lines->from_last(i));
    }
    for (std::size_t i = 0; i < kExtraHeaderCount; ++i) {
      expect_inside(request.extra.get(static_cast<ExtraHeader>(i)));
    }
  });
}

TEST(ParserTest, PipelinedRequestsAreTakenOneByOne) {
  std::string bytes;
  for (int i = 0; i < 40; ++i) {
    bytes += "GET /p" + std::to_string(i) + "?" + std::string(static_cast<std::size_t>(i) * 7, 'q');
    bytes += " HTTP/1.1\r\nHost: h\r\nUser-Agent: " + std::string(static_cast<std::size_t>(i), 'u');
    bytes += "\r\n\r\n";
  }
  for (const ScanOps* scan : supported_scans()) {
    std::string_view rest = bytes;
    for (int i = 0; i < 40; ++i) {
      const Parsed parsed = parse_with(*scan, rest);
      ASSERT_EQ(parsed.result.status, ParseStatus::kComplete);
      EXPECT_EQ(parsed.request.path, "/p" + std::to_string(i));
      EXPECT_EQ(parsed.request.query.size(), static_cast<std::size_t>(i) * 7);
      EXPECT_EQ(parsed.request.user_agent.size(), static_cast<std::size_t>(i));
      rest.remove_prefix(parsed.request.head_bytes);
    }
    EXPECT_TRUE(rest.empty());
  }
}

// Names and values that begin, end and cross at every place of the scan windows.
TEST(ParserTest, LinesAcrossScanWindows) {
  for (std::size_t size = 1; size <= 1100; ++size) {
    const std::string bytes = "GET /p HTTP/1.1\r\nHost: h\r\n" + std::string(size, 'N') +
                              ": v\r\nUser-Agent: a\r\nCookie: " + std::string(size, 'c') +
                              "\r\nX-Forwarded-For: f\r\n\r\n";
    for (const ScanOps* scan : supported_scans()) {
      ASSERT_EQ(describe(parse_with(*scan, bytes)),
                "GET /p 1.1 keep host=h agent=a cookie=" + std::string(size, 'c') + " xff=f")
          << size << scan->name;
    }
  }
}

// Every single byte value at a place of each kind, against the grammar written out here.
TEST(ParserTest, EveryByteValueInATarget) {
  for (unsigned value = 0; value < 256; ++value) {
    const char byte = static_cast<char>(value);
    const std::string bytes = std::string("GET /a") + byte + "b HTTP/1.1\r\nHost: h\r\n\r\n";
    const bool good = value > 0x20 && value != 0x7f && byte != '#';
    for (const ScanOps* scan : supported_scans()) {
      const bool complete = parse_with(*scan, bytes).result.status == ParseStatus::kComplete;
      EXPECT_EQ(complete, good) << value << scan->name;
    }
  }
}

TEST(ParserTest, EveryByteValueInAHeaderName) {
  const std::string_view odd = "!#$%&'*+-.^_`|~:";
  for (unsigned value = 0; value < 256; ++value) {
    const char byte = static_cast<char>(value);
    const std::string bytes = std::string("GET / HTTP/1.1\r\nHost: h\r\nA") + byte + "b: c\r\n\r\n";
    const bool alnum = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                       (byte >= 'A' && byte <= 'Z');
    const bool good = alnum || odd.find(byte) != std::string_view::npos;
    for (const ScanOps* scan : supported_scans()) {
      const bool complete = parse_with(*scan, bytes).result.status == ParseStatus::kComplete;
      EXPECT_EQ(complete, good) << value << scan->name;
    }
  }
}

TEST(ParserTest, EveryByteValueInAHeaderValue) {
  for (unsigned value = 0; value < 256; ++value) {
    const char byte = static_cast<char>(value);
    const std::string bytes = std::string("GET / HTTP/1.1\r\nHost: h\r\nA: b") + byte + "c\r\n\r\n";
    const bool good = byte == '\t' || (value >= 0x20 && value != 0x7f);
    for (const ScanOps* scan : supported_scans()) {
      const bool complete = parse_with(*scan, bytes).result.status == ParseStatus::kComplete;
      EXPECT_EQ(complete, good) << value << scan->name;
    }
  }
}

TEST(RefusalTest, EachHasItsStatusNameAndAnswer) {
  std::set<std::string_view> names;
  for (std::size_t i = 1; i < kRefusalCount; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    EXPECT_TRUE(names.insert(refusal_name(refusal)).second);
    EXPECT_GE(refusal_status(refusal), 400U);
  }
  EXPECT_EQ(refusal_status(Refusal::kUnsupportedVersion), 505U);
  EXPECT_EQ(refusal_status(Refusal::kLineTooLong), 414U);
  EXPECT_EQ(refusal_status(Refusal::kHeadersTooLarge), 431U);
  EXPECT_EQ(refusal_status(Refusal::kBadHost), 400U);
}

}  // namespace
}  // namespace pixel::edge::test
