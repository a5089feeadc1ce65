// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of a connection, or whom its PROXY header names: kept as text too, for
// each line needs it. Filled once per connection; read HOT.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string_view>

#include "edge/client/ip_address.h"

namespace pixel::edge {

struct Peer {
  std::uint16_t port = 0;
  std::uint8_t text_bytes = 0;
  char text[kAddressTextBytesMax];
  IpAddress address;
  std::string_view view() const noexcept { return {text, text_bytes}; }
};

void set_peer(Peer& peer, const IpAddress& address, std::uint16_t port) noexcept;
/// A family that is neither AF_INET nor AF_INET6 gives the text "-".
void set_peer(Peer& peer, const sockaddr_storage& address) noexcept;

}  // namespace pixel::edge
