// SPDX-License-Identifier: Apache-2.0
// What is hidden in a query and in a URL, also behind percent-encoding; nothing else changes.
#include "edge/policy/query_deny.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "base/prng.h"
#include "edge/policy/query_names.h"
#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge::test {
namespace {

struct HideCase {
  std::string_view query;
  std::string_view hidden;
};

// clang-format off
constexpr HideCase kCases[] = {
    {"", ""},
    {"a=1&b=2", "a=1&b=2"},
    {"email=me", "email=-"},
    {"email=me&a=1", "email=-&a=1"},
    {"a=1&email=me", "a=1&email=-"},
    {"a=1&email=me&b=2&email=you&c", "a=1&email=-&b=2&email=-&c"},
    {"email=", "email="},                     // Nothing to hide, and what is hidden never grows.
    {"email", "email"},
    {"email=a=b=c", "email=-"},
    {"Email=me", "Email=me"},                 // Names have a case.
    {"xemail=me&emailx=me", "xemail=me&emailx=me"},
    {"e%6dail=me&%65%6D%61%69%6C=you", "e%6dail=-&%65%6D%61%69%6C=-"},
    {"e%6=me&e%6gail=me&email%=me", "e%6=me&e%6gail=me&email%=me"},
    {"full+name=me&full%20name=me", "full+name=-&full%20name=-"},
    {"a%26b=me", "a%26b=-"},                  // The name "a&b".
    {"caf%C3%A9=me&caf\xc3\xa9=me", "caf%C3%A9=-&caf\xc3\xa9=-"},
    {"&&email=me&&", "&&email=-&&"},
    {"=me&email=me", "=me&email=-"},
    {"a=email=me", "a=email=me"},
    {"email%00=me", "email%00=me"},
};
// clang-format on

QueryDeny make_deny() { return QueryDeny({"email", "full name", "a&b", "caf\xc3\xa9"}); }

class QueryDenyTest : public testing::Test {
 protected:
  std::string_view hide(std::string_view query, std::string_view also = {}) {
    return deny_.hide(query, also, scratch_);
  }

  QueryDeny deny_ = make_deny();
  std::array<char, 256> scratch_{};
};

TEST_F(QueryDenyTest, EveryCase) {
  for (const HideCase& one : kCases) EXPECT_EQ(hide(one.query), one.hidden) << one.query;
}

TEST_F(QueryDenyTest, AQueryWithNothingToHideIsNotCopied) {
  const std::string_view query = "a=1&b=2";
  EXPECT_EQ(hide(query).data(), query.data());
}

TEST_F(QueryDenyTest, OneMoreNameMayBeHidden) {
  EXPECT_EQ(hide("nuid=7&a=1&email=me", "nuid"), "nuid=-&a=1&email=-");
  EXPECT_EQ(QueryDeny().hide("nuid=7&a=1", "nuid", scratch_), "nuid=-&a=1");
  EXPECT_EQ(QueryDeny().hide("nuid=7&a=1", "", scratch_), "nuid=7&a=1");
}

TEST_F(QueryDenyTest, UrlsKeepEverythingAroundTheirQuery) {
  const auto hide_in_url = [this](std::string_view url) {
    return std::string(deny_.hide_in_url(url, scratch_));
  };
  EXPECT_EQ(hide_in_url("https://a/b?email=me&c=1#email=me"), "https://a/b?email=-&c=1#email=me");
  EXPECT_EQ(hide_in_url("https://a/b?c=1&email=me"), "https://a/b?c=1&email=-");
  EXPECT_EQ(hide_in_url("https://a/b#?email=me"), "https://a/b#?email=me");
  EXPECT_EQ(hide_in_url("https://a/email=me"), "https://a/email=me");
  EXPECT_EQ(hide_in_url("https://a/?"), "https://a/?");
  EXPECT_EQ(hide_in_url("?email=me"), "?email=-");
  EXPECT_EQ(hide_in_url(""), "");
}

TEST_F(QueryDenyTest, WhatTheScratchCannotHoldIsHiddenWhole) {
  const std::string fits = "email=" + std::string(scratch_.size() - 6, 'x');
  EXPECT_EQ(hide(fits), "email=-");
  EXPECT_EQ(hide(fits + "x"), "-");
  EXPECT_EQ(deny_.hide_in_url("/?" + fits, scratch_), "-");
  const std::string harmless(2 * scratch_.size(), 'x');
  EXPECT_EQ(hide(harmless), harmless);
}

TEST_F(QueryDenyTest, EveryCutEndsAtAGuardPageAndNeverGrows) {
  logfmt::GuardedText guarded(256);
  for (const HideCase& one : kCases) {
    for (std::size_t cut = 0; cut <= one.query.size(); ++cut) {
      const std::string_view query = guarded.set(one.query.substr(0, cut));
      EXPECT_LE(hide(query).size(), query.size());
      EXPECT_LE(deny_.hide_in_url(query, scratch_).size(), query.size());
    }
  }
}

// Hidden twice is hidden once, and no value of a denied name is left in anything.
TEST_F(QueryDenyTest, RandomQueriesKeepNoDeniedValue) {
  base::Prng prng(20261120);
  constexpr std::string_view kPieces[] = {"email", "e%6dail", "=", "&", "%", "full",
                                          "+",     "name",    "x", "-", "6d"};
  for (int run = 0; run < 20'000; ++run) {
    std::string query;
    for (std::uint64_t i = prng.below(12); i > 0; --i) query += kPieces[prng.below(11)];
    const std::string once(hide(query));
    ASSERT_EQ(hide(once), once) << query;
    std::string_view rest = once;
    while (!rest.empty()) {
      const std::string_view value = value_if_named(take_query_part(rest), "email").value_or("");
      ASSERT_TRUE(value.empty() || value == "-") << query;
    }
  }
}

}  // namespace
}  // namespace pixel::edge::test
