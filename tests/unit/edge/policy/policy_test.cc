// SPDX-License-Identifier: Apache-2.0
// Whole judgements: each option alone, then what they are together.
#include "edge/policy/policy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <string>

#include "tests/unit/edge/policy/request.h"

namespace pixel::edge::test {
namespace {

constexpr std::string_view kForgotten =
    "Set-Cookie: pe_visitor=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Secure; "
    "HttpOnly; SameSite=None\r\n";

PolicyOptions visitor_options() {
  PolicyOptions options;
  options.visitor = true;
  return options;
}

// An anonymous line: nothing of the person is in any field.
void expect_anonymous(const Judgement& judgement) {
  EXPECT_EQ(judgement.client_address, "0.0.0.0");
  EXPECT_EQ(judgement.client_port, 0);
  EXPECT_EQ(judgement.forwarded_for, "");
  EXPECT_EQ(judgement.referer, "");
  EXPECT_EQ(judgement.user_agent, "");
  EXPECT_EQ(judgement.cookie, "");
  EXPECT_EQ(judgement.visitor, "");
}

TEST(SignalTextTest, AllSixteen) {
  EXPECT_EQ(signal_text(0), "");
  constexpr std::string_view kWords[] = {"OptOut", "Anonymous", "Prefetch", "Bot"};
  for (unsigned signals = 1; signals < 16; ++signals) {
    std::string expected;
    for (unsigned bit = 0; bit < 4; ++bit) {
      if ((signals >> bit & 1) == 0) continue;
      expected += (expected.empty() ? "" : "+") + std::string(kWords[bit]);
    }
    EXPECT_EQ(signal_text(static_cast<std::uint8_t>(signals)), expected);
  }
}

TEST(PolicyTest, ByDefaultOnlySpAnonymousIsWanted) {
  const auto policy = Policy::create({});
  ASSERT_TRUE(policy.ok());
  EXPECT_TRUE((*policy)->is_active());
  EXPECT_FALSE((*policy)->wants(browser_request()));
  EXPECT_FALSE((*policy)->wants(request_with(ExtraHeader::kDnt, "1")));
  EXPECT_TRUE((*policy)->wants(request_with(ExtraHeader::kAnonymous, "*")));
}

TEST(PolicyTest, NothingIsWantedWhereNothingIsSwitchedOn) {
  const Policy nothing;
  EXPECT_FALSE(nothing.is_active());
  EXPECT_FALSE(nothing.wants(request_with(ExtraHeader::kAnonymous, "*")));
  const PolicyState state(nothing);  // May be made all the same.
  PolicyOptions options;
  options.anonymous_header = false;
  const auto policy = Policy::create(options);
  ASSERT_TRUE(policy.ok());
  EXPECT_FALSE((*policy)->is_active());
  EXPECT_FALSE((*policy)->wants(request_with(ExtraHeader::kAnonymous, "*")));
}

TEST(PolicyTest, EachOptionAloneIsReasonToJudge) {
  constexpr void (*kChanges[])(PolicyOptions&) = {
      [](PolicyOptions& o) { o.on_opt_out = SignalAction::kFlag; },
      [](PolicyOptions& o) { o.on_bot = SignalAction::kFlag; },
      [](PolicyOptions& o) { o.on_prefetch = SignalAction::kDrop; },
      [](PolicyOptions& o) { o.address = AddressPrivacy::kMask; },
      [](PolicyOptions& o) { o.address = AddressPrivacy::kNone; },
      [](PolicyOptions& o) { o.log_user_agent = false; },
      [](PolicyOptions& o) { o.log_referer = false; },
      [](PolicyOptions& o) { o.log_cookies = true; },
      [](PolicyOptions& o) { o.query_deny = {"email"}; },
      [](PolicyOptions& o) { o.visitor = true; },
      [](PolicyOptions& o) { o.requests_per_second = 1; },
  };
  for (std::size_t i = 0; i < std::size(kChanges); ++i) {
    PolicyOptions options;
    options.anonymous_header = false;
    kChanges[i](options);
    const auto policy = Policy::create(options);
    ASSERT_TRUE(policy.ok());
    EXPECT_TRUE((*policy)->wants(browser_request())) << i;
  }
}

TEST(PolicyTest, LoggedCookiesChangeNothingElse) {
  PolicyOptions options;
  options.log_cookies = true;
  Judge judge(options);
  const RequestView request = browser_request();
  const Judgement judgement = judge(request);
  EXPECT_FALSE(judgement.drop);
  EXPECT_FALSE(judgement.limited);
  EXPECT_EQ(judgement.signals, 0);
  EXPECT_EQ(judgement.client_address, "203.0.113.9");
  EXPECT_EQ(judgement.client_port, 4711);
  EXPECT_EQ(judgement.forwarded_for, "198.51.100.77");
  EXPECT_EQ(judgement.query, request.query);
  EXPECT_EQ(judgement.referer, request.referer);
  EXPECT_EQ(judgement.user_agent, request.user_agent);
  EXPECT_EQ(judgement.cookie, request.cookie);
  EXPECT_EQ(judgement.visitor, "");
  EXPECT_EQ(judgement.headers, "");
}

TEST(PolicyTest, MaskedAddresses) {
  PolicyOptions options;
  options.address = AddressPrivacy::kMask;
  options.mask_v4_bits = 16;
  Judge judge(options);
  const Judgement judgement = judge(browser_request());
  EXPECT_EQ(judgement.client_address, "203.0.0.0");
  EXPECT_EQ(judgement.client_port, 0);
  EXPECT_EQ(judgement.forwarded_for, "198.51.0.0");
  EXPECT_EQ(judgement.cookie, "");
  EXPECT_EQ(judge(RequestView{}, "2001:db8:1:2::3").client_address, "2001:db8:1::");
  EXPECT_EQ(judge(RequestView{}).forwarded_for, "");
}

TEST(PolicyTest, HashedAddressesAgreeBetweenWorkersFieldsAndReloads) {
  PolicyOptions options;
  options.address = AddressPrivacy::kHash;
  options.hash_secret = {1};
  Judge judge(options);
  Judge reloaded(options);
  const std::string hash(judge(browser_request()).client_address);
  EXPECT_EQ(hash.size(), 23U);
  EXPECT_EQ(hash[0], 'h');
  EXPECT_EQ(reloaded(browser_request()).client_address, hash);
  EXPECT_EQ(judge(browser_request(), "198.51.100.77").client_address,
            reloaded(browser_request()).forwarded_for);
  EXPECT_EQ(judge(browser_request()).client_port, 0);
  judge.unix_seconds += 24 * 3600;
  EXPECT_NE(judge(browser_request()).client_address, hash);
}

TEST(PolicyTest, WhatIsNoVisitHasNoVisitor) {
  PolicyOptions options;
  options.visitor = true;
  Judge judge(options);
  judge.is_visit = false;
  const Judgement judgement = judge(browser_request());
  EXPECT_EQ(judgement.headers, "");
  EXPECT_EQ(judgement.visitor, "");
  EXPECT_EQ(judgement.cookie, "");
}

TEST(PolicyTest, NoAddressAtAll) {
  PolicyOptions options;
  options.address = AddressPrivacy::kNone;
  Judge judge(options);
  const Judgement judgement = judge(browser_request());
  EXPECT_EQ(judgement.client_address, "0.0.0.0");
  EXPECT_EQ(judgement.client_port, 0);
  EXPECT_EQ(judgement.forwarded_for, "");
  EXPECT_EQ(judgement.user_agent, browser_request().user_agent);
}

TEST(PolicyTest, ForwardedForIsTheFirstElementIfItIsAnAddress) {
  PolicyOptions options;
  options.log_cookies = true;
  Judge judge(options);
  struct Row {
    std::string_view line;
    std::string_view address;
  };
  constexpr Row kRows[] = {
      {"192.0.2.1", "192.0.2.1"},
      {" 192.0.2.1 , 10.0.0.1", "192.0.2.1"},
      {"2001:DB8:0:0::1, 10.0.0.1", "2001:db8::1"},
      {"192.0.2.1:443", "192.0.2.1"},
      {"unknown, 192.0.2.1", ""},
      {",192.0.2.1", ""},
      {"<script>", ""},
      {"", ""},
  };
  for (const Row& row : kRows) {
    RequestView request;
    request.forwarded_for.add(row.line);
    request.forwarded_for.add("10.9.9.9");
    EXPECT_EQ(judge(request).forwarded_for, row.address) << row.line;
  }
}

TEST(PolicyTest, DeniedParametersAndUnloggedFields) {
  PolicyOptions options;
  options.query_deny = {"email"};
  Judge judge(options);
  EXPECT_EQ(judge(browser_request()).query, "a=view&email=-&nuid=");
  EXPECT_EQ(judge(browser_request()).referer, "https://www.shop.example/basket?email=-&b=2");
  options.log_referer = false;
  options.log_user_agent = false;
  Judge silent(options);
  EXPECT_EQ(silent(browser_request()).referer, "");
  EXPECT_EQ(silent(browser_request()).user_agent, "");
}

TEST(PolicyTest, AVisitorIsKept) {
  Judge judge(visitor_options());
  const Judgement judgement = judge(browser_request());
  EXPECT_EQ(judgement.visitor, "visitor-1");
  EXPECT_EQ(judgement.cookie, "pe_visitor=visitor-1");
  EXPECT_EQ(judgement.headers,
            "Set-Cookie: pe_visitor=visitor-1; Max-Age=31536000; Expires=Sat, 20 Nov 2027 22:15:00 "
            "GMT; Path=/; Secure; HttpOnly; SameSite=None\r\n");
  PolicyOptions options = visitor_options();
  options.log_cookies = true;
  Judge all(options);
  EXPECT_EQ(all(browser_request()).cookie, browser_request().cookie);
  EXPECT_EQ(all(browser_request()).visitor, "visitor-1");
}

TEST(PolicyTest, NewVisitorsDifferBetweenWorkersAndReloads) {
  Judge judge(visitor_options());
  Judge reloaded(visitor_options());
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(seen.insert(std::string(judge(RequestView{}).visitor)).second);
    EXPECT_TRUE(seen.insert(std::string(reloaded(RequestView{}).visitor)).second);
    judge.state = std::make_unique<PolicyState>(*judge.policy);
    EXPECT_TRUE(seen.insert(std::string(judge(RequestView{}).visitor)).second);
  }
}

TEST(PolicyTest, SpAnonymousForgetsTheVisitor) {
  Judge judge(visitor_options());
  RequestView request = browser_request();
  request.query = "a=1&nuid=me";
  request.extra.set(ExtraHeader::kAnonymous, "*");
  const Judgement judgement = judge(request);
  expect_anonymous(judgement);
  EXPECT_EQ(judgement.signals, kAnonymous);
  EXPECT_FALSE(judgement.drop);
  EXPECT_EQ(judgement.query, "a=1&nuid=-");
  EXPECT_EQ(judgement.headers, kForgotten);
  request.cookie = "other=1";
  EXPECT_EQ(judge(request).headers, "");
}

TEST(PolicyTest, SpAnonymousAloneNeedsNoVisitor) {
  Judge judge({});
  RequestView request = browser_request();
  request.extra.set(ExtraHeader::kAnonymous, "");
  const Judgement judgement = judge(request);
  expect_anonymous(judgement);
  EXPECT_EQ(judgement.query, request.query);
  EXPECT_EQ(judgement.headers, "");
}

TEST(PolicyTest, AnonymityGoesBeforeEveryOption) {
  PolicyOptions options = visitor_options();
  options.log_cookies = true;
  options.address = AddressPrivacy::kHash;
  options.hash_secret = {1};
  options.query_deny = {"email"};
  Judge judge(options);
  RequestView request = browser_request();
  request.extra.set(ExtraHeader::kAnonymous, "1");
  expect_anonymous(judge(request));
  EXPECT_EQ(judge(request).query, "a=view&email=-&nuid=");
}

TEST(PolicyTest, WhatIsDoneWithAnOptOut) {
  PolicyOptions options = visitor_options();
  RequestView request = browser_request();
  request.extra.set(ExtraHeader::kGpc, "1");

  Judge ignoring(options);
  EXPECT_EQ(ignoring(request).signals, 0);
  EXPECT_EQ(ignoring(request).visitor, "visitor-1");

  options.on_opt_out = SignalAction::kFlag;
  Judge flagging(options);
  EXPECT_EQ(flagging(request).signals, kOptOut);
  EXPECT_EQ(flagging(request).visitor, "visitor-1");
  EXPECT_EQ(flagging(request).client_address, "203.0.113.9");
  EXPECT_EQ(flagging(browser_request()).signals, 0);

  options.on_opt_out = SignalAction::kAnonymise;
  Judge anonymising(options);
  expect_anonymous(anonymising(request));
  EXPECT_EQ(anonymising(request).signals, kOptOut);
  EXPECT_FALSE(anonymising(request).drop);
  EXPECT_EQ(anonymising(request).headers, kForgotten);
  EXPECT_EQ(anonymising(browser_request()).visitor, "visitor-1");

  options.on_opt_out = SignalAction::kDrop;
  Judge dropping(options);
  expect_anonymous(dropping(request));
  EXPECT_TRUE(dropping(request).drop);
  EXPECT_EQ(dropping(request).headers, kForgotten);
  EXPECT_FALSE(dropping(browser_request()).drop);
}

TEST(PolicyTest, AnOptOutCookieIsOne) {
  PolicyOptions options;
  options.on_opt_out = SignalAction::kDrop;
  options.opt_out_cookie = "theme";
  Judge judge(options);
  EXPECT_TRUE(judge(browser_request()).drop);
  EXPECT_FALSE(judge(RequestView{}).drop);
}

TEST(PolicyTest, BotsAndPrefetchesAreFlaggedOrDropped) {
  PolicyOptions options = visitor_options();
  options.on_bot = SignalAction::kFlag;
  options.on_prefetch = SignalAction::kDrop;
  Judge judge(options);
  RequestView request = browser_request();
  request.user_agent = "Googlebot/2.1";
  EXPECT_EQ(judge(request).signals, kBot);
  EXPECT_FALSE(judge(request).drop);
  EXPECT_EQ(judge(request).visitor, "visitor-1");
  request.extra.set(ExtraHeader::kSecPurpose, "prefetch;prerender");
  EXPECT_EQ(judge(request).signals, kBot | kPrefetch);
  EXPECT_TRUE(judge(request).drop);
  EXPECT_EQ(judge(request).headers, "") << "no cookie for what leaves no line";
  EXPECT_EQ(judge(request).visitor, "");
  EXPECT_EQ(judge(browser_request()).signals, 0);
}

TEST(PolicyTest, TheAgentIsMatchedAlsoWhereItIsNotLogged) {
  PolicyOptions options;
  options.on_bot = SignalAction::kDrop;
  options.log_user_agent = false;
  Judge judge(options);
  RequestView request;
  request.user_agent = "curl/8.0";
  EXPECT_TRUE(judge(request).drop);
}

TEST(PolicyTest, AllSignalsAtOnce) {
  PolicyOptions options = visitor_options();
  options.on_opt_out = SignalAction::kFlag;
  options.on_bot = SignalAction::kFlag;
  options.on_prefetch = SignalAction::kFlag;
  Judge judge(options);
  RequestView request = browser_request();
  request.user_agent = "curl/8.0";
  request.extra.set(ExtraHeader::kDnt, "1");
  request.extra.set(ExtraHeader::kAnonymous, "1");
  request.extra.set(ExtraHeader::kXMoz, "prefetch");
  EXPECT_EQ(signal_text(judge(request).signals), "OptOut+Anonymous+Prefetch+Bot");
  expect_anonymous(judge(request));
}

TEST(PolicyTest, LimitedRequestsAreJudgedButKeepNoVisitor) {
  PolicyOptions options = visitor_options();
  options.requests_per_second = 1;
  options.address = AddressPrivacy::kMask;
  options.on_bot = SignalAction::kDrop;
  options.query_deny = {"email"};
  Judge judge(options);
  EXPECT_FALSE(judge(browser_request()).limited);
  const Judgement limited = judge(browser_request());
  EXPECT_TRUE(limited.limited);
  EXPECT_FALSE(limited.drop);
  EXPECT_EQ(limited.client_address, "203.0.113.0");
  EXPECT_EQ(limited.query, "a=view&email=-&nuid=");
  EXPECT_EQ(limited.cookie, "");
  EXPECT_EQ(limited.visitor, "");
  EXPECT_EQ(limited.headers, "");
  EXPECT_FALSE(judge(browser_request(), "203.0.113.10").limited);

  RequestView request = browser_request();
  request.user_agent = "curl/8.0";
  EXPECT_TRUE(judge(request).limited);
  EXPECT_TRUE(judge(request).drop);
  request.extra.set(ExtraHeader::kAnonymous, "1");
  expect_anonymous(judge(request));
  EXPECT_EQ(judge(request).headers, "");

  judge.now_ns += base::kSecondNs;
  EXPECT_FALSE(judge(browser_request()).limited);
}

TEST(PolicyTest, TheBurstIsARequestsWorthOfASecondByDefault) {
  PolicyOptions options;
  options.requests_per_second = 5;
  Judge judge(options);
  int within = 0;
  for (int i = 0; i < 20; ++i) within += judge(browser_request()).limited ? 0 : 1;
  EXPECT_EQ(within, 5);
  options.burst = 12;
  Judge generous(options);
  within = 0;
  for (int i = 0; i < 20; ++i) within += generous(browser_request()).limited ? 0 : 1;
  EXPECT_EQ(within, 12);
}

TEST(PolicyTest, AnAgentsFileReplacesTheBuiltInList) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("pixel_policy_agents_" + std::to_string(::getpid()) + ".txt");
  std::ofstream(path) << "windows nt\n";
  PolicyOptions options;
  options.on_bot = SignalAction::kFlag;
  options.agents_file = path;
  Judge judge(options);
  std::filesystem::remove(path);
  EXPECT_EQ(judge(browser_request()).signals, kBot);
  RequestView request;
  request.user_agent = "curl/8.0";
  EXPECT_EQ(judge(request).signals, 0);
}

