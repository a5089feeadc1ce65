// SPDX-License-Identifier: Apache-2.0
// One request as its headers, one set of rules, and what resolve() makes of them, in one line.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "edge/client/client_rules.h"

namespace pixel::edge::test {

/// Header lines in the order in which they arrive, as the parser files them.
struct Headers {
  std::vector<std::string> forwarded_for{};
  std::vector<std::string> forwarded{};
  std::vector<std::pair<ExtraHeader, std::string>> extra{};

  /// Views into this object.
  RequestView view() const {
    RequestView request;
    for (const std::string& line : forwarded_for) request.forwarded_for.add(line);
    for (const std::string& line : forwarded) request.forwarded.add(line);
    for (const auto& [header, value] : extra) request.extra.set(header, value);
    return request;
  }
};

inline ClientRules rules_of(const ClientOptions& options) {
  auto rules = ClientRules::create(options);
  EXPECT_TRUE(rules.ok()) << (rules ? "" : rules.error().message);
  return rules ? std::move(rules).value() : ClientRules();
}

/// Trusts 10.0.0.0/8 and 2001:db8:a::/48.
inline ClientOptions by_networks(ClientSource source) {
  ClientOptions options;
  options.source = source;
  options.trusted = {"10.0.0.0/8", "2001:db8:a::/48"};
  return options;
}

inline ClientOptions by_hops(ClientSource source, std::uint32_t hops) {
  ClientOptions options;
  options.source = source;
  options.hops = hops;
  return options;
}

inline ClientIdentity resolve(const ClientOptions& options, const RequestView& request,
                              std::string_view peer = "10.0.0.1") {
  ClientIdentity client;
  client.tls_cipher = "stale";
  client.from_header = true;
  rules_of(options).resolve(request, parse_address(peer).value(), 5555, client);
  return client;
}

/// "peer" or "192.0.2.1:80", then what is known of TLS: " https TLSv1.3 cipher".
inline std::string describe(const ClientIdentity& client) {
  char text[kAddressTextBytesMax];
  const std::string address(text, format_address(client.address, text));
  std::string said = address + ":" + std::to_string(client.port);
  if (!client.from_header) {
    EXPECT_EQ(client.port, 5555);
    said = "peer";
  }
  if (client.has_protocol) said += client.https ? " https" : " http";
  if (!client.has_protocol && client.https) said += " https without a protocol";
  if (!client.tls_version.empty()) said += " " + std::string(client.tls_version);
  if (!client.tls_cipher.empty()) said += " " + std::string(client.tls_cipher);
  return said;
}

inline std::string resolved(const ClientOptions& options, const Headers& headers,
                            std::string_view peer = "10.0.0.1") {
  return describe(resolve(options, headers.view(), peer));
}

}  // namespace pixel::edge::test
