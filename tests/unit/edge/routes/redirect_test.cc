// SPDX-License-Identifier: Apache-2.0
// Redirects: what is let through, byte by byte, and what tries to get somewhere else.
#include "edge/routes/redirect.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge::test {
namespace {

using Fault = RedirectRules::Fault;

RouteOptions options_of(std::vector<std::string> hosts, bool allow_http = false) {
  RouteOptions options;
  options.kind = RouteKind::kRedirect;
  options.hosts = std::move(hosts);
  options.allow_http = allow_http;
  return options;
}

const std::vector<std::string> kHosts = {"example.com",       "*.shop.example",
                                         "port.example:8443", "*.port.example:9000",
                                         "192.0.2.1",         "Capital.Example"};

struct Resolved {
  Fault fault;
  std::string target;
};

Resolved resolve(const RedirectRules& rules, std::string_view query, std::string_view visitor = "v",
                 std::size_t out_bytes_max = 4096) {
  static logfmt::GuardedText guarded(4096);
  std::string out(out_bytes_max + 16, '\xee');
  std::size_t out_bytes = 77;
  const Fault fault =
      rules.resolve(guarded.set(query), visitor, out.data(), out_bytes_max, out_bytes);
  EXPECT_LE(out_bytes, out_bytes_max);
  EXPECT_EQ(out.substr(out_bytes_max), std::string(16, '\xee')) << "wrote behind the end";
  return {fault, out.substr(0, out_bytes)};
}

struct GoodTarget {
  const char* query;
  const char* target;
};

constexpr GoodTarget kGoodTargets[] = {
    {"u=https://example.com", "https://example.com"},
    {"u=https://example.com/", "https://example.com/"},
    {"u=https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc%26d%3De%23f", "https://example.com/a?b=c&d=e#f"},
    {"a=1&u=https://example.com/x&b=2", "https://example.com/x"},
    {"u=https://example.com/1&u=https://evil.example/", "https://example.com/1"},
    {"uu=https://evil.example/&u=https://example.com/1", "https://example.com/1"},
    {"u=HTTPS://EXAMPLE.COM/Path", "https://example.com/Path"},
    {"u=https://ExAmPlE.com/", "https://example.com/"},
    {"u=https://capital.example/", "https://capital.example/"},
    {"u=https://example.com:443/x", "https://example.com/x"},
    {"u=https://port.example:8443/x", "https://port.example:8443/x"},
    {"u=https://a.shop.example/x", "https://a.shop.example/x"},
    {"u=https://a.b.shop.example/x", "https://a.b.shop.example/x"},
    {"u=https://a.port.example:9000/", "https://a.port.example:9000/"},
    {"u=https://xn--bcher-kva.shop.example/", "https://xn--bcher-kva.shop.example/"},
    {"u=https://192.0.2.1/", "https://192.0.2.1/"},
    // Readers differ on where an authority without a path ends: a path makes them agree.
    {"u=https://example.com?a=@evil.example", "https://example.com/?a=@evil.example"},
    {"u=https://example.com%23@evil.example", "https://example.com/#@evil.example"},
    {"u=https://example.com/@evil.example", "https://example.com/@evil.example"},
    {"u=https://example.com//evil.example", "https://example.com//evil.example"},
    {"u=https://example.com/https://evil.example", "https://example.com/https://evil.example"},
    // What is not plain is encoded anew; what is encoded twice stays encoded once.
    {"u=https://example.com/caf%C3%A9", "https://example.com/caf%C3%A9"},
    {"u=https://example.com/caf\xc3\xa9", "https://example.com/caf%C3%A9"},
    {"u=https://example.com/%FF", "https://example.com/%FF"},
    {"u=https://example.com/%22%3C%3E%60%7B%7D%7C%5E",
     "https://example.com/%22%3C%3E%60%7B%7D%7C%5E"},
    {"u=https://example.com/?q=a%2520b", "https://example.com/?q=a%20b"},
    {"u=https://example.com/?q=a%250D%250Ab", "https://example.com/?q=a%0D%0Ab"},
    {"u=https://example.com/?q=a%252500", "https://example.com/?q=a%2500"},
    {"u=https://example.com/?q=100%25", "https://example.com/?q=100%25"},
    {"u=https://example.com/?q=100%25!", "https://example.com/?q=100%25!"},
    {"u=https://example.com/?q=5%254", "https://example.com/?q=5%254"},
    {"u=https://example.com/?q=a+b", "https://example.com/?q=a+b"},
    {"u=https://example.com/?q[]=1;2", "https://example.com/?q[]=1;2"},
    {"u=https://example.com/?v=${VISITOR}&x=1", "https://example.com/?v=v"},
    {"u=https://example.com/?v=$%7bSP_NUID%7D", "https://example.com/?v=v"},
    {"u=https://example.com/?v=%24%7BVISITOR%7D%24%7BSP_NUID%7D!", "https://example.com/?v=vv!"},
    {"u=https://example.com/?v=$%7BOTHER%7D", "https://example.com/?v=$%7BOTHER%7D"},
    {"u=https://example.com/?v=$%7BVISITOR", "https://example.com/?v=$%7BVISITOR"},
};

TEST(RedirectTest, TargetsThatAreAllowed) {
  const RedirectRules rules(options_of(kHosts));
  for (const GoodTarget& good : kGoodTargets) {
    const Resolved resolved = resolve(rules, good.query);
    EXPECT_EQ(resolved.fault, Fault::kNone) << good.query;
    EXPECT_EQ(resolved.target, good.target) << good.query;
  }
}

struct HostileTarget {
  const char* query;
  Fault fault;
};

constexpr HostileTarget kHostileTargets[] = {
    // None.
    {"", Fault::kNoTarget},
    {"u", Fault::kNoTarget},
    {"u=", Fault::kNoTarget},
    {"U=https://example.com/", Fault::kNoTarget},
    {"%75=https://example.com/", Fault::kNoTarget},
    {"a=1&&b=2", Fault::kNoTarget},
    {"xu=https://example.com/", Fault::kNoTarget},
    {"u=&u=https://example.com/", Fault::kNoTarget},
    // Other hosts.
    {"u=https://evil.example/", Fault::kHostNotAllowed},
    {"u=https://example.com.evil.example/", Fault::kHostNotAllowed},
    {"u=https://evilexample.com/", Fault::kHostNotAllowed},
    {"u=https://www.example.com/", Fault::kHostNotAllowed},
    {"u=https://example.co/", Fault::kHostNotAllowed},
    {"u=https://example.comm/", Fault::kHostNotAllowed},
    {"u=https://shop.example/", Fault::kHostNotAllowed},
    {"u=https://evilshop.example/", Fault::kHostNotAllowed},
    {"u=https://a.shop.example.evil.example/", Fault::kHostNotAllowed},
    {"u=https://evil.example/example.com", Fault::kHostNotAllowed},
    {"u=https://evil.example/?https://example.com/", Fault::kHostNotAllowed},
    {"u=https://evil.example%23.example.com/", Fault::kHostNotAllowed},
    {"u=https://evil.example%3F.shop.example/", Fault::kHostNotAllowed},
    {"u=https://evil.example%2F.shop.example/", Fault::kHostNotAllowed},
    {"u=https://192.0.2.2/", Fault::kHostNotAllowed},
    {"u=https://3221225985/", Fault::kHostNotAllowed},
    {"u=https://0300.0.2.1/", Fault::kHostNotAllowed},
    {"u=https://0xc0000201/", Fault::kHostNotAllowed},
    {"u=https://192.0.513/", Fault::kHostNotAllowed},
    {"u=https://localhost/", Fault::kHostNotAllowed},
    // Ports.
    {"u=https://example.com:8443/", Fault::kHostNotAllowed},
    {"u=https://example.com:80/", Fault::kHostNotAllowed},
    {"u=https://port.example/", Fault::kHostNotAllowed},
    {"u=https://port.example:443/", Fault::kHostNotAllowed},
    {"u=https://port.example:84430/", Fault::kBadTarget},
    {"u=https://a.port.example/", Fault::kHostNotAllowed},
    {"u=https://a.shop.example:9000/", Fault::kHostNotAllowed},
    {"u=https://example.com:/", Fault::kBadTarget},
    {"u=https://example.com:0443/", Fault::kBadTarget},
    {"u=https://example.com:443:443/", Fault::kBadTarget},
    {"u=https://example.com:65536/", Fault::kBadTarget},
    {"u=https://example.com:-443/", Fault::kBadTarget},
    {"u=https://example.com:443@evil.example/", Fault::kBadTarget},
    {"u=https://:443/", Fault::kBadTarget},
    // Schemes, and none.
    {"u=http://example.com/", Fault::kBadTarget},
    {"u=ftp://example.com/", Fault::kBadTarget},
    {"u=javascript:alert(1)", Fault::kBadTarget},
    {"u=javascript://example.com/%250aalert(1)", Fault::kBadTarget},
    {"u=data:text/html,x", Fault::kBadTarget},
    {"u=//example.com/", Fault::kBadTarget},
    {"u=//evil.example/", Fault::kBadTarget},
    {"u=///evil.example/", Fault::kBadTarget},
    {"u=/local", Fault::kBadTarget},
    {"u=example.com/", Fault::kBadTarget},
    {"u=https:example.com", Fault::kBadTarget},
    {"u=https:/example.com", Fault::kBadTarget},
    {"u=https:evil.example", Fault::kBadTarget},
    {"u=https:///example.com/", Fault::kBadTarget},
    {"u=https://", Fault::kBadTarget},
    {"u=https:", Fault::kBadTarget},
    {"u=h", Fault::kBadTarget},
    {"u=https://?example.com", Fault::kBadTarget},
    {"u=https://%23example.com", Fault::kBadTarget},
    {"u=%20https://example.com/", Fault::kBadTarget},
    {"u=%09https://example.com/", Fault::kBadTarget},
    {"u=+https://example.com/", Fault::kBadTarget},
    {"u=ht%09tps://example.com/", Fault::kBadTarget},
    {"u=https%00://example.com/", Fault::kBadTarget},
    {"u=%68ttp://example.com/", Fault::kBadTarget},
    {"u=https%253A%252F%252Fexample.com%252F", Fault::kBadTarget},
    // Userinfo, backslashes, brackets and other ways to another host.
    {"u=https://example.com@evil.example/", Fault::kBadTarget},
    {"u=https://example.com%40evil.example/", Fault::kBadTarget},
    {"u=https://evil.example@example.com/", Fault::kBadTarget},
    {"u=https://user:pw@example.com/", Fault::kBadTarget},
    {"u=https://@example.com/", Fault::kBadTarget},
    {"u=https://example.com%2540evil.example/", Fault::kBadTarget},
    {"u=https:\\\\example.com/", Fault::kBadTarget},
    {"u=https:/\\example.com/", Fault::kBadTarget},
    {"u=https://evil.example\\example.com/", Fault::kBadTarget},
    {"u=https://evil.example\\@example.com/", Fault::kBadTarget},
    {"u=https://evil.example%5C.shop.example/", Fault::kBadTarget},
    {"u=https://example.com%5Cevil.example/", Fault::kBadTarget},
    {"u=https://example.com/%5Cevil.example", Fault::kBadTarget},
    {"u=https://example.com/\\evil.example", Fault::kBadTarget},
    {"u=https://evil.example%252F.shop.example/", Fault::kBadTarget},
    {"u=https://evil.example;.shop.example/", Fault::kBadTarget},
    {"u=https://evil.example%26.shop.example/", Fault::kBadTarget},
    {"u=https://[::1]/", Fault::kBadTarget},
    {"u=https://[::ffff:192.0.2.1]/", Fault::kBadTarget},
    {"u=https://[example.com]/", Fault::kBadTarget},
    {"u=https://*.shop.example/", Fault::kBadTarget},
    {"u=https://a_b.shop.example/", Fault::kBadTarget},
    {"u=https://${VISITOR}.shop.example/", Fault::kBadTarget},
    // Dots.
    {"u=https://example.com./", Fault::kBadTarget},
    {"u=https://example.com../", Fault::kBadTarget},
    {"u=https://.example.com/", Fault::kBadTarget},
    {"u=https://.shop.example/", Fault::kBadTarget},
    {"u=https://a..shop.example/", Fault::kBadTarget},
    {"u=https://example.com%E3%80%82/", Fault::kBadTarget},
    {"u=https://a.shop.example.:443/", Fault::kBadTarget},
    // Bytes of international names and lookalikes.
    {"u=https://ex%C3%A4mple.com/", Fault::kBadTarget},
    {"u=https://ex\xc3\xa4mple.com/", Fault::kBadTarget},
    {"u=https://evil.example%EF%BC%8F.shop.example/", Fault::kBadTarget},
    {"u=https://e%EF%BD%98ample.com/", Fault::kBadTarget},
    {"u=https://example%C2%AD.com/", Fault::kBadTarget},
    {"u=https://%EF%BB%BFexample.com/", Fault::kBadTarget},
    {"u=https://a.shop.example%FF/", Fault::kBadTarget},
    // Control bytes, spaces and what splits a header.
    {"u=https://example.com/%0D%0ASet-Cookie:%20a=b", Fault::kBadTarget},
    {"u=https://example.com/%0D", Fault::kBadTarget},
    {"u=https://example.com/%0A", Fault::kBadTarget},
    {"u=https://example.com/%0aX", Fault::kBadTarget},
    {"u=https://example.com/?a=%0d%0aLocation:https://evil.example", Fault::kBadTarget},
    {"u=https://example.com%0D%0A/", Fault::kBadTarget},
    {"u=https://example.com%00.evil.example/", Fault::kBadTarget},
    {"u=https://example.com/%00", Fault::kBadTarget},
    {"u=https://example.com/%7F", Fault::kBadTarget},
    {"u=https://example.com/%1B", Fault::kBadTarget},
    {"u=https://example.com/a%20b", Fault::kBadTarget},
    {"u=https://example.com/a b", Fault::kBadTarget},
    {"u=https://example.com/a%09b", Fault::kBadTarget},
    {"u=https://exam%09ple.com/", Fault::kBadTarget},
    {"u=https://example.com%20/", Fault::kBadTarget},
    {"u=https://example.com/\x01", Fault::kBadTarget},
    // Escapes that are none.
    {"u=https://example.com/%", Fault::kBadTarget},
    {"u=https://example.com/%4", Fault::kBadTarget},
    {"u=https://example.com/%zz", Fault::kBadTarget},
    {"u=https://example.com/%4z", Fault::kBadTarget},
    {"u=https://example.com/%u0041", Fault::kBadTarget},
    {"u=https://example.com%", Fault::kBadTarget},
    {"u=https%3", Fault::kBadTarget},
    {"u=%", Fault::kBadTarget},
};
static_assert(std::size(kHostileTargets) > 100);

TEST(RedirectTest, TargetsThatTryToGetSomewhereElse) {
  const RedirectRules rules(options_of(kHosts));
  for (const HostileTarget& hostile : kHostileTargets) {
    const Resolved resolved = resolve(rules, hostile.query);
    EXPECT_EQ(resolved.fault, hostile.fault) << hostile.query;
    EXPECT_EQ(resolved.target, "") << hostile.query;
  }
}

TEST(RedirectTest, ClosedUnlessAHostIsListed) {
  for (const RedirectRules& rules :
       {RedirectRules(options_of({})), RedirectRules(options_of({}, true))}) {
    EXPECT_EQ(resolve(rules, "u=https://example.com/").fault, Fault::kHostNotAllowed);
    EXPECT_EQ(resolve(rules, "u=https://a/").fault, Fault::kHostNotAllowed);
  }
  EXPECT_EQ(resolve(RedirectRules(), "u=https://example.com/").fault, Fault::kNoTarget);
}

TEST(RedirectTest, HttpWhereItIsAllowed) {
  const RedirectRules rules(options_of({"example.com", "port.example:8080"}, true));
  EXPECT_EQ(resolve(rules, "u=http://example.com/").target, "http://example.com/");
  EXPECT_EQ(resolve(rules, "u=http://example.com:80/").target, "http://example.com/");
  EXPECT_EQ(resolve(rules, "u=http://example.com:443/").fault, Fault::kHostNotAllowed);
  EXPECT_EQ(resolve(rules, "u=https://example.com:80/").fault, Fault::kHostNotAllowed);
  EXPECT_EQ(resolve(rules, "u=HTTP://port.example:8080").target, "http://port.example:8080");
  EXPECT_EQ(resolve(rules, "u=https://example.com/").target, "https://example.com/");
  EXPECT_EQ(resolve(rules, "u=httpx://example.com/").fault, Fault::kBadTarget);
}

TEST(RedirectTest, TheVisitorIsEncodedAndMayBeEmpty) {
  const RedirectRules rules(options_of({"example.com"}));
  const std::string_view query = "u=https://example.com/?v=${VISITOR}.";
  EXPECT_EQ(resolve(rules, query, "0b5d-A_z.9").target, "https://example.com/?v=0b5d-A_z.9.");
  EXPECT_EQ(resolve(rules, query, "a\r\nX: /&%\xff").target,
            "https://example.com/?v=a%0D%0AX%3A%20%2F%26%25%FF.");
  EXPECT_EQ(resolve(rules, query, "").target, "https://example.com/?v=.");
}

TEST(RedirectTest, AnyRoomThatIsTooSmallIsAFault) {
  const RedirectRules rules(options_of({"example.com"}));
  const std::string_view query = "u=https://example.com:443?v=${VISITOR}%C3%A9";
  const std::string target = resolve(rules, query, "visitor").target;
  EXPECT_EQ(target, "https://example.com/?v=visitor%C3%A9");
  for (std::size_t room = 0; room < target.size(); ++room) {
    EXPECT_EQ(resolve(rules, query, "visitor", room).fault, Fault::kTooLong) << room;
  }
  EXPECT_EQ(resolve(rules, query, "visitor", target.size()).fault, Fault::kNone);
}

TEST(RedirectTest, EveryPrefixOfATargetIsRefusedOrClean) {
  const RedirectRules rules(options_of({"example.com"}));
  const std::string query = "x=1&u=https%3A%2F%2Fexample.com%2Fa%3Fb=${SP_NUID}%E2%82%AC";
  for (std::size_t bytes = 0; bytes <= query.size(); ++bytes) {
    const Resolved resolved = resolve(rules, query.substr(0, bytes));
    if (resolved.fault == Fault::kNone) {
      EXPECT_TRUE(resolved.target.starts_with("https://example.com")) << resolved.target;
    }
  }
}

// Whatever is put together from the dangerous pieces: what comes out leads to a listed host and is
// a clean header value.
TEST(RedirectTest, RandomPiecesNeverLeadElsewhere) {
  constexpr const char* kPieces[] = {"https://", "http://", "example.com", "evil.example",
                                     "/",        "//",      "\\",          "%5c",
                                     "@",        "%40",     ":",           "443",
                                     "8443",     "?",       "%3F",         "#",
                                     "%23",      "%2F",     ".",           "%2e",
                                     "%0d%0a",   "%00",     "%09",         " ",
                                     "%20",      "[",       "]",           "::1",
                                     "%25",      "%",       "${VISITOR}",  "%C3%A9",
                                     "\xff",     "&",       "u=",          ";",
                                     "a",        "%2540",   "*.",          "-",
                                     "_",        "\t",      "https:",      "%68"};
  const RedirectRules rules(options_of({"example.com"}, true));
  std::mt19937 random(1);
  std::size_t allowed = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string query = random() % 2 == 0 ? "u=https://example.com" : "u=";
    for (std::size_t i = random() % 8; i > 0; --i) query += kPieces[random() % std::size(kPieces)];
    char out[256];
    std::size_t bytes = 0;
    const auto fault = rules.resolve(query, "v", out, sizeof out, bytes);
    const std::string_view target(out, bytes);
    if (fault != Fault::kNone) {
      EXPECT_EQ(bytes, 0U);
      continue;
    }
    ++allowed;
    const std::size_t host = target.starts_with("https://") ? 8 : 7;
    const std::string_view rest = target.substr(host);
    ASSERT_TRUE(rest == "example.com" || rest.starts_with("example.com/"))
        << query << " " << target;
    for (const char c : target) ASSERT_TRUE(c > ' ' && c < 0x7f && c != '\\') << query;
  }
  EXPECT_GT(allowed, 1000U);
}

