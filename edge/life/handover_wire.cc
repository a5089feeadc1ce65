// SPDX-License-Identifier: Apache-2.0
// COLD: see handover_wire.h.
#include "edge/life/handover_wire.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "base/clock.h"
#include "base/units.h"

namespace pixel::edge::handover {
namespace {

constexpr timeval kSendPatience{1, 0};
constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(int) * kBatchDescriptors);

// Takes ownership of every descriptor that came, whatever becomes of the message.
std::vector<base::UniqueFd> take_descriptors(msghdr& header) {
  std::vector<base::UniqueFd> fds;
  for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr; each = CMSG_NXTHDR(&header, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(each) + i * sizeof fd, sizeof fd);
      fds.emplace_back(fd);
    }
  }
  return fds;
}

base::Result<Message, Failure> parse(std::string_view text, std::vector<base::UniqueFd> fds) {
  if (!text.starts_with(kProtocol)) return Failure::kMalformed;
  text.remove_prefix(kProtocol.size());
  if (text.size() < 2 || text.front() != ' ') return Failure::kMalformed;
  text.remove_prefix(1);
  const std::size_t space = text.find(' ');
  Message message;
  message.verb = text.substr(0, space);
  if (space != std::string_view::npos) message.rest = text.substr(space + 1);
  message.fds = std::move(fds);
  return message;
}

}  // namespace

std::string_view failure_text(Failure failure) noexcept {
  switch (failure) {
    case Failure::kTimeout:
      return "no answer in time";
    case Failure::kGone:
      return "the other process closed the connection or died";
    case Failure::kMalformed:
      return "it does not speak this version of the protocol";
    case Failure::kStopped:
      return "this process is stopping";
    case Failure::kSystem:
      return "a system call failed";
  }
  return "unknown";
}

base::Result<base::Unit, Failure> wait_readable(int fd, int stop_fd, std::uint64_t deadline_ns) {
  while (true) {
    const std::uint64_t now_ns = base::monotonic_ns();
    if (now_ns >= deadline_ns) return Failure::kTimeout;
    const std::uint64_t wait_ms = (deadline_ns - now_ns) / base::kMillisecondNs + 1;
    pollfd waits[] = {{fd, POLLIN, 0}, {stop_fd, POLLIN, 0}};
    const int ready = ::poll(waits, 2, static_cast<int>(std::min<std::uint64_t>(wait_ms, 60'000)));
    if (ready < 0 && errno != EINTR) return Failure::kSystem;
    if (ready <= 0) continue;
    if (waits[1].revents != 0) return Failure::kStopped;
    return base::Unit{};
  }
}

base::Result<Message, Failure> receive(int fd, int stop_fd, std::uint64_t deadline_ns) {
  const auto ready = wait_readable(fd, stop_fd, deadline_ns);
  if (!ready) return ready.error();
  char text[kMessageBytesMax];
  alignas(cmsghdr) char control[kControlBytes] = {};
  iovec bytes{text, sizeof text};
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  const ssize_t count = ::recvmsg(fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (count < 0) return errno == ECONNRESET ? Failure::kGone : Failure::kSystem;
  std::vector<base::UniqueFd> fds = take_descriptors(header);
  if (count == 0) return Failure::kGone;
  // Cut descriptors are lost ones: RLIMIT_NOFILE, or more than we asked for.
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return Failure::kMalformed;
  return parse({text, static_cast<std::size_t>(count)}, std::move(fds));
}

bool send(int fd, std::string_view verb, std::string_view rest, std::span<const int> fds) {
  CHECK(fds.size() <= kBatchDescriptors);
  std::string text = fmt::format("{} {}{}{}", kProtocol, verb, rest.empty() ? "" : " ", rest);
  text.resize(std::min(text.size(), kMessageBytesMax));
  iovec bytes{text.data(), text.size()};
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[kControlBytes] = {};
  if (!fds.empty()) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(rights), fds.data(), fds.size_bytes());
  }
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(fd, &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(text.size());
}

base::Result<Peer, Failure> peer_of(int fd) {
  ucred credentials{};
  socklen_t bytes = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) {
    return Failure::kSystem;
  }
  return Peer{credentials.pid, credentials.uid};
}

bool is_trusted(const Peer& peer) noexcept { return peer.uid == 0 || peer.uid == ::geteuid(); }

void limit_sends(int fd) {
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kSendPatience, sizeof kSendPatience);
}

base::UniqueFd create_socket() {
  base::UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (fd) limit_sends(fd.get());
  return fd;
}

}  // namespace pixel::edge::handover
