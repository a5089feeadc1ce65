// SPDX-License-Identifier: Apache-2.0
// SimulatedRing: interprets a worker's entries against modelled sockets. A seed in, a history out.
//
// Fault model, each drawn by the seed's dice where faults are on:
//  - accept: each error of kAcceptErrors, its multishot ends early;
//  - receive: any split down to one byte, -ENOBUFS with buffers to spare, its multishot ends with
//    data, -EINTR, completions of different sockets in any order;
//  - send: short at any byte, -EAGAIN, -EINTR; a tail goes out in pieces over time;
//  - a connection breaks: each error of kBreaks, on receive, send and tail;
//  - cancel: its -ECANCELED arrives loops later;
//  - a durable write: late, short, failed, in any order (simulated_disk.h);
//  - time: passes in jumps.
// What it checks itself: buffers are given back once, a descriptor is not used after its close, a
// close never leaves an armed receive (the kernel would send no FIN), at most one send per
// connection and submission, and a tail's bytes are read late (a block freed early shows).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/prng.h"
#include "edge/net/operations.h"
#include "edge/net/ring.h"
#include "tests/sim/simulated_disk.h"

namespace pixel::sim {

/// Of one connection, both directions.
struct ModelSocket {
  std::string to_server;                // Sent by the client, not yet received.
  std::string to_client;                // All the server ever sent.
  std::string corked;                   // Sent with MSG_MORE: goes with what follows.
  std::size_t window_bytes = SIZE_MAX;  // What the client will still take.
  bool client_ended = false;
  bool client_reset = false;  // Or broken on the way.
  bool accepted = false;
  bool server_closed = false;
  bool server_ended = false;  // shutdown(SHUT_WR).

  bool receive_armed = false;
  std::uint64_t receive_data = 0;
  bool tail_armed = false;
  std::uint64_t tail_data = 0;
  const char* tail = nullptr;
  std::uint32_t tail_total = 0;
  std::uint32_t tail_sent = 0;
  std::uint64_t last_send_enter = 0;
};

class SimulatedRing {
 public:
  SimulatedRing(const edge::RingOptions& options, std::uint64_t seed, bool faults);

  // --- What the worker sees: the Ring concept. ---
  static void adopt_listener(int) noexcept {}
  io_uring_sqe* next_entry();
  void enter(const edge::Wait& wait);
  template <class Handle, class Announce>
  void for_each_completion(Handle&& handle, Announce&& announce) {
    std::deque<io_uring_cqe> present;
    present.swap(completions_);
    for (std::size_t i = 0; i < present.size(); ++i) {
      edge::look_ahead(
          present.size() - i, [&](std::size_t n) { return present[i + n]; }, announce);
      handle(present[i]);
    }
  }
  const char* receive_buffer(std::uint16_t buffer) const { return buffers_[buffer].data(); }
  void give_back(std::uint16_t buffer);
  void publish_buffers();
  std::uint64_t completion_overflows() const { return 0; }
  bool peer_address(int fd, sockaddr_storage& address) const;
  void shut_down_sending(int fd);
  int open_segment(int folder, const char* name) { return disk.open(folder, name); }
  std::uint64_t monotonic_ns() const { return now_ns_; }
  std::int64_t realtime_s() const {
    return 1'800'000'000 + static_cast<std::int64_t>(now_ns_ / 1'000'000'000);
  }

  // --- What the test sees. ---
  static constexpr int kListener = 3;
  /// A client that waits to be accepted. Its number is its descriptor and its port.
  int connect();
  ModelSocket& socket(int fd) { return sockets_.at(fd); }
  void pass_ns(std::uint64_t ns) { now_ns_ += ns; }
  void wake() { woken_ = true; }
  SimulatedDisk disk;
  /// Called with the descriptor before the bytes of a send become visible to its client.
  std::function<void(int fd)> before_visible;
  std::size_t buffers_out() const {
    return options_.receive_buffers - free_.size() - returned_.size();
  }
  std::size_t armed_operations() const;

 private:
  void run(const io_uring_sqe& entry);
  void run_send(const io_uring_sqe& entry);
  void run_cancel(int fd);
  void progress();
  void progress_accept();
  void progress_receive(ModelSocket& socket);
  void progress_tail(int fd, ModelSocket& socket);
  void end_receive(ModelSocket& socket, int result);
  void complete(std::uint64_t data, int result, std::uint32_t flags);
  bool breaks(ModelSocket& socket);
  static void uncork(ModelSocket& socket);
  int break_error();
  bool fault(std::uint64_t one_in) { return faults_ && prng_.below(one_in) == 0; }

  edge::RingOptions options_;
  base::Prng prng_;
  bool faults_;
  std::vector<io_uring_sqe> entries_;
  std::size_t entries_count_ = 0;
  std::deque<io_uring_cqe> completions_;
  std::deque<io_uring_cqe> late_;  // Cancellations that take their time.
  std::map<int, ModelSocket> sockets_;
  std::deque<int> backlog_;
  std::vector<std::string> buffers_;
  std::vector<bool> lent_;
  std::vector<std::uint16_t> free_;
  std::vector<std::uint16_t> returned_;
  bool accept_armed_ = false;
  std::uint64_t accept_data_ = 0;
  bool wake_armed_ = false;
  std::uint64_t wake_data_ = 0;
  bool woken_ = false;
  int next_fd_ = 1000;
  std::uint64_t now_ns_ = 5'000'000'000;
  std::uint64_t enters_ = 1;
};

static_assert(edge::Ring<SimulatedRing>);

}  // namespace pixel::sim
