// SPDX-License-Identifier: Apache-2.0
// HOT: the epoll side of io.h, for machines whose containers forbid io_uring. Level triggered;
// sends at once and waits for room only after a short one.
#include <fcntl.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <memory>
#include <vector>

#include "base/file.h"
#include "base/unique_fd.h"
#include "tools/pixel_load/io.h"

namespace pixel::load {
namespace {

constexpr int kEventsMax = 512;
constexpr std::size_t kReceiveBytes = 64 * 1024;

class EpollIo final : public Io {
 public:
  base::Status open() {
    epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    return epoll_ ? base::ok_status() : base::errno_error("create", "epoll", errno);
  }

  void start_connect(ConnectionKey key, int fd, const sockaddr* address, socklen_t bytes) override {
    if (key.slot >= sockets_.size()) sockets_.resize(key.slot + 1);
    sockets_[key.slot] = {fd, key.generation, true, {}, false};
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (::connect(fd, address, bytes) != 0 && errno != EINPROGRESS) {
      next_outcomes_.push_back({key, errno, true});
      return;
    }
    watch(EPOLL_CTL_ADD, key, fd, EPOLLOUT);
  }

  void start_receive(ConnectionKey key, int fd) override { watch(EPOLL_CTL_MOD, key, fd, EPOLLIN); }

  void send(ConnectionKey key, int fd, std::string_view bytes, bool report_success) override {
    Socket& socket = sockets_[key.slot];
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
      next_outcomes_.push_back({key, errno, false});
      return;
    }
    bytes.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
    if (bytes.empty()) {
      if (report_success) next_outcomes_.push_back({key, 0, false});
      return;
    }
    socket.unsent = bytes;
    socket.report_success = report_success;
    watch(EPOLL_CTL_MOD, key, fd, EPOLLIN | EPOLLOUT);
  }

  base::Status wait(std::uint64_t timeout_ns, IoEvents& events) override {
    if (!next_outcomes_.empty()) timeout_ns = 0;
    const timespec timeout{static_cast<std::time_t>(timeout_ns / 1'000'000'000),
                           static_cast<long>(timeout_ns % 1'000'000'000)};
    const int count = ::epoll_pwait2(epoll_.get(), ready_.data(), kEventsMax, &timeout, nullptr);
    if (count < 0 && errno != EINTR) return base::errno_error("wait on", "epoll", errno);
    events.on_wake();
    report_outcomes(events);
    for (int i = 0; i < count; ++i) handle(ready_[static_cast<std::size_t>(i)], events);
    return base::ok_status();
  }

 private:
  struct Socket {
    int fd = -1;
    std::uint32_t generation = 0;
    bool connecting = false;
    std::string_view unsent;
    bool report_success = false;
  };
  // What is known without waiting is told by the next wait(), as a ring would.
  struct Outcome {
    ConnectionKey key;
    int error;
    bool of_connect;
  };

  void watch(int operation, ConnectionKey key, int fd, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.u64 = std::uint64_t{key.generation} << 32 | key.slot;
    if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) {
      next_outcomes_.push_back({key, errno, operation == EPOLL_CTL_ADD});
    }
  }

  void report_outcomes(IoEvents& events) {
    outcomes_.swap(next_outcomes_);
    for (const Outcome& outcome : outcomes_) {
      outcome.of_connect ? events.on_connected(outcome.key, outcome.error)
                         : events.on_sent(outcome.key, outcome.error);
    }
    outcomes_.clear();
  }

  void handle(const epoll_event& event, IoEvents& events) {
    const ConnectionKey key{static_cast<std::uint32_t>(event.data.u64),
                            static_cast<std::uint32_t>(event.data.u64 >> 32)};
    // A handler before this one may have closed the connection.
    if (sockets_[key.slot].generation != key.generation) return;
    if (sockets_[key.slot].connecting) return finish_connect(key, events);
    if ((event.events & EPOLLOUT) != 0) send_rest(key);
    if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive(key, events);
  }

  void finish_connect(ConnectionKey key, IoEvents& events) {
    sockets_[key.slot].connecting = false;
    int error = 0;
    socklen_t bytes = sizeof error;
    ::getsockopt(sockets_[key.slot].fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
    events.on_connected(key, error);
  }

  void send_rest(ConnectionKey key) {
    const Socket socket = sockets_[key.slot];
    if (socket.unsent.empty()) return;
    watch(EPOLL_CTL_MOD, key, socket.fd, EPOLLIN);
    sockets_[key.slot].unsent = {};
    send(key, socket.fd, socket.unsent, socket.report_success);
  }

  void receive(ConnectionKey key, IoEvents& events) {
    const ssize_t got = ::recv(sockets_[key.slot].fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    events.on_wake();  // What was received may have come since the last one.
    if (got > 0) {
      events.on_received(key, {buffer_.data(), static_cast<std::size_t>(got)});
    } else if (got == 0 || errno != EAGAIN) {
      events.on_receive_ended(key, got == 0 ? 0 : errno);
    }
  }

  base::UniqueFd epoll_;
  std::array<epoll_event, kEventsMax> ready_{};
  std::vector<Socket> sockets_;
  std::vector<Outcome> next_outcomes_;
  std::vector<Outcome> outcomes_;
  std::vector<char> buffer_ = std::vector<char>(kReceiveBytes);
};

}  // namespace

base::Result<std::unique_ptr<Io>> create_epoll_io() {
  auto io = std::make_unique<EpollIo>();
  if (base::Status opened = io->open(); !opened) return opened.error();
  return std::unique_ptr<Io>(std::move(io));
}

}  // namespace pixel::load
