// SPDX-License-Identifier: Apache-2.0
// HOT: see epoll_ring.h; made by epoll_ring_setup.cc.
#include "edge/net/epoll_ring.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"

namespace pixel::edge {
namespace {

// Reads of one descriptor per wake-up: a flooding client must not hold up the others.
constexpr int kReceivesPerWake = 8;
constexpr int kAcceptsPerWake = 64;
constexpr std::uint32_t kNoInput = IORING_OP_NOP;
// With one of these a receive that gives less than there is room for was not the last one: the end
// of the stream is behind it, or urgent data, at which receiving halts.
constexpr std::uint32_t kEndsOfReading = EPOLLRDHUP | EPOLLPRI;

}  // namespace

EpollRing::Descriptor& EpollRing::at(int fd) noexcept {
  CHECK(fd >= 0 && static_cast<std::size_t>(fd) < descriptors_count_);
  return reinterpret_cast<Descriptor*>(descriptors_.base())[fd];
}

void EpollRing::complete(std::uint64_t user_data, int result, std::uint32_t flags) noexcept {
  CHECK(completions_end_ - completions_begin_ <= completions_mask_);
  io_uring_cqe& completion = completion_at(completions_end_++);
  completion.user_data = user_data;
  completion.res = result;
  completion.flags = flags;
}

bool EpollRing::is_crowded() const noexcept {
  return completions_end_ - completions_begin_ >= options_.completion_entries;
}

// Connections are watched for changes (EPOLLET): otherwise each of them that was read is looked at
// once more by the next wait, for nothing. So what was not read to its end must be asked for again,
// and every new operation too: both are rare, and a call here does it.
void EpollRing::watch(int fd, Descriptor& descriptor) noexcept {
  std::uint32_t wanted = 0;
  if (descriptor.input != kNoInput) wanted |= EPOLLIN;
  if (descriptor.input == IORING_OP_RECV) wanted |= kEndsOfReading | EPOLLET;
  if (descriptor.tail_left != 0) wanted |= EPOLLOUT | EPOLLET;
  epoll_event event{};
  event.events = wanted;
  event.data.fd = fd;
  const int operation = descriptor.interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) {
    const int error_number = errno;
    if (descriptor.input != kNoInput) end_input(descriptor, -error_number);
    return;
  }
  descriptor.interest = wanted;
}

void EpollRing::run_entries() noexcept {
  for (std::uint32_t i = 0; i < entries_count_; ++i) run(entries_[i]);
  entries_count_ = 0;
}

void EpollRing::run(const io_uring_sqe& entry) noexcept {
  switch (entry.opcode) {
    case IORING_OP_ACCEPT:
    case IORING_OP_RECV:
    case IORING_OP_POLL_ADD: {
      Descriptor& descriptor = at(entry.fd);
      descriptor.input = entry.opcode;
      descriptor.input_data = entry.user_data;
      return watch(entry.fd, descriptor);
    }
    case IORING_OP_SEND:
      return run_send(entry);
    case IORING_OP_WRITE:
      return run_write(entry);
    case IORING_OP_ASYNC_CANCEL:
      return run_cancel(entry.fd);
    case IORING_OP_CLOSE:
      at(entry.fd) = Descriptor{};
      ::close(entry.fd);
      return;
    default:
      complete(entry.user_data, -EINVAL, 0);
  }
}

void EpollRing::run_send(const io_uring_sqe& entry) noexcept {
  const auto* bytes = reinterpret_cast<const char*>(entry.addr);
  if ((entry.msg_flags & MSG_DONTWAIT) == 0) {
    Descriptor& descriptor = at(entry.fd);
    descriptor.tail = bytes;
    descriptor.tail_left = descriptor.tail_total = entry.len;
    descriptor.tail_data = entry.user_data;
    return continue_tail(entry.fd, descriptor);
  }
  const int more = static_cast<int>(entry.msg_flags & MSG_MORE);
  const ssize_t count = ::send(entry.fd, bytes, entry.len, MSG_DONTWAIT | MSG_NOSIGNAL | more);
  const bool whole = count == static_cast<ssize_t>(entry.len);
  if (whole && (entry.flags & IOSQE_CQE_SKIP_SUCCESS) != 0) return;
  complete(entry.user_data, count < 0 ? -errno : static_cast<int>(count), 0);
}

// Blocks for as long as the disk takes: what arrives meanwhile is the next loop's, one group.
void EpollRing::run_write(const io_uring_sqe& entry) noexcept {
  const iovec piece{reinterpret_cast<void*>(entry.addr), entry.len};
  const ssize_t count =
      ::pwritev2(entry.fd, &piece, 1, static_cast<off_t>(entry.off), entry.rw_flags);
  complete(entry.user_data, count < 0 ? -errno : static_cast<int>(count), 0);
}

