// SPDX-License-Identifier: Apache-2.0
// Edge-triggered, one recv per wake-up, and the sends of a loop behind its receives, as on
// io_uring. What a receive leaves in the socket is told by the next change: enough for clients that
// wait for their answers.
#include "bench/bare/epoll_responder.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "bench/bare/answers.h"
#include "bench/bare/process.h"
#include "bench/bare/request_ends.h"

namespace pixel::bench {
namespace {

constexpr std::size_t kEventsMax = 256;
constexpr std::size_t kReceiveBytes = 16'384;

class EpollResponder {
 public:
  explicit EpollResponder(int listener)
      : listener_(listener), epoll_(epoll_create1(EPOLL_CLOEXEC)), matched_(raise_file_limit()) {
    if (epoll_ < 0) die("epoll_create1", errno);
    watch(listener_, EPOLLIN);
  }

  [[noreturn]] void run() {
    for (;;) {
      const int count = epoll_wait(epoll_, events_.data(), kEventsMax, -1);
      if (count < 0 && errno != EINTR) die("epoll_wait", errno);
      for (int i = 0; i < count; ++i) handle(events_[static_cast<std::size_t>(i)]);
      for (const Due& due : due_) send_answers(due);
      due_.clear();
    }
  }

 private:
  struct Due {
    int fd;
    unsigned answers;
  };

  void watch(int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl", errno);
  }

  void handle(const epoll_event& event) {
    const int fd = event.data.fd;
    if (fd == listener_) return accept_one();
    // The end of the stream is told once, with what came before it.
    const bool ends = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    while (receive(fd) && ends) {
    }
  }

  void accept_one() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    if (static_cast<std::size_t>(fd) >= matched_.size()) {
      close(fd);
      return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    matched_[static_cast<std::size_t>(fd)] = 0;
    watch(fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
  }

  // False at the end of what there is.
  bool receive(int fd) {
    const ssize_t count = recv(fd, memory_.data(), memory_.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) {
      close(fd);
      return false;
    }
    const unsigned ends = count_request_ends(memory_.data(), static_cast<std::size_t>(count),
                                             matched_[static_cast<std::size_t>(fd)]);
    if (ends != 0) due_.push_back({fd, ends});
    return true;
  }

  void send_answers(const Due& due) {
    const std::string_view answers = answers_.first(due.answers);
    // One that fails shows at the next receive.
    static_cast<void>(!send(due.fd, answers.data(), answers.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  }

  const int listener_;
  const int epoll_;
  std::vector<std::uint8_t> matched_;  // By descriptor: bytes of CR LF CR LF seen last.
  std::array<epoll_event, kEventsMax> events_{};
  std::array<char, kReceiveBytes> memory_{};
  std::vector<Due> due_;
  const ReadyAnswers answers_;
};

}  // namespace

void respond_by_epoll(int listener) { EpollResponder(listener).run(); }

}  // namespace pixel::bench
