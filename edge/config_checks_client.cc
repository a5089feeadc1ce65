// SPDX-License-Identifier: Apache-2.0
// COLD: see config_checks.h. Who the client is, and what may be known of it.
#include <algorithm>

#include "edge/client/network_set.h"
#include "edge/config_checks.h"
#include "edge/policy/option_checks.h"

namespace pixel::edge {
namespace {

void check_networks(const std::vector<std::string>& networks, const char* section, const char* key,
                    ConfigFaults& faults) {
  for (std::size_t i = 0; i < networks.size(); ++i) {
    if (NetworkSet::parse({networks[i]})) continue;
    faults.expect(section, key,
                  "a network such as \"10.0.0.0/8\" or \"2001:db8::/32\", with no bits set behind "
                  "its prefix",
                  i);
  }
}

void check_proxy_protocol(const EdgeConfig& config, ConfigFaults& faults) {
  const auto& listen = config.client.proxy_listen;
  const auto& from = config.client.proxy_from;
  for (std::size_t i = 0; i < listen.size(); ++i) {
    if (std::find(config.listen.begin(), config.listen.end(), listen[i]) == config.listen.end()) {
      faults.expect("proxy_protocol", "listen", "an address of server.listen", i);
    }
  }
  check_networks(from, "proxy_protocol", "from", faults);
  if (listen.empty()) {
    faults.expect_default(config, "proxy_protocol", "from", "proxy_protocol.listen is empty");
  } else if (from.empty()) {
    faults.expect("proxy_protocol", "from",
                  "the networks that connect to proxy_protocol.listen: from any other, a "
                  "connection is closed");
  }
}

bool is_cookie_or_none(std::string_view name) { return name.empty() || is_cookie_name(name); }

// Domains of cookies; browsers ignore a leading dot (RFC 6265 section 5.2.3).
bool is_cookie_domain(std::string_view domain) {
  if (domain.starts_with('.')) domain.remove_prefix(1);
  return is_host_name(domain) && domain.find("..") == std::string_view::npos &&
         !domain.starts_with('.') && !domain.ends_with('.');
}

bool is_parameter_name(std::string_view name) {
  return !name.empty() && name.size() <= 256 && std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '&' && c != '=';
  });
}

void check_privacy(const EdgeConfig& config, ConfigFaults& faults) {
  const PolicyOptions& policy = config.policy;
  const auto unless = [&](bool is_used, std::string_view key, std::string_view reason) {
    if (!is_used) faults.expect_default(config, "privacy", key, reason);
  };
  const bool heeds = policy.on_opt_out != SignalAction::kIgnore;
  for (const char* key : {"dnt", "gpc", "opt_out_cookie"}) {
    unless(heeds, key, "privacy.on_opt_out is \"ignore\"");
  }
  const bool masks = policy.address == AddressPrivacy::kMask;
  unless(masks, "mask_v4", "privacy.address is not \"mask\"");
  unless(masks, "mask_v6", "privacy.address is not \"mask\"");
  unless(policy.address == AddressPrivacy::kHash, "hash_rotation",
         "privacy.address is not \"hash\"");
  if (policy.hash_rotation_ns % base::kSecondNs != 0) {
    faults.expect("privacy", "hash_rotation", "whole seconds");
  }
  if (heeds && !policy.dnt && !policy.gpc && policy.opt_out_cookie.empty()) {
    faults.expect("privacy", "on_opt_out",
                  "\"ignore\" while dnt, gpc and opt_out_cookie are all off");
  }
  if (!is_cookie_or_none(policy.opt_out_cookie)) {
    faults.expect("privacy", "opt_out_cookie", "the name of a cookie, or \"\" for none");
  }
  for (std::size_t i = 0; i < policy.query_deny.size(); ++i) {
    if (is_parameter_name(policy.query_deny[i])) continue;
    faults.expect("privacy", "query_deny", "the name of a query parameter", i);
  }
}

void check_visitor(const EdgeConfig& config, ConfigFaults& faults) {
  const PolicyOptions& policy = config.policy;
  if (!policy.visitor) {
    faults.expect_defaults_but(config, "visitor", "enabled", "visitor.enabled is false");
  }
  if (!is_cookie_name(policy.cookie_name)) {
    faults.expect("visitor", "cookie", "the name of a cookie");
  }
  if (!is_cookie_or_none(policy.readable_cookie_name)) {
    faults.expect("visitor", "readable_cookie", "the name of a cookie, or \"\" for none");
  } else if (policy.readable_cookie_name == policy.cookie_name && !policy.cookie_name.empty()) {
    faults.expect("visitor", "readable_cookie", "another name than visitor.cookie has");
  }
  if (policy.lifetime_ns % base::kSecondNs != 0) {
    faults.expect("visitor", "lifetime", "whole seconds");
  }
  for (std::size_t i = 0; i < policy.cookie_domains.size(); ++i) {
    if (is_cookie_domain(policy.cookie_domains[i])) continue;
    faults.expect("visitor", "domains", "a domain such as \"example.com\"", i);
  }
  if (!policy.fallback_domain.empty() && !is_cookie_domain(policy.fallback_domain)) {
    faults.expect("visitor", "fallback_domain", "a domain such as \"example.com\", or \"\"");
  }
  if (policy.same_site == SameSite::kNone && !policy.secure) {
    faults.expect("visitor", "secure",
                  "true unless same_site is \"lax\" or \"strict\": browsers reject the cookie");
  }
  if (!policy.id_parameter.empty() && !is_parameter_name(policy.id_parameter)) {
    faults.expect("visitor", "id_parameter", "the name of a query parameter, or \"\" for none");
  }
}

}  // namespace

void check_client(const EdgeConfig& config, ConfigFaults& faults) {
  const ClientOptions& client = config.client;
  check_networks(client.trusted, "client", "trusted", faults);
  const bool trusts_anyone = !client.trusted.empty() || client.hops != 0;
  if (client.source != ClientSource::kPeer && !trusts_anyone) {
    faults.expect("client", "source",
                  "\"peer\" unless client.trusted or client.hops says whose word counts");
  }
  if (client.source == ClientSource::kPeer && !client.tls_headers) {
    constexpr std::string_view kReason =
        "client.source is \"peer\" and client.tls_headers is false: no header is read";
    faults.expect_default(config, "client", "trusted", kReason);
    faults.expect_default(config, "client", "hops", kReason);
  }
  check_proxy_protocol(config, faults);
}

void check_policy(const EdgeConfig& config, ConfigFaults& faults) {
  const PolicyOptions& policy = config.policy;
  check_privacy(config, faults);
  check_visitor(config, faults);
  if (policy.on_bot == SignalAction::kIgnore) {
    faults.expect_default(config, "bots", "agents_file", "bots.on_bot is \"ignore\"");
  }
  if (policy.requests_per_second == 0) {
    faults.expect_defaults_but(config, "rate_limit", "requests_per_second",
                               "rate_limit.requests_per_second is 0");
  }
}

}  // namespace pixel::edge
