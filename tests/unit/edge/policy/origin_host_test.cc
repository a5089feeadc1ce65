// SPDX-License-Identifier: Apache-2.0
// Hosts out of URLs, also hostile ones, and domains by whole labels.
#include "edge/policy/origin_host.h"

#include <gtest/gtest.h>

#include "tests/unit/edge/policy/request.h"
#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge::test {
namespace {

struct UrlCase {
  std::string_view url;
  std::string_view host;
};

constexpr UrlCase kUrls[] = {
    {"", ""},
    {"null", ""},
    {"https://shop.example", "shop.example"},
    {"https://Shop.Example:8443", "Shop.Example"},
    {"https://shop.example/a?b#c", "shop.example"},
    {"https://shop.example?x", "shop.example"},
    {"https://shop.example#x", "shop.example"},
    {"https://shop.example.", "shop.example"},
    {"https://user:word@shop.example/", "shop.example"},
    {"https://evil.example@shop.example/", "shop.example"},
    {"https://evil.example\\@shop.example/", "evil.example"},  // As browsers read it.
    {"https://evil.example/@shop.example", "evil.example"},
    {"https://evil.example?@shop.example", "evil.example"},
    {"https://[2001:db8::1]:443/", ""},
    {"https://192.0.2.1/", "192.0.2.1"},
    {"https://", ""},
    {"https:///path", ""},
    {"://shop.example", ""},
    {"shop.example/a", ""},
    {"/a?u=https://shop.example", ""},
    {"android-app://com.example/", "com.example"},
};

TEST(OriginHostTest, HostsOfUrls) {
  for (const UrlCase& one : kUrls) EXPECT_EQ(host_of_url(one.url), one.host) << one.url;
}

TEST(OriginHostTest, NoByteBeyondTheUrlIsRead) {
  logfmt::GuardedText guarded(128);
  for (const UrlCase& one : kUrls) {
    for (std::size_t cut = 0; cut <= one.url.size(); ++cut) {
      const std::string_view url = guarded.set(one.url.substr(0, cut));
      EXPECT_LE(host_of_url(url).size(), url.size());
    }
  }
}

TEST(OriginHostTest, OriginGoesBeforeReferer) {
  RequestView request;
  EXPECT_EQ(origin_host(request), "");
  request.referer = "https://referer.example/a";
  EXPECT_EQ(origin_host(request), "referer.example");
  request.extra.set(ExtraHeader::kOrigin, "null");
  EXPECT_EQ(origin_host(request), "referer.example");
  request.extra.set(ExtraHeader::kOrigin, "https://origin.example");
  EXPECT_EQ(origin_host(request), "origin.example");
}

TEST(OriginHostTest, DomainsMatchByWholeLabels) {
  EXPECT_TRUE(is_within_domain("shop.example", "shop.example"));
  EXPECT_TRUE(is_within_domain("a.b.shop.example", "shop.example"));
  EXPECT_TRUE(is_within_domain("WWW.Shop.EXAMPLE", "shop.example"));
  EXPECT_FALSE(is_within_domain("evilshop.example", "shop.example"));
  EXPECT_FALSE(is_within_domain("shop.example.evil.example", "shop.example"));
  EXPECT_FALSE(is_within_domain("example", "shop.example"));
  EXPECT_FALSE(is_within_domain("", "shop.example"));
}

TEST(OriginHostTest, TheFirstDomainThatFitsCounts) {
  const DomainNames domains = {"a.example", "shop.example", "b.shop.example"};
  EXPECT_EQ(find_domain("b.shop.example", domains), 1U);
  EXPECT_EQ(find_domain("a.example", domains), 0U);
  EXPECT_EQ(find_domain("other.example", domains), 3U);
  EXPECT_EQ(find_domain("", domains), 3U);
  EXPECT_EQ(find_domain("a.example", {}), 0U);
}

}  // namespace
}  // namespace pixel::edge::test
