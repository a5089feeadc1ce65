// SPDX-License-Identifier: Apache-2.0
// See worker.h. COLD: opening, closing and retrying connections, and giving up on late answers.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "base/units.h"
#include "tools/pixel_load/worker.h"

namespace pixel::load {
namespace {

// A listener's backlog is finite: more at once would only be dropped and sent again.
constexpr std::uint32_t kConnectingMax = 256;
constexpr std::uint64_t kBackoffFirstNs = 5 * base::kMillisecondNs;
constexpr std::uint64_t kOverdueIntervalNs = 50 * base::kMillisecondNs;
constexpr std::uint32_t kBackoffDoublings = 5;  // 160 ms at most.

}  // namespace

void Worker::connect_waiting(std::uint64_t now_ns) {
  if (waiting_count_ == 0 || !sending_) return;
  for (std::uint32_t slot = 0; slot < connections_.size(); ++slot) {
    if (connecting_count_ >= kConnectingMax || waiting_count_ == 0) return;
    const Connection& connection = connections_[slot];
    if (connection.state == Connection::State::kWaiting && connection.retry_at_ns <= now_ns) {
      open_connection(slot, now_ns);
    }
  }
}

void Worker::close_overdue(std::uint64_t now_ns) {
  const std::uint64_t timeout_ns = plan_.options.timeout_ns;
  next_overdue_ns_ = now_ns + std::min(timeout_ns / 10, kOverdueIntervalNs);
  for (std::uint32_t slot = 0; slot < connections_.size(); ++slot) {
    const Connection& connection = connections_[slot];
    const bool connecting = connection.state == Connection::State::kConnecting;
    const bool answering =
        connection.state == Connection::State::kOpen && connection.in_flight_count > 0;
    if (!connecting && !answering) continue;
    const std::uint64_t since_ns =
        connecting ? connection.connect_started_ns : connection.oldest().sent_ns;
    if (now_ns < since_ns + timeout_ns) continue;
    connecting ? counts_.connect_errors.add() : counts_.timeouts.add();
    close_connection(slot);
    retry_later(slot, Backoff::kGrowing);
  }
}

int Worker::create_socket(const Connection& connection, std::uint32_t slot) const {
  const int family = plan_.targets[connection.target].address.family();
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (plan_.bind_addresses.empty()) return fd;
  const std::size_t number = std::size_t{slot} * plan_.threads + index_;
  const SocketAddress& source = plan_.bind_addresses[number % plan_.bind_addresses.size()];
  // The port is chosen at connect, by the whole four-tuple: more than 28k per source address.
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (::bind(fd, source.get(), source.bytes) == 0) return fd;
  ::close(fd);
  return -1;
}

void Worker::open_connection(std::uint32_t slot, std::uint64_t now_ns) {
  Connection& connection = connections_[slot];
  connection.fd = create_socket(connection, slot);
  if (connection.fd < 0) {
    counts_.connect_errors.add();
    --waiting_count_;
    retry_later(slot, Backoff::kGrowing);
    return;
  }
  connection.state = Connection::State::kConnecting;
  connection.connect_started_ns = now_ns;
  --waiting_count_;
  ++connecting_count_;
  const SocketAddress& address = plan_.targets[connection.target].address;
  io_->start_connect({slot, connection.generation}, connection.fd, address.get(), address.bytes);
}

// Closes without waiting for what is under way in the kernel: shutdown ends the armed receive and
// any send, and their completions find another generation.
void Worker::close_connection(std::uint32_t slot) {
  Connection& connection = connections_[slot];
  if (connection.fd < 0) return;
  if (connection.state == Connection::State::kConnecting) --connecting_count_;
  ::shutdown(connection.fd, SHUT_RDWR);
  ::close(connection.fd);
  connection.fd = -1;
  ++connection.generation;
  counts_.unanswered.add(connection.in_flight_count);
  in_flight_total_ -= connection.in_flight_count;
  connection.in_flight_count = 0;
  connection.outgoing.clear();
  connection.send_busy = false;
  connection.parser.reset();
  connection.state = Connection::State::kDead;
}

void Worker::retry_later(std::uint32_t slot, Backoff backoff) {
  Connection& connection = connections_[slot];
  if (backoff == Backoff::kGrowing && !plan_.options.reconnect) {
    connection.state = Connection::State::kDead;
    ++dead_count_;
    return;
  }
  connection.state = Connection::State::kWaiting;
  connection.retry_at_ns = 0;
  ++waiting_count_;
  if (backoff == Backoff::kNone) {
    next_upkeep_ns_ = 0;
    return;
  }
  const std::uint64_t backoff_ns = kBackoffFirstNs
                                   << std::min(connection.failures, kBackoffDoublings);
  ++connection.failures;
  // Spread: thousands of connections lost at once do not come back at once.
  connection.retry_at_ns = base::monotonic_ns() + backoff_ns / 2 + random_.below(backoff_ns);
}

}  // namespace pixel::load
