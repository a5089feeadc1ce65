// SPDX-License-Identifier: Apache-2.0
// bare-responder: the least a pixel server can do on io_uring. Multishot accept and receive from a
// provided buffer ring, one fixed answer per CR LF CR LF, one send per receive; no parsing, no log,
// no timeouts, no limits. It answers anything and is safe for nothing but measuring. One thread.
// Its options take one of its choices back, so that bench/variants can say what each is worth.
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <vector>

#include "bench/bare/answers.h"
#include "bench/bare/epoll_responder.h"
#include "bench/bare/process.h"
#include "bench/bare/request_ends.h"

namespace pixel::bench {
namespace {

constexpr unsigned kRingEntries = 2048;
constexpr unsigned kCompletionEntries = 16'384;
constexpr int kBufferGroup = 1;
// Linux 6.10; Debian 12's liburing has no name for it.
constexpr unsigned kRecvSendBundle = 1U << 4;

struct Choices {
  unsigned buffers = 128;  // Power of two. Used in turn: 512 leave the near caches.
  unsigned buffer_bytes = 2048;
  bool sqpoll = false;       // A kernel thread takes the entries.
  bool no_defer = false;     // Completions run whenever they come, not inside our own enter.
  bool single_shot = false;  // Each receive is armed anew.
  bool bundles = false;      // One completion for several buffers.
};

enum class Operation : std::uint64_t { kAccept = 0, kReceive = 1, kSend = 2, kClose = 3 };

int listen_on(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("bind", errno);
  if (listen(fd, 4096) != 0) die("listen", errno);
  return fd;
}

std::uint64_t tag(Operation operation, int fd) {
  return static_cast<std::uint64_t>(operation) << 32 | static_cast<std::uint32_t>(fd);
}

/// Owns the ring, the receive buffers and the ready-made answers.
class Responder {
 public:
  Responder(int listener, const Choices& choices)
      : choices_(choices), listener_(listener), matched_(raise_file_limit()) {
    open_ring();
    provide_buffers();
  }

  [[noreturn]] void run() {
    arm_accept();
    for (;;) {
      const int waited = io_uring_submit_and_wait(&ring_, 1);
      if (waited < 0 && waited != -EINTR) die("io_uring_enter", -waited);
      io_uring_cqe* cqe = nullptr;
      unsigned head = 0;
      unsigned count = 0;
      io_uring_for_each_cqe(&ring_, head, cqe) {
        handle(*cqe);
        ++count;
      }
      io_uring_cq_advance(&ring_, count);
    }
  }

 private:
  void open_ring() {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
    if (choices_.sqpoll) {
      params.flags |= IORING_SETUP_SQPOLL;
      params.sq_thread_idle = 1000;
    } else if (!choices_.no_defer) {
      params.flags |= IORING_SETUP_DEFER_TASKRUN;
    }
    params.cq_entries = kCompletionEntries;
    const int opened = io_uring_queue_init_params(kRingEntries, &ring_, &params);
    if (opened < 0) die("io_uring_setup", -opened);
  }

  void provide_buffers() {
    memory_.resize(std::size_t{choices_.buffers} * choices_.buffer_bytes);
    void* place = nullptr;
    if (posix_memalign(&place, 4096, choices_.buffers * sizeof(io_uring_buf)) != 0)
      die("memory", ENOMEM);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(place);
    registration.ring_entries = choices_.buffers;
    registration.bgid = kBufferGroup;
    const int registered = io_uring_register_buf_ring(&ring_, &registration, 0);
    if (registered < 0) die("buffer ring", -registered);
    buffers_ = static_cast<io_uring_buf_ring*>(place);
    io_uring_buf_ring_init(buffers_);
    for (unsigned i = 0; i < choices_.buffers; ++i) give_back(i);
  }

  void give_back(unsigned buffer) {
    io_uring_buf_ring_add(buffers_, memory_.data() + std::size_t{buffer} * choices_.buffer_bytes,
                          choices_.buffer_bytes, static_cast<unsigned short>(buffer),
                          io_uring_buf_ring_mask(choices_.buffers), 0);
    io_uring_buf_ring_advance(buffers_, 1);
  }

  io_uring_sqe& next_sqe() {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    while (sqe == nullptr) {
      io_uring_submit(&ring_);
      sqe = io_uring_get_sqe(&ring_);
    }
    return *sqe;
  }

  void arm_accept() {
    io_uring_sqe& sqe = next_sqe();
    io_uring_prep_multishot_accept(&sqe, listener_, nullptr, nullptr, SOCK_CLOEXEC);
    sqe.user_data = tag(Operation::kAccept, listener_);
  }

