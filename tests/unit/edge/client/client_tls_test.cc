// SPDX-License-Identifier: Apache-2.0
#include "edge/client/client_tls.h"

#include "tests/unit/edge/client/client_case.h"

namespace pixel::edge::test {
namespace {

using enum ClientSource;
using ExtraHeader::kCfVisitor;
using ExtraHeader::kCloudFrontProto;
using ExtraHeader::kForwardedProto;
using ExtraHeader::kTlsCipher;
using ExtraHeader::kTlsVersion;
using ExtraHeader::kViewerTls;

using Extra = std::vector<std::pair<ExtraHeader, std::string>>;

std::string tls_of(ClientSource source, const Extra& extra,
                   const std::vector<std::string>& forwarded = {}) {
  const std::string said =
      resolved(by_networks(source), Headers{.forwarded = forwarded, .extra = extra});
  return said.find(' ') == std::string::npos ? "" : said.substr(said.find(' ') + 1);
}

TEST(ClientTls, EachHeaderThatNamesAProtocol) {
  EXPECT_EQ(tls_of(kPeer, {}), "");
  EXPECT_EQ(tls_of(kPeer, {{kForwardedProto, "https"}}), "https");
  EXPECT_EQ(tls_of(kPeer, {{kForwardedProto, "http"}}), "http");
  EXPECT_EQ(tls_of(kPeer, {{kForwardedProto, "HTTPS"}}), "https");
  EXPECT_EQ(tls_of(kPeer, {{kForwardedProto, "https, http"}}), "http");
  EXPECT_EQ(tls_of(kPeer, {{kForwardedProto, "http ,\thttps "}}), "https");
  EXPECT_EQ(tls_of(kPeer, {{kCloudFrontProto, "https"}}), "https");
  EXPECT_EQ(tls_of(kPeer, {{kCfVisitor, "{\"scheme\":\"https\"}"}}), "https");
  EXPECT_EQ(tls_of(kPeer, {{kCfVisitor, "{ \"x\":1, \"scheme\" : \"http\" }"}}), "http");
  EXPECT_EQ(tls_of(kPeer, {}, {"for=192.0.2.1;proto=https"}), "https");
  EXPECT_EQ(tls_of(kPeer, {}, {"for=_x;proto=http, proto=\"HTTPS\""}), "https");
}

TEST(ClientTls, JunkNamesNoProtocol) {
  for (const char* junk : {"", ",", "https,", "httpss", "htt", "https://", "on", "ws", "443",
                           "https\x80", "\"https\"", "https http"}) {
    EXPECT_EQ(tls_of(kPeer, {{kForwardedProto, junk}}), "") << junk;
    EXPECT_EQ(tls_of(kPeer, {{kCloudFrontProto, junk}}), "") << junk;
  }
  for (const char* junk : {"", "{}", "https", "{\"scheme\"", "{\"scheme\":", "{\"scheme\":\"",
                           "{\"scheme\":\"https", "{\"scheme\":https}", "{\"scheme\" \"https\"}",
                           "{\"scheme\":\"ftp\"}", "{\"scheme\":\"\"}", "{scheme:\"https\"}"}) {
    EXPECT_EQ(tls_of(kPeer, {{kCfVisitor, junk}}), "") << junk;
  }
  for (const char* junk : {"proto=ftp", "proto=", "proto=\"ht\\tps\"", "proto=https;proto=https",
                           "proto=https;x", "="}) {
    EXPECT_EQ(tls_of(kPeer, {}, {junk}), "") << junk;
  }
}

TEST(ClientTls, FirstThatSaysOneCounts) {
  const Extra all = {{kForwardedProto, "http"},
                     {kCloudFrontProto, "https"},
                     {kCfVisitor, "{\"scheme\":\"https\"}"}};
  const std::vector<std::string> forwarded = {"for=192.0.2.1;proto=https"};
  EXPECT_EQ(tls_of(kPeer, all, forwarded), "http");
  EXPECT_EQ(tls_of(kXForwardedFor, all, forwarded), "http");
  EXPECT_EQ(tls_of(kXRealIp, all, forwarded), "http");
  // The source's own kin comes first.
  EXPECT_EQ(tls_of(kForwarded, all, forwarded), "https");
  EXPECT_EQ(tls_of(kViewerAddress, all, forwarded), "https");
  EXPECT_EQ(tls_of(kCfConnectingIp, all, forwarded), "https");
  EXPECT_EQ(tls_of(kTrueClientIp, all, forwarded), "https");
  // Junk is passed over.
  EXPECT_EQ(tls_of(kPeer, {{kForwardedProto, "x"}, {kCloudFrontProto, "http"}}, forwarded), "http");
  EXPECT_EQ(
      tls_of(kPeer, {{kCloudFrontProto, "x"}, {kCfVisitor, "{\"scheme\":\"http\"}"}}, forwarded),
      "http");
}

TEST(ClientTls, ForwardedSpeaksOfTheElementThatNamedTheClient) {
  EXPECT_EQ(tls_of(kForwarded, {}, {"for=192.0.2.1;proto=https, for=10.0.0.2;proto=http"}),
            "https");
  EXPECT_EQ(tls_of(kForwarded, {}, {"for=6.6.6.6;proto=https, for=192.0.2.1;proto=http"}), "http");
  // It names none: the nearest proxy's word on its own connection.
  EXPECT_EQ(tls_of(kForwarded, {}, {"for=192.0.2.1, for=10.0.0.2;proto=https"}), "https");
}

TEST(ClientTls, VersionAndCipher) {
  EXPECT_EQ(tls_of(kPeer, {{kTlsVersion, "TLSv1.2"}, {kTlsCipher, "ECDHE-RSA-AES128-GCM-SHA256"}}),
            "https TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256");
  EXPECT_EQ(tls_of(kPeer, {{kTlsVersion, "TLSv1.2"}}), "https TLSv1.2");
  EXPECT_EQ(tls_of(kPeer, {{kTlsCipher, "ECDHE-RSA-AES128-GCM-SHA256"}}), "");
  EXPECT_EQ(tls_of(kPeer, {{kViewerTls, "TLSv1.3:TLS_AES_128_GCM_SHA256:sessionResumed"}}),
            "https TLSv1.3 TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(tls_of(kPeer, {{kViewerTls, "TLSv1.3:TLS_AES_128_GCM_SHA256"}}),
            "https TLSv1.3 TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(tls_of(kPeer, {{kViewerTls, "TLSv1.3"}}), "https TLSv1.3");
  EXPECT_EQ(tls_of(kPeer, {{kViewerTls, "TLSv1.3::x"}}), "https TLSv1.3");
}

TEST(ClientTls, JunkIsNoVersionAndNoCipher) {
  for (const std::string& junk :
       {std::string(""), std::string("-"), std::string("1.3"), std::string("tlsv1.3"),
        std::string("TLS 1.3"), std::string("TLSv1.3\t"), std::string("TLSv\x80"),
        "TLSv" + std::string(60, '1'), std::string(":TLSv1.3:x")}) {
    EXPECT_EQ(tls_of(kPeer, {{kTlsVersion, junk}, {kTlsCipher, "c"}}), "") << junk;
    EXPECT_EQ(tls_of(kPeer, {{kViewerTls, junk}}), "") << junk;
  }
  for (const std::string& junk : {std::string("-"), std::string("a b"), std::string("a\t"),
                                  std::string(64, 'c'), std::string("\"")}) {
    EXPECT_EQ(tls_of(kPeer, {{kTlsVersion, "TLSv1.2"}, {kTlsCipher, junk}}), "https TLSv1.2");
    EXPECT_EQ(tls_of(kPeer, {{kViewerTls, "TLSv1.2:" + junk + ":x"}}), "https TLSv1.2");
  }
}

TEST(ClientTls, OrderOfVersions) {
  const Extra both = {{kTlsVersion, "TLSv1.2"}, {kTlsCipher, "alb"}, {kViewerTls, "TLSv1.3:cf:x"}};
  EXPECT_EQ(tls_of(kXForwardedFor, both), "https TLSv1.2 alb");
  EXPECT_EQ(tls_of(kViewerAddress, both), "https TLSv1.3 cf");
  EXPECT_EQ(tls_of(kXForwardedFor, {{kTlsVersion, "-"}, {kViewerTls, "TLSv1.3:cf:x"}}),
            "https TLSv1.3 cf");
}

TEST(ClientTls, PlainHttpHasNoVersion) {
  EXPECT_EQ(tls_of(kPeer, {{kForwardedProto, "http"}, {kTlsVersion, "TLSv1.2"}, {kTlsCipher, "c"}}),
            "http");
}

TEST(ClientTls, MayBeSwitchedOff) {
  ClientOptions options = by_networks(kXForwardedFor);
  options.tls_headers = false;
  Headers headers;
  headers.forwarded_for = {"192.0.2.1"};
  headers.extra = {{kForwardedProto, "https"}, {kTlsVersion, "TLSv1.2"}};
  EXPECT_EQ(resolved(options, headers), "192.0.2.1:0");
}

TEST(ClientTls, IsNotBelievedOfOthers) {
  Headers headers;
  headers.extra = {{kForwardedProto, "https"}, {kTlsVersion, "TLSv1.2"}};
  headers.forwarded = {"proto=https"};
  EXPECT_EQ(resolved(by_networks(kPeer), headers, "203.0.113.9"), "peer");
  EXPECT_EQ(resolved(by_networks(kPeer), headers), "peer https TLSv1.2");
}

TEST(ClientTls, ViewsPointIntoTheRequest) {
  const Headers headers{.extra = {{kViewerTls, "TLSv1.3:cipher:x"}}};
  const ClientIdentity client = resolve(by_networks(kPeer), headers.view());
  EXPECT_EQ(client.tls_version.data(), headers.extra[0].second.data());
  EXPECT_EQ(client.tls_cipher.data(), headers.extra[0].second.data() + 8);
}

}  // namespace
}  // namespace pixel::edge::test
