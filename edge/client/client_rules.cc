// SPDX-License-Identifier: Apache-2.0
// Rules from settings. COLD; boot and reload. resolve() lies in resolve.cc.
#include "edge/client/client_rules.h"

#include "edge/client/list_from_end.h"

namespace pixel::edge {
namespace {

base::Result<NetworkSet> parse_networks(std::string_view key,
                                        const std::vector<std::string>& networks) {
  base::Result<NetworkSet> set = NetworkSet::parse(networks);
  if (set) return set;
  return base::Error{std::string(key) + ": " + set.error().message};
}

// Settings of which each is good and that mean nothing, or nothing good, together.
base::Status check_together(const ClientOptions& options) {
  if (options.hops > ListFromEnd::kElementsMax) {
    return base::Error{"client.hops: " + std::to_string(options.hops) +
                       " is too many; expected 0 to " + std::to_string(ListFromEnd::kElementsMax)};
  }
  if (options.source != ClientSource::kPeer && options.trusted.empty() && options.hops == 0) {
    return base::Error{
        "client.source: nobody is trusted to say who the client is; name the proxies' networks in "
        "client.trusted, or in client.hops how many proxies stand in front"};
  }
  if (!options.proxy_listen.empty() && options.proxy_from.empty()) {
    return base::Error{
        "proxy_protocol.from: no network is named, so nobody could connect to "
        "proxy_protocol.listen; name those of the load balancers"};
  }
  return base::ok_status();
}

}  // namespace

base::Result<ClientRules> ClientRules::create(const ClientOptions& options) {
  auto trusted = parse_networks("client.trusted", options.trusted);
  if (!trusted) return trusted.error();
  auto proxy_from = parse_networks("proxy_protocol.from", options.proxy_from);
  if (!proxy_from) return proxy_from.error();
  const base::Status together = check_together(options);
  if (!together) return together.error();

  ClientRules rules;
  rules.source_ = options.source;
  rules.hops_ = options.hops;
  rules.tls_headers_ = options.tls_headers;
  rules.trusted_ = std::move(*trusted);
  rules.proxy_from_ = std::move(*proxy_from);
  const bool trusts_anyone = !rules.trusted_.empty() || rules.hops_ > 0;
  rules.reads_headers_ =
      trusts_anyone && (rules.source_ != ClientSource::kPeer || rules.tls_headers_);
  return rules;
}

}  // namespace pixel::edge
