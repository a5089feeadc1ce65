// SPDX-License-Identifier: Apache-2.0
// The worlds on loopback sockets: a worker thread on the kernel ring or the epoll ring.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <map>
#include <thread>

#include "base/assert.h"
#include "base/clock.h"
#include "edge/net/self_test.h"
#include "tests/sim/worker_fixture.h"
#include "tests/sim/worlds.h"

namespace pixel::sim {
namespace {

constexpr std::uint64_t kPatienceNs = 5'000'000'000;

struct Client {
  base::UniqueFd fd;
  std::string received;
  bool ended = false;
  bool was_reset = false;
};

class RealWorld : public World {
 public:
  RealWorld(edge::Backend backend, const WorldOptions& options) : fixture_(options) {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // Small buffers: a slow reader shows after a few hundred kilobytes, not megabytes.
    const int buffer_bytes = 16 * 1024;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
    CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(::listen(listener_.get(), 1024) == 0);
    socklen_t bytes = sizeof address_;
    CHECK(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address_), &bytes) == 0);
    fixture_.options.listeners = {{listener_.get(), options.proxy}};
    fixture_.options.backend = backend;
    thread_ = std::thread([this] {
      const auto status = edge::run_worker(fixture_.options, control_);
      CHECK(status.ok());
    });
    while (!control_.serving.load()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  ~RealWorld() override { drain(0); }

  int connect() override {
    Client client;
    client.fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int one = 1;
    ::setsockopt(client.fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const int buffer_bytes = 16 * 1024;
    ::setsockopt(client.fd.get(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    CHECK(::connect(client.fd.get(), reinterpret_cast<const sockaddr*>(&address_),
                    sizeof address_) == 0);
    clients_[next_client_] = std::move(client);
    return next_client_++;
  }

  void send(int number, std::string_view bytes) override {
    Client& client = clients_.at(number);
    const std::uint64_t deadline_ns = base::monotonic_ns() + kPatienceNs;
    while (!bytes.empty() && base::monotonic_ns() < deadline_ns) {
      const ssize_t count =
          ::send(client.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(count));
      } else if (errno == EAGAIN) {
        pollfd waiting{client.fd.get(), POLLOUT, 0};
        ::poll(&waiting, 1, 50);
        if (!waiting.revents) return;  // The worker takes no more: the scenario goes on.
      } else {
        return;
      }
    }
  }

  std::string receive(int number, std::size_t bytes_min) override {
    Client& client = clients_.at(number);
    const std::uint64_t deadline_ns = base::monotonic_ns() + kPatienceNs;
    while (client.received.size() < bytes_min && !client.ended &&
           base::monotonic_ns() < deadline_ns) {
      read_some(client);
    }
    return client.received;
  }

  bool ended(int number) override {
    Client& client = clients_.at(number);
    const std::uint64_t deadline_ns = base::monotonic_ns() + kPatienceNs;
    while (!client.ended && base::monotonic_ns() < deadline_ns) read_some(client);
    return client.ended && !client.was_reset;
  }

  void half_close(int number) override { ::shutdown(clients_.at(number).fd.get(), SHUT_WR); }

  void reset(int number) override {
    const linger now{1, 0};
    ::setsockopt(clients_.at(number).fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    clients_.at(number).fd.reset();
  }

  void pass_ms(std::uint64_t ms) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  }
  void offer_segment() override { fixture_.offer_segment(); }

  void drain(std::uint64_t patience_ms) override {
    if (!thread_.joinable()) return;
    control_.drain(patience_ms * 1'000'000);
    thread_.join();
  }

  std::vector<std::string> lines() override { return fixture_.lines(); }
  std::vector<std::string> events() override { return fixture_.events(); }
  edge::WorkerControl& control() override { return control_; }
  const edge::WorkerCounters& counters() const override { return control_.counters; }

 private:
  static void read_some(Client& client) {
    pollfd waiting{client.fd.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 50) != 1) return;
    char buffer[16384];
    const ssize_t count = ::recv(client.fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (count > 0) {
      client.received.append(buffer, static_cast<std::size_t>(count));
    } else if (count == 0 || errno != EAGAIN) {
      client.ended = true;
      client.was_reset = count < 0;
    }
  }

  WorkerFixture fixture_;
  edge::WorkerControl control_;
  base::UniqueFd listener_;
  sockaddr_in address_{};
  std::thread thread_;
  std::map<int, Client> clients_;
  int next_client_ = 0;
};

}  // namespace

std::unique_ptr<World> make_kernel_world(const WorldOptions& options) {
  if (!edge::test_kernel_ring()) return nullptr;
  return std::make_unique<RealWorld>(edge::Backend::kIoUring, options);
}

std::unique_ptr<World> make_epoll_world(const WorldOptions& options) {
  return std::make_unique<RealWorld>(edge::Backend::kEpoll, options);
}

}  // namespace pixel::sim
