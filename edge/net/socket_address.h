// SPDX-License-Identifier: Apache-2.0
// An IPv4 or IPv6 address with its port, as bind and getsockname speak of it. COLD.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/address.h"

namespace pixel::edge {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  /// Of a numeric host; nothing where it is a name.
  static std::optional<SocketAddress> from(const base::HostPort& target);
  /// What a descriptor is bound to; nothing where it is no IPv4 or IPv6 socket.
  static std::optional<SocketAddress> of_socket(int fd);

  sockaddr* get() noexcept { return static_cast<sockaddr*>(static_cast<void*>(&storage)); }
  int family() const noexcept { return storage.ss_family; }
  std::uint16_t port() const noexcept;
  void set_port(std::uint16_t port) noexcept;
  /// The same family, host and IPv6 scope; ports are not compared.
  bool same_host(const SocketAddress& other) const noexcept;
  /// "127.0.0.1:8080", "[::1]:8080".
  std::string text() const;
};

}  // namespace pixel::edge
