// SPDX-License-Identifier: Apache-2.0
// The responder of test_responder.h, and that it answers at all.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "tests/unit/tools/pixel_load/test_responder.h"

namespace pixel::load {
namespace {

constexpr std::uint64_t kOften = 5;
constexpr std::uint64_t kStallsAtRequest = 300;
constexpr std::chrono::milliseconds kStall(200);

const std::string kPixelBody(43, 'g');

std::string head(const std::string& status, const std::string& headers) {
  return "HTTP/1.1 " + status + "\r\nServer: test\r\n" + headers + "\r\n";
}

std::uint64_t id_of(const std::string& request) {
  const std::size_t at = request.find("id=");
  return at == std::string::npos ? 0 : std::stoull(request.substr(at + 3));
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

TestResponder::TestResponder(Manner manner, std::uint16_t port, std::chrono::milliseconds delay)
    : manner_(manner), delay_(delay) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = loopback(port);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  CHECK(::bind(listener_, generic, sizeof address) == 0);
  CHECK(::listen(listener_, 128) == 0);
  socklen_t bytes = sizeof address;
  ::getsockname(listener_, generic, &bytes);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

TestResponder::~TestResponder() { kill(); }

void TestResponder::kill() {
  stop_.store(true);
  if (thread_.joinable()) thread_.join();
}

std::string TestResponder::url(const std::string& target) const {
  return "http://127.0.0.1:" + std::to_string(port_) + target;
}

void TestResponder::serve() {
  while (!stop_.load()) {
    std::vector<pollfd> fds{{listener_, POLLIN, 0}};
    for (const auto& [fd, peer] : peers_) fds.push_back({fd, POLLIN, 0});
    ::poll(fds.data(), fds.size(), 2);
    if ((fds[0].revents & POLLIN) != 0) accept_one();
    for (std::size_t i = 1; i < fds.size(); ++i) {
      if (fds[i].revents == 0) continue;
      if (read_from(fds[i].fd, peers_[fds[i].fd])) continue;
      ::close(fds[i].fd);
      peers_.erase(fds[i].fd);
    }
  }
  for (const auto& [fd, peer] : peers_) reset(fd);
  ::close(listener_);
}

void TestResponder::accept_one() {
  const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  peers_[fd];
}

// False when the connection is to be closed.
bool TestResponder::read_from(int fd, Peer& peer) {
  char buffer[4096];
  const ssize_t got = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  peer.input.append(buffer, static_cast<std::size_t>(got));
  for (std::size_t end = 0; (end = peer.input.find("\r\n\r\n")) != std::string::npos;) {
    const std::string request = peer.input.substr(0, end + 4);
    peer.input.erase(0, end + 4);
    std::this_thread::sleep_for(delay_);
    if (!answer(fd, request)) return false;
  }
  return true;
}

bool TestResponder::send_all(int fd, const std::string& bytes) {
  return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

void TestResponder::reset(int fd) {
  const linger abort{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  ::close(fd);
}

bool TestResponder::answer(int fd, const std::string& request) {
  const std::uint64_t id = id_of(request);
  requested_.insert(id);
  const bool bad_turn = ++requests_ % kOften == 0;
  const std::string good = head("200 OK", "Content-Length: 43\r\n") + kPixelBody;
  bool keep = true;
  switch (manner_) {
    case Manner::kSilent:
      return true;
    case Manner::kGarbage:
      return send_all(fd, "220 mail.example ESMTP\r\n\r\n");
    case Manner::kRefuses:
      return send_all(fd, head("503 Service Unavailable", "Content-Length: 0\r\n"));
    case Manner::kTwice:
      return send_all(fd, good + good);
    case Manner::kCutOften:
      if (bad_turn) {
        send_all(fd, good.substr(0, id % good.size()));
        return false;
      }
      break;
    case Manner::kResetOften:
      if (bad_turn) {
        const linger abort{1, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
        return false;
      }
      break;
    case Manner::kByteByByte:
      for (const char c : good) send_all(fd, std::string(1, c));
      answered_.insert(id);
      return true;
    case Manner::kCloseAfter:
      keep = false;
      send_all(fd, head("200 OK", "Content-Length: 43\r\nConnection: close\r\n") + kPixelBody);
      answered_.insert(id);
      return keep;
    case Manner::kCloseIdle:
      send_all(fd, good);
      answered_.insert(id);
      return false;
    case Manner::kUntilClose:
      send_all(fd, head("200 OK", "") + kPixelBody);
      answered_.insert(id);
      return false;
    case Manner::kStallsOnce:
      if (requests_ == kStallsAtRequest) std::this_thread::sleep_for(kStall);
      break;
    case Manner::kWhole:
      break;
  }
  answered_.insert(id);
  return send_all(fd, good);
}

TEST(TestResponder, StartsAndEnds) {
  TestResponder responder(Manner::kWhole);
  EXPECT_NE(responder.port(), 0);
}

}  // namespace pixel::load
