// SPDX-License-Identifier: Apache-2.0
// COLD: see listener.h.
#include "edge/net/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "base/address.h"

namespace pixel::edge {
namespace {

// The kernel cuts it to net.core.somaxconn.
constexpr int kBacklog = 65'535;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  sockaddr* get() noexcept { return static_cast<sockaddr*>(static_cast<void*>(&storage)); }
  int family() const noexcept { return storage.ss_family; }
  std::uint16_t port() const noexcept {
    // sin_port and sin6_port lie at the same place.
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof address);
    return ntohs(address.sin_port);
  }
};

std::optional<SocketAddress> to_socket_address(const base::HostPort& target, std::uint16_t port) {
  SocketAddress address;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, target.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.bytes = sizeof v4;
  } else if (::inet_pton(AF_INET6, target.host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.bytes = sizeof v6;
  } else {
    return std::nullopt;
  }
  return address;
}

base::Error cannot_listen(const std::string& text, int error_number) {
  std::string advice;
  if (error_number == EADDRINUSE) {
    const std::string port = text.substr(text.rfind(':'));
    advice = fmt::format(
        "; another process listens there (see which: ss -ltnp 'sport = {}'), stop it or set "
        "server.listen to another port",
        port);
  } else if (error_number == EACCES) {
    advice = "; ports below 1024 need CAP_NET_BIND_SERVICE";
  } else if (error_number == EADDRNOTAVAIL) {
    advice = "; this machine has no such address";
  }
  return base::Error{
      fmt::format("cannot listen on {}: {}{}", text, std::strerror(error_number), advice)};
}

int set_option(int fd, int level, int name) {
  const int on = 1;
  return ::setsockopt(fd, level, name, &on, sizeof on);
}

// Accepted connections inherit TCP_NODELAY and SO_KEEPALIVE: no system call for each.
int set_options(int fd, int family, bool reuse_port) {
  if (set_option(fd, SOL_SOCKET, SO_REUSEADDR) != 0) return errno;
  if (reuse_port && set_option(fd, SOL_SOCKET, SO_REUSEPORT) != 0) return errno;
  if (set_option(fd, IPPROTO_TCP, TCP_NODELAY) != 0) return errno;
  if (set_option(fd, SOL_SOCKET, SO_KEEPALIVE) != 0) return errno;
  if (family == AF_INET6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) != 0) return errno;
  return 0;
}

base::Result<base::UniqueFd, int> bind_socket(SocketAddress& address, bool reuse_port) {
  base::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return errno;
  if (const int error = set_options(fd.get(), address.family(), reuse_port); error != 0) {
    return error;
  }
  if (::bind(fd.get(), address.get(), address.bytes) != 0) return errno;
  return fd;
}

// A killed io_uring process keeps its listeners for some milliseconds after it is gone: the kernel
// takes its ring apart in the background. So that a restart does not trip over that:
constexpr auto kProbePause = std::chrono::milliseconds(20);
constexpr int kProbesMax = 150;

// Without SO_REUSEPORT the kernel refuses a port on which anyone listens; with it, two servers of
// one user would share the port and nobody would know. Returns errno.
int probe(const base::HostPort& target) {
  auto address = to_socket_address(target, target.port);
  if (!address) return EADDRNOTAVAIL;
  for (int tries = 1;; ++tries) {
    const auto bound = bind_socket(*address, false);
    if (bound) return 0;
    if (bound.error() != EADDRINUSE || tries == kProbesMax) return bound.error();
    std::this_thread::sleep_for(kProbePause);
  }
}

// Opens one socket per worker on one address. Returns the port, or errno.
base::Result<std::uint16_t, int> open_address(const base::HostPort& target, Listeners& listeners) {
  auto address = to_socket_address(target, target.port);
  if (!address) return EADDRNOTAVAIL;
  for (auto& of_worker : listeners.by_worker) {
    auto fd = bind_socket(*address, true);
    if (!fd) return fd.error();
    if (::listen(fd->get(), kBacklog) != 0) return errno;
    // Port 0 was any; the workers after the first bind what the first was given.
    if (::getsockname(fd->get(), address->get(), &address->bytes) != 0) return errno;
    of_worker.push_back(std::move(fd).value());
  }
  return address->port();
}

}  // namespace

std::vector<int> Listeners::of_worker(std::size_t worker) const {
  std::vector<int> fds;
  for (const base::UniqueFd& fd : by_worker.at(worker)) fds.push_back(fd.get());
  return fds;
}

void Listeners::shut() const noexcept {
  for (const auto& of_worker : by_worker) {
    for (const base::UniqueFd& fd : of_worker) ::shutdown(fd.get(), SHUT_RDWR);
  }
}

base::Status probe_listeners(const std::vector<std::string>& addresses) {
  for (const std::string& text : addresses) {
    const auto target = base::parse_host_port(text);
    if (!target) return base::Error{fmt::format("cannot listen on {}: expected host:port", text)};
    if (const int error = probe(*target); error != 0) return cannot_listen(text, error);
  }
  return base::ok_status();
}

base::Result<Listeners> open_listeners(const std::vector<std::string>& addresses,
                                       std::uint32_t workers) {
  if (auto free = probe_listeners(addresses); !free) return free.error();
  Listeners listeners;
  listeners.by_worker.resize(workers);
  for (const std::string& text : addresses) {
    const auto port = open_address(*base::parse_host_port(text), listeners);
    if (!port) return cannot_listen(text, port.error());
    listeners.bound.push_back(fmt::format("{}:{}", text.substr(0, text.rfind(':')), *port));
  }
  return listeners;
}

}  // namespace pixel::edge
