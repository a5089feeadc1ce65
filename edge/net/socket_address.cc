// SPDX-License-Identifier: Apache-2.0
// COLD: see socket_address.h.
#include "edge/net/socket_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cstring>

namespace pixel::edge {
namespace {

sockaddr_in as_v4(const sockaddr_storage& storage) {
  sockaddr_in address{};
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

sockaddr_in6 as_v6(const sockaddr_storage& storage) {
  sockaddr_in6 address{};
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

}  // namespace

std::optional<SocketAddress> SocketAddress::from(const base::HostPort& target) {
  SocketAddress address;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, target.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.bytes = sizeof v4;
  } else if (::inet_pton(AF_INET6, target.host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.bytes = sizeof v6;
  } else {
    return std::nullopt;
  }
  address.set_port(target.port);
  return address;
}

std::optional<SocketAddress> SocketAddress::of_socket(int fd) {
  SocketAddress address;
  address.bytes = sizeof address.storage;
  if (::getsockname(fd, address.get(), &address.bytes) != 0) return std::nullopt;
  if (address.family() != AF_INET && address.family() != AF_INET6) return std::nullopt;
  return address;
}

// sin_port and sin6_port lie at the same place.
std::uint16_t SocketAddress::port() const noexcept { return ntohs(as_v4(storage).sin_port); }

void SocketAddress::set_port(std::uint16_t port) noexcept {
  sockaddr_in address = as_v4(storage);
  address.sin_port = htons(port);
  std::memcpy(&storage, &address, sizeof address);
}

bool SocketAddress::same_host(const SocketAddress& other) const noexcept {
  if (family() != other.family()) return false;
  if (family() == AF_INET) {
    return as_v4(storage).sin_addr.s_addr == as_v4(other.storage).sin_addr.s_addr;
  }
  const sockaddr_in6 mine = as_v6(storage);
  const sockaddr_in6 theirs = as_v6(other.storage);
  return std::memcmp(&mine.sin6_addr, &theirs.sin6_addr, sizeof mine.sin6_addr) == 0 &&
         mine.sin6_scope_id == theirs.sin6_scope_id;
}

std::string SocketAddress::text() const {
  char host[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    const sockaddr_in address = as_v4(storage);
    ::inet_ntop(AF_INET, &address.sin_addr, host, sizeof host);
    return fmt::format("{}:{}", host, port());
  }
  const sockaddr_in6 address = as_v6(storage);
  ::inet_ntop(AF_INET6, &address.sin6_addr, host, sizeof host);
  return fmt::format("[{}]:{}", host, port());
}

}  // namespace pixel::edge