TEST(RedirectTest, HostsThatMayBeListed) {
  for (const char* host : {"example.com", "*.example.com", "a", "localhost", "Example.COM",
                           "example.com:8443", "*.example.com:1", "192.0.2.1", "xn--a.example"}) {
    EXPECT_TRUE(is_redirect_host(host)) << host;
  }
  for (const char* host : {"",
                           "*",
                           "*.",
                           "*.com",
                           "*.*.example.com",
                           "a.*.example.com",
                           "*example.com",
                           "https://example.com",
                           "example.com/",
                           "example.com:",
                           "example.com:443",
                           "example.com:80",
                           "example.com:0",
                           "example.com:65536",
                           "example.com:08443",
                           "example.com:x",
                           "example.com.",
                           ".example.com",
                           "a..b",
                           "a b",
                           "user@example.com",
                           "[::1]",
                           "::1",
                           "ex\xc3\xa4mple.com",
                           "a_b.example",
                           "*.0.0.1",
                           "example.com?",
                           "example.com:8443:8443"}) {
    EXPECT_FALSE(is_redirect_host(host)) << host;
  }
  EXPECT_TRUE(is_redirect_host(std::string(63, 'a') + ".example"));
  EXPECT_FALSE(is_redirect_host(std::string(64, 'a') + ".example"));
}

TEST(RedirectTest, EachFaultHasAText) {
  EXPECT_EQ(redirect_fault_text(Fault::kNone), "");
  for (const Fault fault :
       {Fault::kNoTarget, Fault::kBadTarget, Fault::kHostNotAllowed, Fault::kTooLong}) {
    EXPECT_FALSE(redirect_fault_text(fault).empty());
  }
}

}  // namespace
}  // namespace pixel::edge::test
