// SPDX-License-Identifier: Apache-2.0
// See peer_address.h.
#include "edge/net/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace pixel::edge {
namespace {

void set_text(PeerAddress& peer, int family, const void* address) noexcept {
  if (::inet_ntop(family, address, peer.text, sizeof peer.text) == nullptr) return;
  peer.text_bytes = static_cast<std::uint8_t>(std::strlen(peer.text));
}

}  // namespace

PeerAddress format_peer(const sockaddr_storage& address) noexcept {
  PeerAddress peer;
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    set_text(peer, AF_INET, &v4.sin_addr);
    peer.port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      set_text(peer, AF_INET, v6.sin6_addr.s6_addr + 12);
    } else {
      set_text(peer, AF_INET6, &v6.sin6_addr);
    }
    peer.port = ntohs(v6.sin6_port);
  }
  return peer;
}

}  // namespace pixel::edge
