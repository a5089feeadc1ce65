// SPDX-License-Identifier: Apache-2.0
// A memory may only save time: whatever it knows, every head means what it means without it.
#include "edge/http/head_memory.h"

#include <gtest/gtest.h>

#include <iterator>
#include <memory>
#include <string>

#include "edge/http/parse_step.h"
#include "tests/unit/edge/http/cases.h"
#include "tests/unit/edge/http/describe.h"
#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge::test {
namespace {

constexpr std::string_view kBlock =
    "Host: px.example\r\nUser-Agent: one\r\nReferer: https://a.example/\r\nCookie: a=b\r\n\r\n";

std::string get(std::string_view target, std::string_view block = kBlock,
                std::string_view version = "HTTP/1.1") {
  return "GET " + std::string(target) + " " + std::string(version) + "\r\n" + std::string(block);
}

Parsed parse_with_memory(const HeadMemory& memory, std::string_view bytes) {
  Parsed parsed;
  parsed.result = parse_request(bytes, ParseLimits{}, &memory, parsed.request);
  return parsed;
}

class HeadMemoryTest : public testing::Test {
 protected:
  HeadMemoryTest() { memory_->forget(); }

  void remember(std::string_view bytes) {
    const Parsed parsed = parse_with(best_scan(), bytes);
    ASSERT_EQ(parsed.result.status, ParseStatus::kComplete);
    memory_->remember(bytes.substr(parsed.request.line_bytes,
                                   parsed.request.head_bytes - parsed.request.line_bytes),
                      parsed.request);
  }
  bool recalls(std::string_view bytes) {
    return parse_with_memory(*memory_, bytes).result.recalled;
  }

  std::unique_ptr<HeadMemory> memory_ = std::make_unique<HeadMemory>();
};

TEST_F(HeadMemoryTest, AnEmptyOneKnowsNothing) { EXPECT_FALSE(recalls(get("/a"))); }

TEST_F(HeadMemoryTest, TheSameBlockBehindAnotherTargetIsRecalled) {
  remember(get("/a?x=1"));
  const std::string next = "\r\nHEAD /other?y=22 HTTP/1.1\r\n" + std::string(kBlock) + "rest";
  const Parsed parsed = parse_with_memory(*memory_, next);
  EXPECT_TRUE(parsed.result.recalled);
  EXPECT_EQ(describe(parsed), describe(parse_with(best_scan(), next)));
  EXPECT_EQ(parsed.request.user_agent, "one");
  EXPECT_EQ(parsed.request.user_agent.data(), next.data() + next.find("one"));
  EXPECT_EQ(parsed.request.head_bytes, next.size() - 4);
}

TEST_F(HeadMemoryTest, OneOtherByteIsParsed) {
  remember(get("/a"));
  for (std::size_t at = 0; at < kBlock.size(); ++at) {
    std::string block(kBlock);
    block[at] = block[at] == 'x' ? 'y' : 'x';
    const std::string bytes = get("/a", block);
    const Parsed parsed = parse_with_memory(*memory_, bytes);
    EXPECT_FALSE(parsed.result.recalled) << at;
    EXPECT_EQ(describe(parsed), describe(parse_with(best_scan(), bytes))) << at;
  }
}

TEST_F(HeadMemoryTest, NoPrefixIsRecalledAndNoByteBehindItRead) {
  remember(get("/a"));
  logfmt::GuardedText guarded(4096);
  const std::string whole = get("/a");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Parsed parsed = parse_with_memory(*memory_, guarded.set(whole.substr(0, size)));
    EXPECT_EQ(parsed.result.status, ParseStatus::kIncomplete) << size;
  }
  EXPECT_TRUE(recalls(guarded.set(whole)));
}

TEST_F(HeadMemoryTest, WhatTheRequestLineChangesIsNotRecalled) {
  remember(get("/a"));
  EXPECT_FALSE(recalls(get("/a", kBlock, "HTTP/1.0")));
  EXPECT_FALSE(recalls(get("http://other.example/a")));
}

TEST_F(HeadMemoryTest, BodiesProxiesWishesAuthoritiesAndLongBlocksAreNotRemembered) {
  const std::string host = "Host: px.example\r\n";
  for (const std::string& bytes :
       {get("/a", host + "Content-Length: 1\r\n\r\n"), get("/a", host + "DNT: 1\r\n\r\n"),
        get("/a", host + "X-Forwarded-For: 192.0.2.1\r\n\r\n"),
        get("/a", host + "Forwarded: for=192.0.2.1\r\n\r\n"), get("http://px.example/a"),
        get("/a", host + "Cookie: " + std::string(HeadMemory::kBlockBytesMax, 'c') + "\r\n\r\n")}) {
    remember(get("/a"));
    remember(bytes);
    EXPECT_FALSE(recalls(bytes)) << bytes.substr(0, 80);
    EXPECT_FALSE(recalls(get("/a"))) << "the one before it was kept";
  }
}

TEST_F(HeadMemoryTest, TheLongestBlockIsRecalled) {
  std::string block = "Host: px.example\r\nCookie: \r\n\r\n";
  block.insert(block.size() - 4, HeadMemory::kBlockBytesMax - block.size(), 'c');
  remember(get("/a", block));
  EXPECT_TRUE(recalls(get("/b", block)));
}

TEST_F(HeadMemoryTest, AHeadBeyondItsLimitIsRefusedAllTheSame) {
  remember(get("/a"));
  ParseLimits limits;
  limits.head_bytes = static_cast<std::uint32_t>(kBlock.size()) + 20;
  Parsed parsed;
  parsed.result = parse_request(get("/0123456789"), limits, memory_.get(), parsed.request);
  EXPECT_EQ(parsed.result.refusal, Refusal::kHeadersTooLarge);
}

// Every case of the parser's tables behind every other one's memory.
TEST_F(HeadMemoryTest, NoCaseMeansAnythingElseWhateverIsRemembered) {
  std::vector<std::string_view> all;
  for (const Case& one : kRequestLineCases) all.push_back(one.bytes);
  for (const Case& one : kHeaderCases) all.push_back(one.bytes);
  int recalled = 0;
  for (const std::string_view before : all) {
    const Parsed known = parse_with(best_scan(), before);
    if (known.result.status != ParseStatus::kComplete) continue;
    memory_->remember(before.substr(known.request.line_bytes,
                                    known.request.head_bytes - known.request.line_bytes),
                      known.request);
    for (const std::string_view bytes : all) {
      const Parsed parsed = parse_with_memory(*memory_, bytes);
      recalled += parsed.result.recalled ? 1 : 0;
      ASSERT_EQ(describe(parsed), describe(parse_with(best_scan(), bytes)));
    }
  }
  EXPECT_GT(recalled, 20);
}

}  // namespace
}  // namespace pixel::edge::test