  void arm_receive(int fd) {
    io_uring_sqe& sqe = next_sqe();
    if (choices_.single_shot) {
      io_uring_prep_recv(&sqe, fd, nullptr, choices_.buffer_bytes, 0);
    } else {
      io_uring_prep_recv_multishot(&sqe, fd, nullptr, 0, 0);
    }
    if (choices_.bundles) sqe.ioprio |= kRecvSendBundle;
    sqe.flags |= IOSQE_BUFFER_SELECT;
    sqe.buf_group = kBufferGroup;
    sqe.user_data = tag(Operation::kReceive, fd);
  }

  void send_answers(int fd, unsigned count) {
    io_uring_sqe& sqe = next_sqe();
    const std::string_view answers = answers_.first(count);
    io_uring_prep_send(&sqe, fd, answers.data(), answers.size(), MSG_WAITALL | MSG_NOSIGNAL);
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe.user_data = tag(Operation::kSend, fd);
  }

  void close_connection(int fd) {
    io_uring_sqe& sqe = next_sqe();
    io_uring_prep_close(&sqe, fd);
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe.user_data = tag(Operation::kClose, fd);
  }

  void handle(const io_uring_cqe& cqe) {
    const auto operation = static_cast<Operation>(cqe.user_data >> 32);
    const int fd = static_cast<int>(cqe.user_data & 0xffffffffU);
    if (operation == Operation::kAccept) handle_accept(cqe);
    if (operation == Operation::kReceive) handle_receive(cqe, fd);
  }

  void handle_accept(const io_uring_cqe& cqe) {
    if ((cqe.flags & IORING_CQE_F_MORE) == 0) arm_accept();
    if (cqe.res < 0) return;
    if (static_cast<std::size_t>(cqe.res) >= matched_.size()) return close_connection(cqe.res);
    const int on = 1;
    setsockopt(cqe.res, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    matched_[static_cast<std::size_t>(cqe.res)] = 0;
    arm_receive(cqe.res);
  }

  void handle_receive(const io_uring_cqe& cqe, int fd) {
    if (cqe.res == -ENOBUFS) return arm_receive(fd);
    if (cqe.res <= 0) return close_connection(fd);
    unsigned buffer = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
    unsigned ends = 0;
    // A bundle's buffers follow each other: they are given back in the order they were used in.
    for (auto left = static_cast<unsigned>(cqe.res); left > 0;) {
      const unsigned bytes = std::min(left, choices_.buffer_bytes);
      const char* data = memory_.data() + std::size_t{buffer} * choices_.buffer_bytes;
      ends += count_request_ends(data, bytes, matched_[static_cast<std::size_t>(fd)]);
      give_back(buffer);
      buffer = (buffer + 1) % choices_.buffers;
      left -= bytes;
    }
    if (ends != 0) send_answers(fd, ends);
    if ((cqe.flags & IORING_CQE_F_MORE) == 0) arm_receive(fd);
  }

  const Choices choices_;
  io_uring ring_{};
  const int listener_;
  std::vector<std::uint8_t> matched_;  // By descriptor: bytes of CR LF CR LF seen last.
  std::vector<char> memory_;
  io_uring_buf_ring* buffers_ = nullptr;
  const ReadyAnswers answers_;
};

void pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) die("sched_setaffinity", errno);
}

}  // namespace
}  // namespace pixel::bench

int main(int argc, char** argv) {
  std::uint16_t port = 8089;
  int cpu = -1;
  CLI::App app{"The least a pixel server can do on io_uring; for measuring only."};
  app.add_option("--port", port, "Loopback port")->capture_default_str();
  app.add_option("--cpu", cpu, "Pin to this CPU");
  pixel::bench::Choices choices;
  app.add_option("--buffers", choices.buffers, "Receive buffers, a power of two");
  app.add_option("--buffer-bytes", choices.buffer_bytes, "Bytes of each");
  app.add_flag("--sqpoll", choices.sqpoll, "IORING_SETUP_SQPOLL");
  app.add_flag("--no-defer", choices.no_defer, "Without IORING_SETUP_DEFER_TASKRUN");
  app.add_flag("--single-shot", choices.single_shot, "Arm each receive anew");
  app.add_flag("--bundles", choices.bundles, "IORING_RECVSEND_BUNDLE for receives");
  bool epoll = false;
  app.add_flag("--epoll", epoll,
               "epoll, recv and send instead of io_uring; takes --port and --cpu");
  CLI11_PARSE(app, argc, argv);
  if (cpu >= 0) pixel::bench::pin_to(cpu);
  const int listener = pixel::bench::listen_on(port);
  std::printf("bare-responder: listening on 127.0.0.1:%u\n", port);
  std::fflush(stdout);
  if (epoll) pixel::bench::respond_by_epoll(listener);
  pixel::bench::Responder{listener, choices}.run();
}
