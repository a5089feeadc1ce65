// SPDX-License-Identifier: Apache-2.0
// COLD: see service_notify.h.
#include "base/service_notify.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/units.h"

namespace pixel::base {
namespace {

constexpr std::size_t kNameBytesMax = 255;
// The manager may be busy; it reads its queue sooner or later. Not to be waited for without end.
constexpr timeval kSendPatience{1, 0};

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// 0 where the text is no number, or one that no 64 bits of nanoseconds hold.
std::uint64_t number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

// One line: what follows a newline would be read as the next assignment.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string clean_name(std::string_view name) {
  std::string clean(name.substr(0, kNameBytesMax));
  const auto forbidden = [](char c) { return c < ' ' || c > '~' || c == ':'; };
  std::replace_if(clean.begin(), clean.end(), forbidden, '_');
  return clean;
}

}  // namespace

NotifyVariables NotifyVariables::from_environment() {
  return {variable("NOTIFY_SOCKET"), variable("WATCHDOG_USEC"), variable("WATCHDOG_PID")};
}

ServiceNotify::ServiceNotify(const NotifyVariables& variables, pid_t self, pid_t instead_of)
    : target_(variables.socket) {
  const bool is_path = target_.starts_with('/');
  const bool is_abstract = target_.starts_with('@') && target_.size() > 1;
  if ((!is_path && !is_abstract) || target_.size() >= sizeof(sockaddr_un{}.sun_path)) return;
  if (is_abstract) target_[0] = '\0';
  socket_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_) return;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &kSendPatience, sizeof kSendPatience);
  const auto watched = static_cast<pid_t>(number_of(variables.watchdog_pid));
  const bool is_watched = variables.watchdog_pid.empty() || watched == self ||
                          (instead_of != 0 && watched == instead_of);
  const std::uint64_t watchdog_us = number_of(variables.watchdog_usec);
  if (is_watched && watchdog_us < UINT64_MAX / kMicrosecondNs) {
    watchdog_ns_ = watchdog_us * kMicrosecondNs;
  }
}

void ServiceNotify::ready(std::string_view status) {
  send(fmt::format("READY=1\nSTATUS={}", one_line(status)));
}

void ServiceNotify::reloading(std::uint64_t monotonic_ns) {
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_ns / kMicrosecondNs));
}

void ServiceNotify::stopping(std::string_view status) {
  send(fmt::format("STOPPING=1\nSTATUS={}", one_line(status)));
}

void ServiceNotify::status(std::string_view text) { send("STATUS=" + one_line(text)); }

void ServiceNotify::ping() { send("WATCHDOG=1"); }

void ServiceNotify::main_pid(pid_t pid) { send(fmt::format("MAINPID={}", pid)); }

void ServiceNotify::store(int fd, std::string_view name) {
  send(fmt::format("FDSTORE=1\nFDNAME={}", clean_name(name)), fd);
}

void ServiceNotify::forget(std::string_view name) {
  send(fmt::format("FDSTOREREMOVE=1\nFDNAME={}", clean_name(name)));
}

void ServiceNotify::send(std::string_view message, int fd) {
  if (!socket_) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, target_.data(), target_.size());
  iovec bytes{const_cast<char*>(message.data()), message.size()};
  msghdr header{};
  header.msg_name = &address;
  header.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + target_.size());
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(socket_.get(), &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) ++failures_count_;
}

WatchdogSchedule::WatchdogSchedule(std::uint64_t timeout_ns) noexcept
    : interval_ns_(timeout_ns / 4), stale_ns_(std::max(timeout_ns / 3, 3 * kSecondNs)) {}

WatchdogSchedule::Advice WatchdogSchedule::at(std::uint64_t now_ns,
                                              std::uint64_t oldest_heartbeat_ns) noexcept {
  if (interval_ns_ == 0 || now_ns < next_ns_) return Advice::kNotDue;
  // A heartbeat may be a little later than the time that the caller took before it looked.
  const bool is_fresh = oldest_heartbeat_ns >= now_ns || now_ns - oldest_heartbeat_ns <= stale_ns_;
  if (is_fresh) {
    next_ns_ = now_ns + interval_ns_;
    stale_said_ = false;
    return Advice::kPing;
  }
  if (stale_said_) return Advice::kNotDue;
  stale_said_ = true;
  return Advice::kStale;
}

}  // namespace pixel::base
