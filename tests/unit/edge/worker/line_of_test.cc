// SPDX-License-Identifier: Apache-2.0
#include "edge/line_of.h"

#include <gtest/gtest.h>

#include "edge/output_arena.h"

namespace pixel::edge {
namespace {

TEST(HostWithoutPort, KeepsNamesAddressesAndBracketedLiterals) {
  EXPECT_EQ(host_without_port("pixel.example"), "pixel.example");
  EXPECT_EQ(host_without_port("pixel.example:8080"), "pixel.example");
  EXPECT_EQ(host_without_port("192.0.2.1:80"), "192.0.2.1");
  EXPECT_EQ(host_without_port("[2001:db8::1]:8080"), "[2001:db8::1]");
  EXPECT_EQ(host_without_port("[broken"), "[broken");
  EXPECT_EQ(host_without_port(""), "");
}

class Describe : public testing::Test {
 protected:
  logfmt::LineInput describe_it() {
    logfmt::LineInput line;
    describe({"EDG1", "d.example"}, exchange_, response_, 1500, line);
    return line;
  }
  RequestView request_;
  Exchange exchange_{request_, {}, 0};
  Response response_ = [] {
    Response response;
    response.total_bytes = 300;
    response.head_bytes = 257;
    response.status = 200;
    response.detailed_result_type = "Hit";
    return response;
  }();
};

TEST_F(Describe, HeadCountsOnlyTheHead) {
  EXPECT_EQ(describe_it().sc_bytes, 300U);
  request_.method = Method::kHead;
  EXPECT_EQ(describe_it().sc_bytes, 257U);
}

TEST_F(Describe, WhatIsAddedCounts) {
  exchange_.headers = "A: b\r\n";
  EXPECT_EQ(describe_it().sc_bytes, 306U);
  exchange_.content = "12345";
  exchange_.has_content = true;
  EXPECT_EQ(describe_it().sc_bytes, 257U + 6 + 5);
  EXPECT_EQ(describe_it().content_length, 5);
}

TEST_F(Describe, SignalsReplaceTheDetailedType) {
  EXPECT_EQ(describe_it().detailed_result_type, "Hit");
  exchange_.signals = "Bot";
  EXPECT_EQ(describe_it().detailed_result_type, "Bot");
}

TEST_F(Describe, TheExchangeSpeaksForTheRequest) {
  request_.user_agent = "person";
  request_.query = "email=a";
  exchange_.query = "email=-";
  exchange_.https = true;
  const logfmt::LineInput line = describe_it();
  EXPECT_EQ(line.user_agent, "");
  EXPECT_EQ(line.uri_query, "email=-");
  EXPECT_EQ(line.protocol, "https");
}

TEST_F(Describe, AMissingHostIsTheDistributions) {
  EXPECT_EQ(describe_it().host_header, "d.example");
  request_.host = "www.example:81";
  EXPECT_EQ(describe_it().host_header, "www.example");
}

TEST_F(Describe, TheVersionIsTheRequests) {
  EXPECT_EQ(describe_it().protocol_version, "HTTP/1.1");
  request_.version = Version::kHttp10;
  EXPECT_EQ(describe_it().protocol_version, "HTTP/1.0");
}

TEST(OutputArena, TheLastLoopsBytesSurviveOneTurn) {
  OutputArena arena(2, 2);
  char* const first = arena.slot(arena.take());
  first[0] = 'x';
  arena.turn();
  char* const second = arena.slot(arena.take());
  second[0] = 'y';
  EXPECT_EQ(first[0], 'x');
  arena.turn();
  EXPECT_EQ(arena.slot(arena.take()), first);
}

TEST(OutputArena, SaysWhenItIsFull) {
  OutputArena arena(1, 2);
  EXPECT_TRUE(arena.has_room());
  arena.take();
  EXPECT_FALSE(arena.has_room());
}

}  // namespace
}  // namespace pixel::edge
