// SPDX-License-Identifier: Apache-2.0
// The client's address as a line has it. Formatted once per connection.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string_view>

namespace pixel::edge {

/// Text and port of a peer; fits any IPv6 address (45 characters). IPv4-mapped IPv6 addresses are
/// written as IPv4 (RFC 4291 section 2.5.5.2).
struct PeerAddress {
  char text[46] = {'-'};
  std::uint8_t text_bytes = 1;
  std::uint16_t port = 0;
  std::string_view view() const noexcept { return {text, text_bytes}; }
};

/// "-" and 0 for a family that is neither AF_INET nor AF_INET6.
PeerAddress format_peer(const sockaddr_storage& address) noexcept;

}  // namespace pixel::edge