struct BadPolicy {
  void (*change)(PolicyOptions&);
  std::string_view error;
};

TEST(PolicyCreateTest, AnErrorNamesItsOption) {
  constexpr BadPolicy kCases[] = {
      {[](PolicyOptions& o) { o.opt_out_cookie = "a b"; },
       "privacy.opt_out_cookie: expected a cookie's name, found \"a b\""},
      {[](PolicyOptions& o) { o.mask_v4_bits = 33; },
       "privacy.mask_v4_bits: expected 0 to 32, found 33"},
      {[](PolicyOptions& o) { o.mask_v6_bits = 129; },
       "privacy.mask_v6_bits: expected 0 to 128, found 129"},
      {[](PolicyOptions& o) {
         o.query_deny = {"a", ""};
       },
       "privacy.query_deny: an empty name"},
      {[](PolicyOptions& o) { o.address = AddressPrivacy::kHash; },
       "privacy.address: \"hash\" needs a secret, and none was drawn"},
      {[](PolicyOptions& o) {
         o.address = AddressPrivacy::kHash, o.hash_secret = {1}, o.hash_rotation_ns = 999;
       },
       "privacy.hash_rotation: expected at least 1s"},
      {[](PolicyOptions& o) { o.on_bot = SignalAction::kAnonymise; },
       "bots.on_bot: expected \"ignore\", \"flag\" or \"drop\": to anonymise says nothing of a "
       "robot"},
      {[](PolicyOptions& o) { o.on_prefetch = SignalAction::kAnonymise; },
       "bots.on_prefetch: expected \"ignore\", \"flag\" or \"drop\": to anonymise says nothing of "
       "a robot"},
      {[](PolicyOptions& o) { o.requests_per_second = 1'000'001; },
       "rate_limit.requests_per_second: expected at most 1000000, found 1000001"},
      {[](PolicyOptions& o) { o.requests_per_second = 1, o.addresses_max = 0; },
       "rate_limit.addresses_max: expected 1 to 16777216, found 0"},
      {[](PolicyOptions& o) { o.on_bot = SignalAction::kFlag, o.agents_file = "/nonexistent/a"; },
       "cannot open /nonexistent/a: No such file or directory"},
      {[](PolicyOptions& o) { o.visitor = true, o.cookie_name = ""; },
       "visitor.cookie: expected a cookie's name of 1 to 64 bytes, found \"\""},
  };
  for (const BadPolicy& one : kCases) {
    PolicyOptions options;
    one.change(options);
    const auto policy = Policy::create(options);
    ASSERT_FALSE(policy.ok()) << one.error;
    EXPECT_EQ(policy.error().message, one.error);
  }
}

}  // namespace
}  // namespace pixel::edge::test
