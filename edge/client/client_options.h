// SPDX-License-Identifier: Apache-2.0
// Whose word about the client's address is believed: [client] and [proxy_protocol]. COLD.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pixel::edge {

/// `client.source`: where the client's address is read.
enum class ClientSource : std::uint8_t {
  kPeer,           // The other end of the connection, or what its PROXY header says.
  kXForwardedFor,  // A list; read from its end.
  kForwarded,      // RFC 7239; read from its end.
  kXRealIp,
  kCfConnectingIp,
  kTrueClientIp,
  kViewerAddress,  // CloudFront-Viewer-Address: address and port.
};

struct ClientOptions {
  // [client]
  ClientSource source = ClientSource::kPeer;
  /// Networks of proxies, "10.0.0.0/8" or "2001:db8::/32": a header is read only from a peer in
  /// one of them, and list entries in them are proxies too. Empty: every peer is one (hops > 0).
  std::vector<std::string> trusted;
  /// How many proxies stand in front, the peer included: the address is the hops-th from the end of
  /// the list. 0: the first from the end that is not in `trusted`.
  std::uint32_t hops = 0;
  /// Whether a trusted peer's word on the client's TLS (X-Forwarded-Proto and its kin) is believed.
  bool tls_headers = true;
  // [proxy_protocol]
  std::vector<std::string> proxy_listen;  // Listeners where each connection begins with a header.
  std::vector<std::string> proxy_from;    // Networks that may connect there.
};

}  // namespace pixel::edge
