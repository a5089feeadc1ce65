// SPDX-License-Identifier: Apache-2.0
// From a connection's peer and a request's headers to the client: its address, port and TLS. Built
// at boot and at reload (COLD); resolve is HOT where proxies stand in front. Immutable.
//
// Never the client's own claim: a header counts only if the peer is a trusted proxy, and a list is
// read from its end, where trusted proxies write: to the hops-th address where hops are counted,
// else to the first that is not in a trusted network. What is no address ends the walk, and so does
// the end of the list: the last address counts then, the peer if there is none.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "edge/client/client_options.h"
#include "edge/client/ip_address.h"
#include "edge/client/network_set.h"
#include "edge/http/request_view.h"

namespace pixel::edge {

class ListFromEnd;

struct ClientIdentity {
  IpAddress address;
  std::uint16_t port = 0;     // 0 where a header names none.
  bool from_header = false;   // False: address and port are the peer's.
  bool has_protocol = false;  // A trusted peer has said http or https.
  bool https = false;
  std::string_view tls_version;  // Field 21; views into the request; empty: not said.
  std::string_view tls_cipher;   // Field 22.
};

class ClientRules {
 public:
  ClientRules() = default;
  /// An error begins with the key at fault, and names the network if it is one.
  static base::Result<ClientRules> create(const ClientOptions& options);

  /// False: no header is ever looked at; resolve need not be called.
  bool reads_headers() const noexcept { return reads_headers_; }
  /// `peer` is the connection's peer, or the source of its PROXY header.
  void resolve(const RequestView& request, const IpAddress& peer, std::uint16_t peer_port,
               ClientIdentity& client) const noexcept;
  /// Whether a peer may connect where PROXY headers are required.
  bool may_send_proxy_header(const IpAddress& peer) const noexcept {
    return proxy_from_.contains(peer);
  }

 private:
  struct ListClient {
    AddressAndPort entry;
    std::string_view element;  // Of the list: what named it.
  };
  bool is_trusted(const IpAddress& peer) const noexcept;
  bool find_client(const RequestView& request, ListClient& client) const noexcept;
  template <class ParseEntry>
  bool walk_list(ListFromEnd list, ParseEntry parse_entry, ListClient& client) const noexcept;

  ClientSource source_ = ClientSource::kPeer;
  std::uint32_t hops_ = 0;
  bool tls_headers_ = false;
  bool reads_headers_ = false;
  NetworkSet trusted_;
  NetworkSet proxy_from_;
};

}  // namespace pixel::edge
