// SPDX-License-Identifier: Apache-2.0
// See peer.h.
#include "edge/client/peer.h"

#include <netinet/in.h>

#include <cstring>

namespace pixel::edge {

void set_peer(Peer& peer, const IpAddress& address, std::uint16_t port) noexcept {
  peer.address = address;
  peer.port = port;
  peer.text_bytes = static_cast<std::uint8_t>(format_address(address, peer.text));
}

void set_peer(Peer& peer, const sockaddr_storage& address) noexcept {
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    std::uint8_t bytes[4];
    std::memcpy(bytes, &v4.sin_addr, sizeof bytes);
    return set_peer(peer, address_of_v4(bytes), ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    return set_peer(peer, address_of_v6(v6.sin6_addr.s6_addr), ntohs(v6.sin6_port));
  }
  peer = Peer{};
  peer.text[0] = '-';
  peer.text_bytes = 1;
}

}  // namespace pixel::edge
