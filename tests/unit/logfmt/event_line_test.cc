// SPDX-License-Identifier: Apache-2.0
// The head of an event line: what it must look like to the byte, and every cut of it.
#include "logfmt/event_line.h"

#include <gtest/gtest.h>

#include <string>

#include "guarded_text.h"

namespace pixel::logfmt {
namespace {

const std::string kHead =
    R"({"id":"DqJSj5NzoZS66KJhelRC9g","n":3,"seq":12,"time":"2026-11-20T18:52:00Z")";

TEST(EventLine, ReadsTheHead) {
  const std::string line = kHead + R"(,"path":"/collect","record":{}})";
  const auto head = parse_event_head(line);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->request_id, "DqJSj5NzoZS66KJhelRC9g");
  EXPECT_EQ(head->number, 3U);
  EXPECT_EQ(head->sequence, 12U);
  EXPECT_EQ(head->unix_seconds, 1'795'200'720);
}

TEST(EventLine, EveryCutIsNone) {
  GuardedText guard(256);
  for (std::size_t bytes = 0; bytes < kHead.size(); ++bytes) {
    EXPECT_FALSE(parse_event_head(guard.set(kHead.substr(0, bytes)))) << bytes;
  }
  EXPECT_TRUE(parse_event_head(guard.set(kHead)));
}

TEST(EventLine, OtherSpellings) {
  const auto with = [](const std::string& from, const std::string& to) {
    std::string line = kHead;
    line.replace(line.find(from), from.size(), to);
    return parse_event_head(line).has_value();
  };
  EXPECT_TRUE(with("12", "18446744073709551615"));
  EXPECT_TRUE(with("\"n\":3", "\"n\":0"));
  EXPECT_FALSE(with("12", "18446744073709551616"));
  EXPECT_FALSE(with("12", "012"));
  EXPECT_FALSE(with("12", "-1"));
  EXPECT_FALSE(with("12", "1.2"));
  EXPECT_FALSE(with("\"n\":3", "\"n\":4294967296"));
  EXPECT_FALSE(with("\"seq\"", "\"sec\""));
  EXPECT_FALSE(with("{\"id\"", "{ \"id\""));
  EXPECT_FALSE(with("9g", "9"));
  EXPECT_FALSE(with("9g", "9gg"));
  EXPECT_FALSE(with("DqJS", "Dq\"S"));
  EXPECT_FALSE(with("2026-11", "2026-13"));
  EXPECT_FALSE(with("11-20", "11-00"));
  EXPECT_FALSE(with("T18", "T24"));
  EXPECT_FALSE(with("T18", " 18"));
  EXPECT_FALSE(with("52", "60"));
  EXPECT_FALSE(with("00Z", "0xZ"));
}

}  // namespace
}  // namespace pixel::logfmt
