// SPDX-License-Identifier: Apache-2.0
// See crowd.h.
#include "bench/crowd/crowd.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace pixel::bench {
namespace {

constexpr std::string_view kRequest = "GET /1x1.gif HTTP/1.1\r\nHost: crowd\r\n\r\n";
// Never ends: each connection begins here and adds one byte after the other.
constexpr std::string_view kEndlessHead = "GET /1x1.gif HTTP/1.1\r\nHost: crowd\r\nX-Slow: ";
// Whole at once; its body would take a day.
constexpr std::string_view kSlowBodysHead =
    "POST /1x1.gif HTTP/1.1\r\nHost: crowd\r\nContent-Length: 100000\r\n\r\n";
constexpr timeval kAnswerWait{60, 0};

sockaddr_in loopback(std::uint32_t third, std::uint32_t fourth, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(127U << 24 | third << 8 | fourth);
  address.sin_port = htons(port);
  return address;
}

}  // namespace

Crowd::Crowd(const CrowdOptions& options) : options_(options), members_(options.connections) {}

int Crowd::open_one(std::uint32_t number, Member& member) const {
  const int error = connect(number, member);
  if (error == 0 && options_.dribble == Dribble::kBody) {
    static_cast<void>(::send(member.fd.get(), kSlowBodysHead.data(), kSlowBodysHead.size(),
                             MSG_NOSIGNAL | MSG_DONTWAIT));
  }
  return error;
}

int Crowd::connect(std::uint32_t number, Member& member) const {
  member.fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!member.fd) return errno;
  const int on = 1;
  // The port is chosen at connect: one source address serves each target with all its ports.
  ::setsockopt(member.fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  // The end of a crowd is a reset: no port is kept for a minute by the hundred thousand.
  const linger reset{1, 0};
  ::setsockopt(member.fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  const std::uint32_t source = options_.first_source + number % options_.sources;
  const auto from = loopback(1 + source / 250, 1 + source % 250, 0);
  const auto to = loopback(0, 1 + number / options_.sources % options_.targets, options_.port);
  if (::bind(member.fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
      ::connect(member.fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    return errno;
  }
  member.sent_bytes = 0;
  return 0;
}

bool Crowd::ask(int fd) {
  char answer[2048];
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kAnswerWait, sizeof kAnswerWait);
  return ::send(fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) > 0 &&
         ::recv(fd, answer, sizeof answer, 0) > 0;
}

base::Status Crowd::open() {
  for (std::uint32_t number = 0; number < members_.size(); ++number) {
    Member& member = members_[number];
    if (const int error = open_one(number, member); error != 0) {
      return base::Error{fmt::format("connection {}: {}", number, std::strerror(error))};
    }
    if (options_.asks_first && !ask(member.fd.get())) {
      return base::Error{fmt::format("connection {}: no answer", number)};
    }
  }
  return base::ok_status();
}

void Crowd::dribble(std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    Member& member = members_[next_];
    const bool in_head =
        options_.dribble == Dribble::kHead && member.sent_bytes < kEndlessHead.size();
    const char byte = in_head ? kEndlessHead[member.sent_bytes] : 'a';
    if (::send(member.fd.get(), &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1) {
      ++member.sent_bytes;
      ++bytes_sent_;
    } else {
      ++reopened_;
      static_cast<void>(open_one(next_, member));
    }
    next_ = (next_ + 1) % static_cast<std::uint32_t>(members_.size());
  }
}

std::uint32_t Crowd::count_closed() const {
  std::uint32_t closed = 0;
  for (const Member& member : members_) {
    tcp_info info{};
    socklen_t bytes = sizeof info;
    const int got = ::getsockopt(member.fd.get(), IPPROTO_TCP, TCP_INFO, &info, &bytes);
    if (got != 0 || info.tcpi_state != TCP_ESTABLISHED) ++closed;
  }
  return closed;
}

}  // namespace pixel::bench
