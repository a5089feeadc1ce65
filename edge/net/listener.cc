// SPDX-License-Identifier: Apache-2.0
// COLD: see listener.h.
#include "edge/net/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <set>
#include <thread>

#include "base/address.h"
#include "edge/net/socket_address.h"

namespace pixel::edge {
namespace {

// The kernel cuts it to net.core.somaxconn.
constexpr int kBacklog = 65'535;

base::Error cannot_listen(const std::string& text, int error_number) {
  std::string advice;
  if (error_number == EADDRINUSE) {
    const std::string port = text.substr(text.rfind(':'));
    advice = fmt::format(
        "; another process listens there (see which: ss -ltnp 'sport = {}'), stop it or set "
        "another port here",
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

int option_of(int fd, int name) {
  int value = 0;
  socklen_t bytes = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &bytes) == 0 ? value : -1;
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
int probe(SocketAddress address) {
  for (int tries = 1;; ++tries) {
    const auto bound = bind_socket(address, false);
    if (bound) return 0;
    if (bound.error() != EADDRINUSE || tries == kProbesMax) return bound.error();
    std::this_thread::sleep_for(kProbePause);
  }
}

bool serves(const SocketAddress& wanted, const SocketAddress& bound) {
  return wanted.same_host(bound) && (wanted.port() == 0 || wanted.port() == bound.port());
}

// Why a descriptor that was handed to us is no listener, or nothing.
std::string_view defect_of(int fd) {
  if (::fcntl(fd, F_GETFD) < 0) return "no open descriptor";
  if (option_of(fd, SO_TYPE) != SOCK_STREAM) return "no stream socket";
  if (!SocketAddress::of_socket(fd)) return "no IPv4 or IPv6 socket";
  if (option_of(fd, SO_ACCEPTCONN) != 1) return "does not listen";
  return {};
}

// The listeners of one address, made one after the other.
class AddressGroup {
 public:
  AddressGroup(SocketAddress address, std::vector<base::UniqueFd> inherited)
      : address_(address), sockets_(std::move(inherited)), inherited_count_(sockets_.size()) {
    for (const base::UniqueFd& fd : sockets_) adopt(fd.get());
  }

  /// At least one for each worker; returns errno.
  int complete(std::size_t workers) {
    while (sockets_.size() < workers) {
      const int error = open_one();
      if (error == 0) continue;
      if (sockets_.empty()) return error;
      if (const int failed = share_one(); failed != 0) return failed;
    }
    return 0;
  }

  void move_into(Listeners& listeners, std::size_t address_index) {
    const std::size_t workers = listeners.by_worker.size();
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      listeners.by_worker[i % workers].push_back({std::move(sockets_[i]), address_index});
    }
    listeners.opened_count += sockets_.size() - inherited_count_ - shared_count_;
    listeners.shared_count += shared_count_;
  }

  std::uint16_t port() const noexcept { return address_.port(); }

 private:
  // Options that the giver may not have set. SO_REUSEPORT counts from now on: the kernel asks for
  // it when another socket is bound to the port.
  void adopt(int fd) {
    static_cast<void>(set_option(fd, SOL_SOCKET, SO_REUSEPORT));
    static_cast<void>(set_option(fd, IPPROTO_TCP, TCP_NODELAY));
    static_cast<void>(set_option(fd, SOL_SOCKET, SO_KEEPALIVE));
    ::listen(fd, kBacklog);  // Only its backlog changes.
    if (const auto bound = SocketAddress::of_socket(fd); bound) address_ = *bound;
  }

  int open_one() {
    auto fd = bind_socket(address_, true);
    if (!fd) return fd.error();
    if (::listen(fd->get(), kBacklog) != 0) return errno;
    // Port 0 was any; the sockets after the first bind what the first was given.
    if (::getsockname(fd->get(), address_.get(), &address_.bytes) != 0) return errno;
    sockets_.push_back(std::move(fd).value());
    return 0;
  }

  int share_one() {
    const std::size_t own_count = sockets_.size() - shared_count_;
    base::UniqueFd copy(::fcntl(sockets_[shared_count_ % own_count].get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) return errno;
    sockets_.push_back(std::move(copy));
    ++shared_count_;
    return 0;
  }

  SocketAddress address_;
  std::vector<base::UniqueFd> sockets_;
  const std::size_t inherited_count_;
  std::size_t shared_count_ = 0;
};

// Takes from `inherited` what is bound to the address; with port 0 all of the first's port.
std::vector<base::UniqueFd> take_matching(SocketAddress wanted,
                                          std::vector<base::UniqueFd>& inherited) {
  std::vector<base::UniqueFd> taken;
  for (base::UniqueFd& fd : inherited) {
    const auto bound = SocketAddress::of_socket(fd.get());
    if (!bound || !serves(wanted, *bound)) continue;
    wanted.set_port(bound->port());
    taken.push_back(std::move(fd));
  }
  std::erase_if(inherited, [](const base::UniqueFd& fd) { return !fd; });
  return taken;
}

// Also drops what is there twice: systemd gives a socket of its socket unit and the copy that was
// put into the service's store.
void drop_useless(std::vector<base::UniqueFd>& inherited, std::vector<std::string>& unused) {
  std::set<ino_t> seen;
  std::erase_if(inherited, [&](const base::UniqueFd& fd) {
    const std::string_view defect = defect_of(fd.get());
    if (!defect.empty()) unused.push_back(fmt::format("descriptor {}: {}", fd.get(), defect));
    struct stat info {};
    return !defect.empty() || ::fstat(fd.get(), &info) != 0 || !seen.insert(info.st_ino).second;
  });
}

std::optional<SocketAddress> to_address(const std::string& text) {
  const auto target = base::parse_host_port(text);
  return target ? SocketAddress::from(*target) : std::nullopt;
}

base::Error not_an_address(const std::string& text) {
  return base::Error{
      fmt::format("cannot listen on {}: expected host:port, the host in numbers", text)};
}

// Where an address with a port and the same one with any port are both wanted, the first decides.
bool is_inherited(const SocketAddress& wanted, const std::vector<base::UniqueFd>& inherited) {
  return std::any_of(inherited.begin(), inherited.end(), [&wanted](const base::UniqueFd& fd) {
    const auto bound = SocketAddress::of_socket(fd.get());
    return bound && serves(wanted, *bound) && defect_of(fd.get()).empty();
  });
}

}  // namespace

std::vector<ListenerView> Listeners::of_worker(std::size_t worker) const {
  std::vector<ListenerView> views;
  for (const Listener& each : by_worker.at(worker)) {
    views.push_back({each.fd.get(), each.address_index});
  }
  return views;
}

void Listeners::shut() noexcept {
  for (auto& of_worker : by_worker) {
    for (Listener& each : of_worker) {
      if (kept_elsewhere) {
        each.fd.reset();
      } else if (each.fd) {
        ::shutdown(each.fd.get(), SHUT_RDWR);
      }
    }
  }
}

base::Status probe_listeners(const std::vector<std::string>& addresses,
                             const std::vector<base::UniqueFd>& inherited) {
  for (const std::string& text : addresses) {
    const auto address = to_address(text);
    if (!address) return not_an_address(text);
    if (is_inherited(*address, inherited)) continue;
    if (const int error = probe(*address); error != 0) return cannot_listen(text, error);
  }
  return base::ok_status();
}

base::Result<Listeners> open_listeners(const std::vector<std::string>& addresses,
                                       std::uint32_t workers,
                                       std::vector<base::UniqueFd> inherited) {
  Listeners listeners;
  drop_useless(inherited, listeners.unused);
  if (auto free = probe_listeners(addresses, inherited); !free) return free.error();
  listeners.by_worker.resize(workers);
  for (std::size_t index = 0; index < addresses.size(); ++index) {
    const std::string& text = addresses[index];
    const SocketAddress address = *to_address(text);
    AddressGroup group(address, take_matching(address, inherited));
    if (const int error = group.complete(workers); error != 0) return cannot_listen(text, error);
    listeners.bound.push_back(fmt::format("{}:{}", text.substr(0, text.rfind(':')), group.port()));
    group.move_into(listeners, index);
  }
  for (const base::UniqueFd& fd : inherited) {
    listeners.unused.push_back(
        fmt::format("{}: not in server.listen", SocketAddress::of_socket(fd.get())->text()));
  }
  return listeners;
}

}  // namespace pixel::edge