void EpollRing::continue_tail(int fd, Descriptor& descriptor) noexcept {
  int result = static_cast<int>(descriptor.tail_total);
  while (descriptor.tail_left != 0) {
    const ssize_t count =
        ::send(fd, descriptor.tail, descriptor.tail_left, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return watch(fd, descriptor);
    if (count < 0) {
      const std::uint32_t sent = descriptor.tail_total - descriptor.tail_left;
      result = sent != 0 ? static_cast<int>(sent) : -errno;
      break;
    }
    descriptor.tail += count;
    descriptor.tail_left -= static_cast<std::uint32_t>(count);
  }
  descriptor.tail_left = 0;
  complete(descriptor.tail_data, result, 0);
}

void EpollRing::run_cancel(int fd) noexcept {
  Descriptor& descriptor = at(fd);
  if (descriptor.input != kNoInput) end_input(descriptor, -ECANCELED);
  if (descriptor.tail_left != 0) {
    const std::uint32_t sent = descriptor.tail_total - descriptor.tail_left;
    descriptor.tail_left = 0;
    complete(descriptor.tail_data, sent != 0 ? static_cast<int>(sent) : -ECANCELED, 0);
  }
}

void EpollRing::end_input(Descriptor& descriptor, int result) noexcept {
  descriptor.input = kNoInput;
  complete(descriptor.input_data, result, 0);
}

void EpollRing::enter(const Wait& wait) noexcept {
  run_entries();
  if (is_crowded()) return;
  const bool may_wait = wait.completions != 0 && completions_begin_ == completions_end_;
  timespec timeout{};
  if (may_wait) {
    timeout.tv_sec = static_cast<time_t>(wait.timeout_ns / 1'000'000'000);
    timeout.tv_nsec = static_cast<long>(wait.timeout_ns % 1'000'000'000);
  }
  // No more than there are buffers for: who finds none is at the end of the next call's list again,
  // and waits for ever while as many are ready before it.
  const std::size_t events_max =
      std::min<std::size_t>(events_.size(), std::max<std::size_t>(free_count_, 1));
  const int count =
      ::epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_max), &timeout, nullptr);
  // All of them: a change is told once. There is room (epoll_ring_setup.cc).
  for (int i = 0; i < count; ++i) {
    on_event(events_[static_cast<std::size_t>(i)].data.fd,
             events_[static_cast<std::size_t>(i)].events);
  }
}

void EpollRing::on_event(int fd, std::uint32_t events) noexcept {
  Descriptor& descriptor = at(fd);
  if (descriptor.tail_left != 0 && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
    continue_tail(fd, descriptor);
  }
  const bool input_ready = (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
  if (input_ready) {
    switch (descriptor.input) {
      case IORING_OP_ACCEPT:
        accept_ready(fd, descriptor);
        break;
      case IORING_OP_RECV:
        receive_ready(fd, descriptor, events);
        break;
      case IORING_OP_POLL_ADD:
        end_input(descriptor, EPOLLIN);
        break;
      default:
        break;
    }
  }
  const bool nobody_listens = (input_ready && descriptor.input == kNoInput) ||
                              ((events & EPOLLOUT) != 0 && descriptor.tail_left == 0);
  if (!nobody_listens) return;
  // Unregister: readiness that is not told by changes would wake us for ever. Arming registers
  // again.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  descriptor.interest = 0;
  if (descriptor.input != kNoInput || descriptor.tail_left != 0) watch(fd, descriptor);
}

void EpollRing::accept_ready(int fd, Descriptor& descriptor) noexcept {
  for (int i = 0; i < kAcceptsPerWake && !is_crowded(); ++i) {
    const int accepted = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted >= 0) {
      complete(descriptor.input_data, accepted, IORING_CQE_F_MORE);
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return end_input(descriptor, -errno);
    }
  }
}

void EpollRing::receive_ready(int fd, Descriptor& descriptor, std::uint32_t events) noexcept {
  const bool has_end = (events & (kEndsOfReading | EPOLLERR | EPOLLHUP)) != 0;
  for (int i = 0; i < kReceivesPerWake; ++i) {
    if (free_count_ == 0) return end_input(descriptor, -ENOBUFS);
    const std::uint16_t buffer = free_buffers_[free_count_ - 1];
    char* const bytes = const_cast<char*>(receive_buffer(buffer));
    const ssize_t count = ::recv(fd, bytes, options_.receive_buffer_bytes, MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return end_input(descriptor, count == 0 ? 0 : -errno);
    --free_count_;
    complete(descriptor.input_data, static_cast<int>(count),
             IORING_CQE_F_MORE | IORING_CQE_F_BUFFER |
                 static_cast<std::uint32_t>(buffer) << IORING_CQE_BUFFER_SHIFT);
    if (static_cast<std::size_t>(count) < options_.receive_buffer_bytes && !has_end) return;
  }
  watch(fd, descriptor);  // There may be more.
}

}  // namespace pixel::edge
