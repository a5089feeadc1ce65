// SPDX-License-Identifier: Apache-2.0
// What counts as a wish, and what does not.
#include "edge/policy/consent.h"

#include <gtest/gtest.h>

#include "edge/policy/prefetch.h"
#include "tests/unit/edge/policy/request.h"

namespace pixel::edge::test {
namespace {

const ConsentRules kAll{.dnt = true, .gpc = true, .opt_out_cookie = "optout"};

struct WishCase {
  ExtraHeader header;
  std::string_view value;
  bool wish;
};

TEST(ConsentTest, HeadersThatOptOut) {
  constexpr WishCase kCases[] = {
      {ExtraHeader::kDnt, "1", true},
      {ExtraHeader::kDnt, "1xy", true},
      {ExtraHeader::kDnt, " 1 ", true},
      {ExtraHeader::kDnt, "0", false},
      {ExtraHeader::kDnt, "", false},
      {ExtraHeader::kDnt, "null", false},
      {ExtraHeader::kDnt, "unspecified", false},
      {ExtraHeader::kDnt, "01", false},
      {ExtraHeader::kDoNotTrack, "1", true},
      {ExtraHeader::kDoNotTrack, "0", false},
      {ExtraHeader::kGpc, "1", true},
      {ExtraHeader::kGpc, "0", false},
      {ExtraHeader::kGpc, "?1", false},
      {ExtraHeader::kGpc, "11", false},
      {ExtraHeader::kGpc, "true", false},
      {ExtraHeader::kAnonymous, "1", false},
  };
  for (const WishCase& one : kCases) {
    EXPECT_EQ(is_opt_out(request_with(one.header, one.value), kAll), one.wish) << one.value;
  }
}

TEST(ConsentTest, WhatIsSwitchedOffIsNotHeard) {
  ConsentRules rules = kAll;
  rules.dnt = false;
  EXPECT_FALSE(is_opt_out(request_with(ExtraHeader::kDnt, "1"), rules));
  EXPECT_FALSE(is_opt_out(request_with(ExtraHeader::kDoNotTrack, "1"), rules));
  EXPECT_TRUE(is_opt_out(request_with(ExtraHeader::kGpc, "1"), rules));
  rules.gpc = false;
  EXPECT_FALSE(is_opt_out(request_with(ExtraHeader::kGpc, "1"), rules));
  RequestView request;
  request.cookie = "optout=0";
  EXPECT_TRUE(is_opt_out(request, rules));
  rules.opt_out_cookie.clear();
  EXPECT_FALSE(is_opt_out(request, rules));
}

TEST(ConsentTest, AnonymityIsAskedForByAnyValue) {
  EXPECT_TRUE(asks_anonymity(request_with(ExtraHeader::kAnonymous, "*")));
  EXPECT_TRUE(asks_anonymity(request_with(ExtraHeader::kAnonymous, "")));
  EXPECT_FALSE(asks_anonymity(request_with(ExtraHeader::kDnt, "1")));
}

TEST(PrefetchTest, HeadersOfBrowsersThatFetchAhead) {
  constexpr WishCase kCases[] = {
      {ExtraHeader::kSecPurpose, "prefetch", true},
      {ExtraHeader::kSecPurpose, "prefetch;prerender", true},
      {ExtraHeader::kSecPurpose, "prefetch;anonymous-client-ip", true},
      {ExtraHeader::kSecPurpose, "x, Prerender ;y", true},
      {ExtraHeader::kPurpose, "prefetch", true},
      {ExtraHeader::kPurpose, "PREVIEW", true},
      {ExtraHeader::kXPurpose, "preview", true},
      {ExtraHeader::kXPurpose, "instant", false},
      {ExtraHeader::kXMoz, "prefetch", true},
      {ExtraHeader::kXMoz, "", false},
      {ExtraHeader::kPurpose, "no-prefetch", false},
      {ExtraHeader::kPurpose, "prefetches", false},
      {ExtraHeader::kPurpose, ";;,", false},
      {ExtraHeader::kDnt, "prefetch", false},
  };
  for (const WishCase& one : kCases) {
    EXPECT_EQ(is_prefetch(request_with(one.header, one.value)), one.wish) << one.value;
  }
  EXPECT_FALSE(is_prefetch(RequestView{}));
}

}  // namespace
}  // namespace pixel::edge::test
