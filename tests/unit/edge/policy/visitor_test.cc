// SPDX-License-Identifier: Apache-2.0
// Whose id a request carries, what is set for it, and what is refused at boot.
#include "edge/policy/visitor.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

#include "base/assert.h"
#include "tests/unit/edge/policy/request.h"

namespace pixel::edge::test {
namespace {

constexpr std::int64_t kNow = 1'795'212'900;  // Fri, 20 Nov 2026 22:15:00 UTC

VisitorRules make_rules(const PolicyOptions& options) {
  auto rules = make_visitor_rules(options);
  CHECK(rules.ok());
  return std::move(*rules);
}

std::string error_of(const PolicyOptions& options) {
  const auto rules = make_visitor_rules(options);
  return rules ? "" : rules.error().message;
}

class VisitorTest : public testing::Test {
 protected:
  KeptVisitor keep(std::string_view query, std::string_view cookie) {
    request_.query = query;
    request_.cookie = cookie;
    return keep_visitor(request_, rules_, kNow, scratch_);
  }

  RequestView request_;
  PolicyOptions options_;
  VisitorRules rules_ = make_rules(options_);
  VisitorScratch scratch_{SipBytes{42}};
};

TEST_F(VisitorTest, TheParameterGoesBeforeTheCookie) {
  EXPECT_EQ(keep("a=1&nuid=from-query", "pe_visitor=from-cookie").id, "from-query");
  EXPECT_EQ(keep("a=1&n%75id=from-query", "pe_visitor=from-cookie").id, "from-query");
  EXPECT_EQ(keep("a=1", "x=y; pe_visitor=from-cookie").id, "from-cookie");
  EXPECT_EQ(keep("a=1", "pe_visitor=\"from-cookie\"").id, "from-cookie");
}

TEST_F(VisitorTest, WhatIsNoIdIsPassedOver) {
  const std::string longest(64, 'x');
  EXPECT_EQ(keep("nuid=" + longest, "").id, longest);
  for (const std::string& bad :
       {std::string(65, 'x'), std::string(), std::string("a%20b"), std::string("<b>"),
        std::string("a+b"), std::string("a,b"), std::string("a\r\nb")}) {
    EXPECT_EQ(keep("nuid=" + bad, "pe_visitor=from-cookie").id, "from-cookie") << bad;
    EXPECT_EQ(keep("nuid=" + bad, "pe_visitor=" + bad).id.size(), kUuidTextBytes) << bad;
  }
  EXPECT_EQ(keep("nuid=a%20b&nuid=second", "").id, "second");
  EXPECT_EQ(keep("nuid", "").id.size(), kUuidTextBytes);
}

TEST_F(VisitorTest, WithoutAParameterTheQueryIsNotAsked) {
  options_.id_parameter.clear();
  rules_ = make_rules(options_);
  EXPECT_EQ(keep("nuid=from-query&=x", "pe_visitor=from-cookie").id, "from-cookie");
}

TEST_F(VisitorTest, NewIdsAreRandomUuids) {
  const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    const std::string id(keep("", "").id);
    EXPECT_TRUE(std::regex_match(id, uuid)) << id;
    EXPECT_TRUE(is_visitor_id(id));
    EXPECT_TRUE(seen.insert(id).second);
  }
  VisitorScratch other{SipBytes{43}};
  request_.cookie = {};
  request_.query = {};
  EXPECT_TRUE(seen.insert(std::string(keep_visitor(request_, rules_, kNow, other).id)).second);
}

TEST_F(VisitorTest, EveryRequestRenewsTheCookie) {
  const KeptVisitor kept = keep("", "pe_visitor=v1");
  EXPECT_EQ(kept.pair, "pe_visitor=v1");
  EXPECT_EQ(kept.headers,
            "Set-Cookie: pe_visitor=v1; Max-Age=31536000; Expires=Sat, 20 Nov 2027 22:15:00 GMT; "
            "Path=/; Secure; HttpOnly; SameSite=None\r\n");
}

TEST_F(VisitorTest, TheDomainIsThatOfTheOrigin) {
  options_.cookie_domains = {"Shop.example", "blog.example"};
  options_.fallback_domain = "px.example";
  options_.secure = false;
  options_.http_only = false;
  options_.same_site = SameSite::kLax;
  rules_ = make_rules(options_);
  const auto end_of = [&] {
    const std::string_view headers = keep("", "pe_visitor=v1").headers;
    return std::string(headers.substr(headers.find(" GMT") + 4));
  };
  EXPECT_EQ(end_of(), "; Domain=px.example; Path=/; SameSite=Lax\r\n");
  request_.referer = "https://www.blog.example/a";
  EXPECT_EQ(end_of(), "; Domain=blog.example; Path=/; SameSite=Lax\r\n");
  request_.extra.set(ExtraHeader::kOrigin, "https://a.SHOP.example");
  EXPECT_EQ(end_of(), "; Domain=shop.example; Path=/; SameSite=Lax\r\n");
  request_.extra.set(ExtraHeader::kOrigin, "https://evilshop.example");
  EXPECT_EQ(end_of(), "; Domain=px.example; Path=/; SameSite=Lax\r\n");
}

TEST_F(VisitorTest, ASecondCookieIsForScripts) {
  options_.readable_cookie_name = "pe_id";
  options_.same_site = SameSite::kStrict;
  options_.lifetime_ns = 90 * base::kSecondNs;
  rules_ = make_rules(options_);
  EXPECT_EQ(keep("", "pe_visitor=v1").headers,
            "Set-Cookie: pe_visitor=v1; Max-Age=90; Expires=Fri, 20 Nov 2026 22:16:30 GMT; "
            "Path=/; Secure; HttpOnly; SameSite=Strict\r\n"
            "Set-Cookie: pe_id=v1; Max-Age=90; Expires=Fri, 20 Nov 2026 22:16:30 GMT; "
            "Path=/; Secure; SameSite=Strict\r\n");
}

TEST_F(VisitorTest, OnlyCookiesThatWereSentExpire) {
  options_.readable_cookie_name = "pe_id";
  options_.cookie_domains = {"shop.example"};
  rules_ = make_rules(options_);
  request_.referer = "https://shop.example/";
  request_.cookie = "a=b";
  EXPECT_EQ(forget_visitor(request_, rules_, scratch_), "");
  request_.cookie = "pe_id=x; pe_visitor=not an id";
  EXPECT_EQ(forget_visitor(request_, rules_, scratch_),
            "Set-Cookie: pe_visitor=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
            "Domain=shop.example; Path=/; Secure; HttpOnly; SameSite=None\r\n"
            "Set-Cookie: pe_id=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
            "Domain=shop.example; Path=/; Secure; SameSite=None\r\n");
}

// The longest of everything fills the room exactly: a byte more would be written beyond it.
TEST_F(VisitorTest, TheLongestLinesFitExactly) {
  options_.cookie_name = std::string(64, 'n');
  options_.readable_cookie_name = std::string(64, 'r');
  options_.lifetime_ns = ~std::uint64_t{0};
  options_.fallback_domain = std::string(253, 'd');
  options_.same_site = SameSite::kStrict;
  rules_ = make_rules(options_);
  const std::string id(64, 'i');
  const KeptVisitor kept = keep("nuid=" + id, "");
  EXPECT_EQ(kept.headers.find("\r\n") + 2, kSetCookieBytesMax);
  EXPECT_LE(kept.headers.size(), kPolicyHeaderBytesMax);
  EXPECT_EQ(kept.pair.size(), scratch_.pair.size());
  static_assert(sizeof(VisitorScratch::headers) == kPolicyHeaderBytesMax);
}

TEST(HttpDateTest, DatesAndTheEndsOfTheCalendar) {
  HttpDate date;
  EXPECT_EQ(date.at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date.at(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110 section 5.6.7.
  EXPECT_EQ(date.at(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(951'782'400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(date.at(253'402'300'799), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(date.at(253'402'300'800), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(date.at(-5), "Thu, 01 Jan 1970 00:00:00 GMT");
}

struct BadVisitor {
  void (*change)(PolicyOptions&);
  std::string_view error;
};

TEST(VisitorRulesTest, WhatBrowsersWouldRefuseIsAnError) {
  constexpr BadVisitor kCases[] = {
      {[](PolicyOptions& o) { o.cookie_name = ""; },
       "visitor.cookie: expected a cookie's name of 1 to 64 bytes, found \"\""},
      {[](PolicyOptions& o) { o.cookie_name = "a b"; },
       "visitor.cookie: expected a cookie's name of 1 to 64 bytes, found \"a b\""},
      {[](PolicyOptions& o) { o.cookie_name = "a\r\nb"; },
       "visitor.cookie: expected a cookie's name of 1 to 64 bytes, found \"a\r\nb\""},
      {[](PolicyOptions& o) { o.cookie_name = "__Host-v", o.fallback_domain = "a.example"; },
       "visitor.cookie: \"__Host-v\" cannot be had with a domain"},
      {[](PolicyOptions& o) {
         o.cookie_name = "__secure-v", o.secure = false, o.same_site = SameSite::kLax;
       },
       "visitor.cookie: \"__secure-v\" needs visitor.secure = true"},
      {[](PolicyOptions& o) { o.readable_cookie_name = "pe_visitor"; },
       "visitor.readable_cookie: expected a name other than visitor.cookie's"},
      {[](PolicyOptions& o) { o.readable_cookie_name = "a;b"; },
       "visitor.readable_cookie: expected a cookie's name of 1 to 64 bytes, found \"a;b\""},
      {[](PolicyOptions& o) {
         o.cookie_domains = {"a.example", ".b.example"};
       },
       "visitor.domains: expected names like \"example.com\", found \".b.example\""},
      {[](PolicyOptions& o) { o.cookie_domains = {"a.example; Path=/x"}; },
       "visitor.domains: expected names like \"example.com\", found \"a.example; Path=/x\""},
      {[](PolicyOptions& o) { o.fallback_domain = "192.0.2.1"; },
       "visitor.fallback_domain: expected a name like \"example.com\", found \"192.0.2.1\""},
      {[](PolicyOptions& o) { o.fallback_domain = "a..example"; },
       "visitor.fallback_domain: expected a name like \"example.com\", found \"a..example\""},
      {[](PolicyOptions& o) { o.secure = false; },
       "visitor.same_site: \"none\" needs visitor.secure = true: browsers refuse the cookie else"},
      {[](PolicyOptions& o) { o.lifetime_ns = base::kSecondNs - 1; },
       "visitor.lifetime: expected at least 1s"},
  };
  EXPECT_EQ(error_of({}), "");
  for (const BadVisitor& one : kCases) {
    PolicyOptions options;
    one.change(options);
    EXPECT_EQ(error_of(options), one.error);
  }
}

}  // namespace
}  // namespace pixel::edge::test
