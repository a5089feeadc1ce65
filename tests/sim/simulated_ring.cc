// SPDX-License-Identifier: Apache-2.0
// See simulated_ring.h.
#include "tests/sim/simulated_ring.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace pixel::sim {
namespace {

// What accept(2) and the TCP stack may say, by their manual pages.
constexpr int kAcceptErrors[] = {EMFILE, ENFILE, ENOBUFS,  ENOMEM, ECONNABORTED,
                                 EPROTO, EINTR,  ENETDOWN, EPERM};
constexpr int kBreaks[] = {ECONNRESET, EPIPE, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ENOMEM};

}  // namespace

SimulatedRing::SimulatedRing(const edge::RingOptions& options, std::uint64_t seed, bool faults)
    : options_(options),
      prng_(seed),
      faults_(faults),
      entries_(options.submission_entries),
      buffers_(options.receive_buffers, std::string(options.receive_buffer_bytes, '\0')),
      lent_(options.receive_buffers, false) {
  for (std::uint32_t i = 0; i < options.receive_buffers; ++i) {
    free_.push_back(static_cast<std::uint16_t>(i));
  }
}

io_uring_sqe* SimulatedRing::next_entry() {
  if (entries_count_ == entries_.size()) enter({0, 0, 0});
  return &entries_[entries_count_++];
}

void SimulatedRing::complete(std::uint64_t data, int result, std::uint32_t flags) {
  io_uring_cqe completion{};
  completion.user_data = data;
  completion.res = result;
  completion.flags = flags;
  completions_.push_back(completion);
}

void SimulatedRing::enter(const edge::Wait& wait) {
  ++enters_;
  const std::size_t count = std::exchange(entries_count_, 0);
  for (std::size_t i = 0; i < count; ++i) run(entries_[i]);
  progress();
  if (completions_.empty() && wait.completions != 0) now_ns_ += wait.timeout_ns;
  now_ns_ += faults_ ? prng_.below(2'000'000) : 1'000;
}

void SimulatedRing::run(const io_uring_sqe& entry) {
  switch (entry.opcode) {
    case IORING_OP_ACCEPT:
      CHECK(!accept_armed_);
      accept_armed_ = true;
      accept_data_ = entry.user_data;
      return;
    case IORING_OP_POLL_ADD:
      wake_armed_ = true;
      wake_data_ = entry.user_data;
      return;
    case IORING_OP_RECV: {
      ModelSocket& armed = socket(entry.fd);
      CHECK(!armed.server_closed && !armed.receive_armed);
      armed.receive_armed = true;
      armed.receive_data = entry.user_data;
      return;
    }
    case IORING_OP_SEND:
      return run_send(entry);
    case IORING_OP_ASYNC_CANCEL:
      return run_cancel(entry.fd);
    case IORING_OP_WRITE:
      return disk.submit(entry);
    case IORING_OP_CLOSE: {
      if (SimulatedDisk::is_file(entry.fd)) return disk.close(entry.fd);
      ModelSocket& closed = socket(entry.fd);
      CHECK(!closed.server_closed);
      CHECK(!closed.receive_armed && !closed.tail_armed);  // Else the kernel would send no FIN.
      closed.server_closed = true;
      if (closed.to_server.empty()) uncork(closed);  // Else it is a reset: they are lost.
      return;
    }
    default:
      CHECK(false);
  }
}

// A connection that is broken stays so.
bool SimulatedRing::breaks(ModelSocket& socket) {
  socket.client_reset |= fault(4000);
  return socket.client_reset;
}

int SimulatedRing::break_error() { return -kBreaks[prng_.below(std::size(kBreaks))]; }

void SimulatedRing::run_send(const io_uring_sqe& entry) {
  ModelSocket& to = socket(entry.fd);
  CHECK(!to.server_closed && !to.tail_armed);
  const auto* bytes = reinterpret_cast<const char*>(entry.addr);
  if ((entry.msg_flags & MSG_DONTWAIT) == 0) {
    to.tail_armed = true;
    to.tail_data = entry.user_data;
    to.tail = bytes;
    to.tail_total = entry.len;
    to.tail_sent = 0;
    return;
  }
  CHECK(to.last_send_enter != enters_);
  to.last_send_enter = enters_;
  if (breaks(to)) return complete(entry.user_data, break_error(), 0);
  if (fault(60)) return complete(entry.user_data, -EINTR, 0);
  std::size_t count = std::min<std::size_t>(entry.len, to.window_bytes);
  if (fault(20)) count = prng_.below(count + 1);
  if (before_visible) before_visible(entry.fd);
  to.corked.append(bytes, count);
  if ((entry.msg_flags & MSG_MORE) == 0) uncork(to);
  if (to.window_bytes != SIZE_MAX) to.window_bytes -= count;
  if (count != entry.len) {
    complete(entry.user_data, count != 0 ? static_cast<int>(count) : -EAGAIN, 0);
  }
}

void SimulatedRing::uncork(ModelSocket& socket) {
  socket.to_client += socket.corked;
  socket.corked.clear();
}

void SimulatedRing::shut_down_sending(int fd) {
  uncork(socket(fd));
  socket(fd).server_ended = true;
}

