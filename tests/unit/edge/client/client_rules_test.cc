// SPDX-License-Identifier: Apache-2.0
#include "edge/client/client_rules.h"

#include "tests/unit/edge/client/client_case.h"

namespace pixel::edge::test {
namespace {

using enum ClientSource;

Headers xff(std::vector<std::string> lines) { return Headers{.forwarded_for = std::move(lines)}; }
Headers one(ExtraHeader header, std::string value) {
  return Headers{.extra = {{header, std::move(value)}}};
}

TEST(ClientRules, WithoutSettingsNoHeaderIsRead) {
  const ClientRules rules = rules_of({});
  EXPECT_FALSE(rules.reads_headers());
  EXPECT_FALSE(ClientRules().reads_headers());
  Headers all = xff({"192.0.2.1"});
  all.forwarded = {"for=192.0.2.1"};
  for (const ExtraHeader header : {ExtraHeader::kRealIp, ExtraHeader::kCfConnectingIp,
                                   ExtraHeader::kTrueClientIp, ExtraHeader::kViewerAddress}) {
    all.extra.emplace_back(header, "192.0.2.1:1");
  }
  all.extra.emplace_back(ExtraHeader::kForwardedProto, "https");
  all.extra.emplace_back(ExtraHeader::kViewerTls, "TLSv1.3:x:y");
  EXPECT_EQ(resolved({}, all), "peer");
  const ClientRules none;
  ClientIdentity client;
  none.resolve(all.view(), parse_address("10.0.0.1").value(), 5555, client);
  EXPECT_EQ(describe(client), "peer");
}

TEST(ClientRules, ReadsHeadersOnlyWhereSomeoneIsTrusted) {
  EXPECT_TRUE(rules_of(by_networks(kXForwardedFor)).reads_headers());
  EXPECT_TRUE(rules_of(by_networks(kPeer)).reads_headers());  // For its TLS.
  EXPECT_TRUE(rules_of(by_hops(kXForwardedFor, 1)).reads_headers());
  ClientOptions options = by_networks(kPeer);
  options.tls_headers = false;
  EXPECT_FALSE(rules_of(options).reads_headers());
}

// Collectors that take the first entry, or the first header they know, believe all of these.
TEST(ClientRules, AClientCannotClaimAnAddress) {
  const ClientOptions networks = by_networks(kXForwardedFor);
  // A proxy appends the address that it saw, 203.0.113.9, to what the client sent.
  for (const char* claim :
       {"192.0.2.66", "127.0.0.1", "10.9.9.9", "10.9.9.9, 10.9.9.8", "unknown", "", ",", " , ,",
        "192.0.2.66, 10.0.0.2", "\"", "\"192.0.2.66", "[", "[2001:db8::1", "192.0.2.66\t", "a\\",
        "\\\"", "192.0.2.66;", "'; --", "2001:db8::66"}) {
    const std::string list = std::string(claim) + ", 203.0.113.9";
    EXPECT_EQ(resolved(networks, xff({list})), "203.0.113.9:0") << list;
    EXPECT_EQ(resolved(networks, xff({list + ", 10.0.0.7"})), "203.0.113.9:0") << list;
    EXPECT_EQ(resolved(networks, xff({claim, "203.0.113.9"})), "203.0.113.9:0") << list;
    EXPECT_EQ(resolved(by_hops(kXForwardedFor, 1), xff({list})), "203.0.113.9:0") << list;
    EXPECT_EQ(resolved(by_hops(kXForwardedFor, 2), xff({list + ", 172.16.0.1"})), "203.0.113.9:0");
  }
}

TEST(ClientRules, AClientThatIsNoProxyIsNotBelieved) {
  const ClientOptions networks = by_networks(kXForwardedFor);
  EXPECT_EQ(resolved(networks, xff({"192.0.2.66"}), "203.0.113.9"), "peer");
  EXPECT_EQ(resolved(networks, xff({"192.0.2.66, 10.0.0.1"}), "203.0.113.9"), "peer");
  EXPECT_EQ(resolved(networks, xff({"192.0.2.66"}), "2001:db8:b::1"), "peer");
  EXPECT_EQ(resolved(networks, xff({"192.0.2.66"}), "2001:db8:a::1"), "192.0.2.66:0");
  EXPECT_EQ(resolved(networks, xff({"192.0.2.66"}), "::ffff:10.0.0.1"), "192.0.2.66:0");
  for (const auto& [source, header] : {std::pair(kXRealIp, ExtraHeader::kRealIp),
                                       std::pair(kCfConnectingIp, ExtraHeader::kCfConnectingIp),
                                       std::pair(kTrueClientIp, ExtraHeader::kTrueClientIp),
                                       std::pair(kViewerAddress, ExtraHeader::kViewerAddress)}) {
    Headers headers = one(header, "192.0.2.66:1");
    headers.extra.emplace_back(ExtraHeader::kForwardedProto, "https");
    EXPECT_EQ(resolved(by_networks(source), headers, "203.0.113.9"), "peer");
    EXPECT_EQ(resolved(by_networks(source), headers), "192.0.2.66:1 https");
  }
}

// A header that the source does not name is the client's own text.
TEST(ClientRules, OnlyTheNamedHeaderCounts) {
  Headers headers = xff({"192.0.2.1"});
  headers.forwarded = {"for=192.0.2.2"};
  headers.extra = {{ExtraHeader::kRealIp, "192.0.2.3"},
                   {ExtraHeader::kCfConnectingIp, "192.0.2.4"},
                   {ExtraHeader::kTrueClientIp, "192.0.2.5"},
                   {ExtraHeader::kViewerAddress, "192.0.2.6:80"}};
  EXPECT_EQ(resolved(by_networks(kXForwardedFor), headers), "192.0.2.1:0");
  EXPECT_EQ(resolved(by_networks(kForwarded), headers), "192.0.2.2:0");
  EXPECT_EQ(resolved(by_networks(kXRealIp), headers), "192.0.2.3:0");
  EXPECT_EQ(resolved(by_networks(kCfConnectingIp), headers), "192.0.2.4:0");
  EXPECT_EQ(resolved(by_networks(kTrueClientIp), headers), "192.0.2.5:0");
  EXPECT_EQ(resolved(by_networks(kViewerAddress), headers), "192.0.2.6:80");
  EXPECT_EQ(resolved(by_networks(kPeer), headers), "peer");
}

TEST(ForwardedFor, EntriesMayHavePorts) {
  const ClientOptions options = by_networks(kXForwardedFor);
  EXPECT_EQ(resolved(options, xff({"192.0.2.1:43210"})), "192.0.2.1:43210");
  EXPECT_EQ(resolved(options, xff({"192.0.2.1:43210, 10.0.0.3:80"})), "192.0.2.1:43210");
}

TEST(ForwardedFor, EntriesMayHaveBrackets) {
  const ClientOptions options = by_networks(kXForwardedFor);
  EXPECT_EQ(resolved(options, xff({"[2001:db8::9]:443"})), "2001:db8::9:443");
  EXPECT_EQ(resolved(options, xff({"[2001:db8::9]"})), "2001:db8::9:0");
  EXPECT_EQ(resolved(options, xff({"2001:db8::9, [2001:db8:a::1]:80"})), "2001:db8::9:0");
}

TEST(ForwardedFor, MappedIpv6IsIpv4) {
  const ClientOptions options = by_networks(kXForwardedFor);
  EXPECT_EQ(resolved(options, xff({"::ffff:192.0.2.1"})), "192.0.2.1:0");
  EXPECT_EQ(resolved(options, xff({"192.0.2.1, ::ffff:10.0.0.3"})), "192.0.2.1:0");
  EXPECT_EQ(resolved(options, xff({"192.0.2.1, [::ffff:a00:3]:80"})), "192.0.2.1:0");
}

TEST(ForwardedFor, LinesAreOneListNewestLast) {
  const ClientOptions options = by_networks(kXForwardedFor);
  EXPECT_EQ(resolved(options, xff({"192.0.2.1", "192.0.2.2"})), "192.0.2.2:0");
  EXPECT_EQ(resolved(options, xff({"192.0.2.1, 192.0.2.2", "10.0.0.2", "10.0.0.3, 10.0.0.4"})),
            "192.0.2.2:0");
  EXPECT_EQ(resolved(by_hops(kXForwardedFor, 3),
                     xff({"192.0.2.1, 192.0.2.2", "a, 192.0.2.3", "192.0.2.4"})),
            "192.0.2.3:0");
}

TEST(ForwardedFor, OlderLinesThanFourAreForgotten) {
  const ClientOptions options = by_networks(kXForwardedFor);
  EXPECT_EQ(resolved(options, xff({"192.0.2.1", "10.0.0.5", "10.0.0.4", "10.0.0.3", "10.0.0.2"})),
            "10.0.0.5:0");
  EXPECT_EQ(resolved(options, xff({"x", "192.0.2.1", "10.0.0.4", "10.0.0.3", "10.0.0.2"})),
            "192.0.2.1:0");
}

TEST(ForwardedFor, EmptyElementsAndSpaceAreNothing) {
  const ClientOptions options = by_networks(kXForwardedFor);
  EXPECT_EQ(resolved(options, xff({" \t192.0.2.1\t , ,, 10.0.0.2 ,"})), "192.0.2.1:0");
  EXPECT_EQ(resolved(options, xff({"192.0.2.1", "", ", ,", "10.0.0.2"})), "192.0.2.1:0");
  EXPECT_EQ(resolved(by_hops(kXForwardedFor, 2), xff({"192.0.2.1,,10.0.0.2,,"})), "192.0.2.1:0");
}

TEST(ForwardedFor, JunkEndsTheWalk) {
  const ClientOptions networks = by_networks(kXForwardedFor);
  for (const char* junk : {"unknown", "_hidden", "-", "192.0.2.300", "192.0.2.1.2", "fe80::1%eth0",
                           "\"", "192.0.2.1 192.0.2.2", "example.com", "192.0.2.1:99999", "\x80"}) {
    const std::string text = junk;
    EXPECT_EQ(resolved(networks, xff({text})), "peer") << text;
    EXPECT_EQ(resolved(networks, xff({"192.0.2.1, " + text})), "peer") << text;
    // 10.0.0.3 wrote it: it is the last that is known.
    EXPECT_EQ(resolved(networks, xff({"192.0.2.1, " + text + ", 10.0.0.3:80, 10.0.0.2"})),
              "10.0.0.3:80");
    EXPECT_EQ(resolved(by_hops(kXForwardedFor, 3), xff({"192.0.2.1," + text + ",203.0.113.9"})),
              "203.0.113.9:0");
  }
}

TEST(ForwardedFor, AnAbsentOrEmptyHeaderLeavesThePeer) {
  EXPECT_EQ(resolved(by_networks(kXForwardedFor), {}), "peer");
  EXPECT_EQ(resolved(by_networks(kXForwardedFor), xff({""})), "peer");
  EXPECT_EQ(resolved(by_hops(kXForwardedFor, 1), xff({" ,", ","})), "peer");
}

TEST(ForwardedFor, AListOfProxiesAloneNamesItsFirst) {
  EXPECT_EQ(resolved(by_networks(kXForwardedFor), xff({"10.0.0.4, 10.0.0.3, 10.0.0.2"})),
            "10.0.0.4:0");
}

TEST(ForwardedFor, HopsCountFromTheEnd) {
  const Headers headers = xff({"192.0.2.4, 192.0.2.3, 192.0.2.2, 192.0.2.1"});
  EXPECT_EQ(resolved(by_hops(kXForwardedFor, 1), headers), "192.0.2.1:0");
  EXPECT_EQ(resolved(by_hops(kXForwardedFor, 2), headers), "192.0.2.2:0");
  EXPECT_EQ(resolved(by_hops(kXForwardedFor, 4), headers), "192.0.2.4:0");
}

// Who came around a proxy has a shorter list: its first entry was still written by a proxy.
TEST(ForwardedFor, AShortListNamesItsFirst) {
  EXPECT_EQ(resolved(by_hops(kXForwardedFor, 3), xff({"192.0.2.2, 192.0.2.1"})), "192.0.2.2:0");
}

TEST(ForwardedFor, HopsAndNetworksTogether) {
  ClientOptions options = by_networks(kXForwardedFor);
  options.hops = 2;
  const Headers headers = xff({"192.0.2.3, 192.0.2.2, 192.0.2.1"});
  EXPECT_EQ(resolved(options, headers), "192.0.2.2:0");
  EXPECT_EQ(resolved(options, headers, "203.0.113.9"), "peer");
  // Hops alone decide in the list: no network makes it longer or shorter.
  EXPECT_EQ(resolved(options, xff({"192.0.2.3, 10.0.0.3, 10.0.0.2"})), "10.0.0.3:0");
}

TEST(ForwardedFor, ALongListCostsNoMoreThanAChainOfProxies) {
  std::string line;
  for (int i = 0; i < 5000; ++i) line += "10.0.0.9,";
  EXPECT_EQ(resolved(by_networks(kXForwardedFor), xff({"192.0.2.1," + line})), "10.0.0.9:0");
  EXPECT_EQ(resolved(by_networks(kXForwardedFor), xff({"192.0.2.1" + std::string(5000, ',')})),
            "peer");
  EXPECT_EQ(resolved(by_networks(kXForwardedFor), xff({line + "203.0.113.9"})), "203.0.113.9:0");
}

TEST(SingleAddress, FormsOfOneAddress) {
  const ClientOptions options = by_networks(kXRealIp);
  EXPECT_EQ(resolved(options, one(ExtraHeader::kRealIp, "192.0.2.1")), "192.0.2.1:0");
  EXPECT_EQ(resolved(options, one(ExtraHeader::kRealIp, " 192.0.2.1:80 ")), "192.0.2.1:80");
  EXPECT_EQ(resolved(options, one(ExtraHeader::kRealIp, "2001:db8::1")), "2001:db8::1:0");
  EXPECT_EQ(resolved(options, one(ExtraHeader::kRealIp, "[2001:db8::1]:80")), "2001:db8::1:80");
  EXPECT_EQ(resolved(by_hops(kXRealIp, 1), one(ExtraHeader::kRealIp, "192.0.2.1"), "203.0.113.9"),
            "192.0.2.1:0");
}

TEST(SingleAddress, JunkLeavesThePeer) {
  for (const char* junk : {"", " ", "unknown", "192.0.2.1, 192.0.2.2", "192.0.2.1,", "x"}) {
    EXPECT_EQ(resolved(by_networks(kXRealIp), one(ExtraHeader::kRealIp, junk)), "peer") << junk;
    EXPECT_EQ(resolved(by_networks(kViewerAddress), one(ExtraHeader::kViewerAddress, junk)),
              "peer");
  }
}

TEST(SingleAddress, ViewerAddressEndsWithItsPort) {
  const ClientOptions options = by_networks(kViewerAddress);
  const auto viewer = [&options](const char* value) {
    return resolved(options, one(ExtraHeader::kViewerAddress, value));
  };
  EXPECT_EQ(viewer("198.51.100.10:46532"), "198.51.100.10:46532");
  EXPECT_EQ(viewer("2001:db8:1:2:3:4:5:6:46532"), "2001:db8:1:2:3:4:5:6:46532");
  EXPECT_EQ(viewer("2001:db8::1:46532"), "2001:db8::1:46532");
  EXPECT_EQ(viewer("2001:db8::1:70000"), "peer");
}

TEST(ForwardedHeader, FormsOfRfc7239) {
  const ClientOptions options = by_networks(kForwarded);
  const std::pair<const char*, const char*> cases[] = {
      {"for=192.0.2.1", "192.0.2.1:0"},
      {"For=\"192.0.2.1:47011\"", "192.0.2.1:47011"},
      {"FOR=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17:4711"},
      {"for=\"[2001:db8:cafe::17]\"", "2001:db8:cafe::17:0"},
      {"for=192.0.2.1:80", "192.0.2.1:80"},        // Needs quotes; often written without.
      {"for=[2001:db8::1]:80", "2001:db8::1:80"},  // As above.
      {"for=\"192.0.2.1:_port\"", "192.0.2.1:0"},
      {"by=203.0.113.43;for=192.0.2.1;host=\"a,b;c\"", "192.0.2.1:0"},
      {" ; for=192.0.2.1 ; ;by=x;", "192.0.2.1:0"},
      {"for=192.0.2.9, for=192.0.2.1", "192.0.2.1:0"},
      {"for=192.0.2.1, for=10.0.0.2;by=\"_a,b\"", "192.0.2.1:0"},
      {"for=192.0.2.1;host=\"a\\\"b, for=6.6.6.6\", for=10.0.0.2", "192.0.2.1:0"},
      {"for=192.0.2.1;host=\"a\\\\\", for=10.0.0.2", "192.0.2.1:0"},
      // No address: the walk ends.
      {"for=unknown", "peer"},
      {"for=_hidden", "peer"},
      {"for=\"_hidden:80\"", "peer"},
      {"for=192.0.2.1, for=_secret, for=10.0.0.2", "10.0.0.2:0"},
      {"for=192.0.2.1, proto=https, for=10.0.0.2", "10.0.0.2:0"},
      // Not RFC 7239: the same.
      {"192.0.2.1", "peer"},
      {"for:192.0.2.1", "peer"},
      {"for=", "peer"},
      {"for=\"\"", "peer"},
      {"for =192.0.2.1", "peer"},
      {"for= 192.0.2.1", "peer"},
      {"for=192.0.2.1 x", "peer"},
      {"for=192.0.2.1;for=192.0.2.2", "peer"},
      {"for=192.0.2.1;FOR=192.0.2.1", "peer"},
      {"for=192.0.2.1;proto=http;proto=https", "peer"},
      {"for=192.0.2.1;x", "peer"},
      {"for=192.0.2.1;=x", "peer"},
      {"for=192.0.2.1;host=\"x", "peer"},
      {"for=192.0.2.1;host=\"x\"y", "peer"},
      {"for=192.0.2.1;host=\"x\\", "peer"},
      {"for=\"192.0.2.1", "peer"},
      {"for=192.0.2.1\"", "peer"},
      {"for=\"192.0.2.1\\\"", "peer"},
      {"for=192.0.2.1\\", "peer"},
      {"for=\"fe80::1%eth0\"", "peer"},
  };
  for (const auto& [line, expected] : cases) {
    EXPECT_EQ(resolved(options, Headers{.forwarded = {line}}), expected) << line;
  }
}

// What a client leaves open - a quote, a backslash, a parameter - stays its own.
TEST(ForwardedHeader, AClientCannotReachIntoAProxysElement) {
  for (const char* claim : {"for=192.0.2.66", "for=10.0.0.9", "for=\"192.0.2.66", "\"", "\"\"\"",
                            "\\", "\\\"", "\"\\", "for=\"a\\", "for=\"192.0.2.66\\\"",
                            "for=192.0.2.66;host=\"", "host=\"a,b", ";", "x;=", ""}) {
    for (const char* own : {"for=203.0.113.9", "for=\"203.0.113.9\"",
                            "proto=http;for=\"203.0.113.9\";host=\"a\\\"\\\\,;b\""}) {
      const std::string list = std::string(claim) + ", " + own;
      const std::string proxy = std::string(", for=\"10.0.0.3:80\";by=\"_x\"");
      const bool has_proto = std::string_view(own).starts_with("proto");
      const std::string expected = has_proto ? "203.0.113.9:0 http" : "203.0.113.9:0";
      EXPECT_EQ(resolved(by_networks(kForwarded), Headers{.forwarded = {list}}), expected) << list;
      EXPECT_EQ(resolved(by_networks(kForwarded), Headers{.forwarded = {list + proxy}}), expected);
      EXPECT_EQ(resolved(by_networks(kForwarded), Headers{.forwarded = {claim, own}}), expected);
      EXPECT_EQ(resolved(by_hops(kForwarded, 1), Headers{.forwarded = {list}}), expected) << list;
      EXPECT_EQ(resolved(by_hops(kForwarded, 2), Headers{.forwarded = {list + proxy}}), expected);
    }
  }
}

std::string error_of(const ClientOptions& options) {
  const auto rules = ClientRules::create(options);
  return rules ? "no error" : rules.error().message;
}

TEST(ClientRules, ErrorsNameTheKey) {
  ClientOptions options = by_networks(kXForwardedFor);
  options.trusted.push_back("10.0.0.1/8");
  EXPECT_EQ(error_of(options),
            "client.trusted: \"10.0.0.1/8\" is no network: bits behind the prefix are set; write "
            "10.0.0.0/8, or 10.0.0.1 for this address alone");
  options = {};
  options.proxy_from = {"10.0.0.0/33"};
  EXPECT_EQ(error_of(options),
            "proxy_protocol.from: \"10.0.0.0/33\" is no network: an IPv4 prefix length is a number "
            "from 0 to 32");
  options = {};
  options.source = kCfConnectingIp;
  EXPECT_EQ(error_of(options),
            "client.source: nobody is trusted to say who the client is; name the proxies' networks "
            "in client.trusted, or in client.hops how many proxies stand in front");
  EXPECT_EQ(error_of(by_hops(kXForwardedFor, 65)), "client.hops: 65 is too many; expected 0 to 64");
  EXPECT_EQ(error_of(by_hops(kXForwardedFor, 64)), "no error");
  options = {};
  options.proxy_listen = {"0.0.0.0:8081"};
  EXPECT_EQ(error_of(options),
            "proxy_protocol.from: no network is named, so nobody could connect to "
            "proxy_protocol.listen; name those of the load balancers");
}

TEST(ClientRules, OnlyListedNetworksMaySendProxyHeaders) {
  ClientOptions options;
  options.proxy_listen = {"0.0.0.0:8081"};
  options.proxy_from = {"10.0.0.0/8", "2001:db8::/32"};
  const ClientRules rules = rules_of(options);
  EXPECT_TRUE(rules.may_send_proxy_header(parse_address("10.1.2.3").value()));
  EXPECT_TRUE(rules.may_send_proxy_header(parse_address("2001:db8::1").value()));
  EXPECT_FALSE(rules.may_send_proxy_header(parse_address("192.0.2.1").value()));
  EXPECT_FALSE(ClientRules().may_send_proxy_header(parse_address("10.1.2.3").value()));
  EXPECT_FALSE(rules.reads_headers());
}

}  // namespace
}  // namespace pixel::edge::test