void SimulatedRing::run_cancel(int fd) {
  if (fd == kListener) {
    if (accept_armed_) complete(accept_data_, -ECANCELED, 0);
    accept_armed_ = false;
    return;
  }
  ModelSocket& cancelled = socket(fd);
  io_uring_cqe completion{};
  completion.res = -ECANCELED;
  if (cancelled.receive_armed) {
    cancelled.receive_armed = false;
    completion.user_data = cancelled.receive_data;
    (fault(3) ? late_ : completions_).push_back(completion);
  }
  if (cancelled.tail_armed) {
    cancelled.tail_armed = false;
    completion.user_data = cancelled.tail_data;
    if (cancelled.tail_sent != 0) completion.res = static_cast<int>(cancelled.tail_sent);
    (fault(3) ? late_ : completions_).push_back(completion);
  }
}

void SimulatedRing::progress() {
  while (!late_.empty() && !fault(2)) {
    completions_.push_back(late_.front());
    late_.pop_front();
  }
  if (wake_armed_ && woken_) {
    wake_armed_ = false;
    complete(wake_data_, 1, 0);
  }
  disk.progress(faults_ ? &prng_ : nullptr,
                [this](std::uint64_t data, int result) { complete(data, result, 0); });
  progress_accept();
  std::vector<int> order;
  for (auto& [fd, socket] : sockets_) {
    if (socket.receive_armed || socket.tail_armed) order.push_back(fd);
  }
  if (faults_) {
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[prng_.below(i)]);
  }
  for (const int fd : order) {
    if (fault(4)) continue;  // Nothing happens on it this time.
    ModelSocket& active = socket(fd);
    if (active.tail_armed) progress_tail(fd, active);
    if (active.receive_armed) progress_receive(active);
  }
}

void SimulatedRing::progress_accept() {
  while (accept_armed_ && !backlog_.empty()) {
    if (fault(30)) {
      accept_armed_ = false;
      return complete(accept_data_, -kAcceptErrors[prng_.below(std::size(kAcceptErrors))], 0);
    }
    const int fd = backlog_.front();
    backlog_.pop_front();
    socket(fd).accepted = true;
    accept_armed_ = !fault(30);
    complete(accept_data_, fd, accept_armed_ ? IORING_CQE_F_MORE : 0);
  }
}

void SimulatedRing::end_receive(ModelSocket& socket, int result) {
  socket.receive_armed = false;
  complete(socket.receive_data, result, 0);
}

void SimulatedRing::progress_receive(ModelSocket& socket) {
  if (breaks(socket)) return end_receive(socket, break_error());
  if (fault(100)) return end_receive(socket, -EINTR);
  while (!socket.to_server.empty()) {
    if (free_.empty() || fault(50)) return end_receive(socket, -ENOBUFS);
    const std::uint16_t buffer = free_.back();
    free_.pop_back();
    std::size_t count =
        std::min<std::size_t>(socket.to_server.size(), options_.receive_buffer_bytes);
    if (fault(2)) count = 1 + prng_.below(count);
    lent_[buffer] = true;
    std::memcpy(buffers_[buffer].data(), socket.to_server.data(), count);
    socket.to_server.erase(0, count);
    socket.receive_armed = !fault(30);
    complete(socket.receive_data, static_cast<int>(count),
             (socket.receive_armed ? IORING_CQE_F_MORE : 0) | IORING_CQE_F_BUFFER |
                 static_cast<std::uint32_t>(buffer) << IORING_CQE_BUFFER_SHIFT);
    if (!socket.receive_armed || fault(2)) return;
  }
  if (socket.client_ended) end_receive(socket, 0);
}

void SimulatedRing::progress_tail(int fd, ModelSocket& socket) {
  if (breaks(socket)) {
    socket.tail_armed = false;
    return complete(socket.tail_data, break_error(), 0);
  }
  std::size_t count =
      std::min<std::size_t>(socket.tail_total - socket.tail_sent, socket.window_bytes);
  if (faults_) count = prng_.below(count + 1);
  if (before_visible) before_visible(fd);
  uncork(socket);
  socket.to_client.append(socket.tail + socket.tail_sent, count);
  if (socket.window_bytes != SIZE_MAX) socket.window_bytes -= count;
  socket.tail_sent += static_cast<std::uint32_t>(count);
  if (socket.tail_sent != socket.tail_total && !(socket.tail_sent != 0 && fault(30))) return;
  socket.tail_armed = false;
  complete(socket.tail_data, static_cast<int>(socket.tail_sent), 0);
}

void SimulatedRing::give_back(std::uint16_t buffer) {
  CHECK(buffer < lent_.size() && lent_[buffer]);
  lent_[buffer] = false;
  // Whoever still reads it finds rubbish.
  std::memset(buffers_[buffer].data(), '\x5A', buffers_[buffer].size());
  returned_.push_back(buffer);
}

void SimulatedRing::publish_buffers() {
  free_.insert(free_.end(), returned_.begin(), returned_.end());
  returned_.clear();
}

bool SimulatedRing::peer_address(int fd, sockaddr_storage& address) const {
  sockaddr_in client{};
  client.sin_family = AF_INET;
  client.sin_addr.s_addr = htonl(0xC6336401);  // 198.51.100.1 (RFC 5737).
  client.sin_port = htons(static_cast<std::uint16_t>(fd));
  std::memcpy(&address, &client, sizeof client);
  return !sockets_.at(fd).client_reset;
}

int SimulatedRing::connect() {
  const int fd = next_fd_++;
  sockets_[fd];
  backlog_.push_back(fd);
  return fd;
}

std::size_t SimulatedRing::armed_operations() const {
  std::size_t count = late_.size() + disk.writes_under_way();
  for (const auto& [fd, socket] : sockets_) {
    count += (socket.receive_armed ? 1U : 0U) + (socket.tail_armed ? 1U : 0U);
  }
  return count;
}

}  // namespace pixel::sim
