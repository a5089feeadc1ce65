// SPDX-License-Identifier: Apache-2.0
// EpollRing: interprets a worker's entries with epoll and plain socket calls, completion for
// completion as io_uring would. For containers and kernels that forbid io_uring. HOT except create.
// Made and used by one thread.
//
// What it keeps of io_uring's behaviour, because the worker relies on it:
//  - entries run in order, when enter is called; failed sends have completed when it returns;
//  - a multishot operation ends with its first completion without IORING_CQE_F_MORE;
//  - a cancelled operation completes with -ECANCELED; a close alone completes nothing.
#pragma once

#include <liburing.h>
#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "edge/net/lazy_memory.h"
#include "edge/net/ring.h"
#include "edge/net/system_calls.h"

namespace pixel::edge {

class EpollRing : public SystemCalls {
 public:
  /// COLD.
  static base::Result<std::unique_ptr<EpollRing>> create(const RingOptions& options);

  /// Listeners are set to O_NONBLOCK: a connection may be gone between readiness and accept.
  static void adopt_listener(int fd) noexcept;

  io_uring_sqe* next_entry() noexcept {
    if (entries_count_ == options_.submission_entries) [[unlikely]]
      run_entries();
    return &entries_[entries_count_++];
  }

  void enter(const Wait& wait) noexcept;

  template <class Handle, class Announce>
  void for_each_completion(Handle&& handle, Announce&& announce) {
    const std::size_t end = completions_end_;
    const auto next = [&](std::size_t distance) -> const io_uring_cqe& {
      return completion_at(completions_begin_ + distance);
    };
    for (; completions_begin_ != end; ++completions_begin_) {
      look_ahead(end - completions_begin_, next, announce);
      handle(static_cast<const io_uring_cqe&>(completion_at(completions_begin_)));
    }
  }

  const char* receive_buffer(std::uint16_t buffer) const noexcept {
    return buffers_.base() + std::size_t{buffer} * options_.receive_buffer_bytes;
  }
  void give_back(std::uint16_t buffer) noexcept { free_buffers_[free_count_++] = buffer; }
  void publish_buffers() noexcept {}
  std::uint64_t completion_overflows() const noexcept { return 0; }

 private:
  // Armed operations of one descriptor. A zeroed one has none.
  struct Descriptor {
    std::uint64_t input_data;  // user_data of the armed accept, receive or wake.
    std::uint64_t tail_data;
    const char* tail;
    std::uint32_t tail_left;
    std::uint32_t tail_total;
    std::uint32_t interest;  // What epoll was told.
    std::uint8_t input;      // The armed input operation's opcode, or 0 (IORING_OP_NOP).
  };

  explicit EpollRing(const RingOptions& options);
  Descriptor& at(int fd) noexcept;
  void watch(int fd, Descriptor& descriptor) noexcept;
  void run_entries() noexcept;
  void run(const io_uring_sqe& entry) noexcept;
  void run_send(const io_uring_sqe& entry) noexcept;
  void run_write(const io_uring_sqe& entry) noexcept;
  void run_cancel(int fd) noexcept;
  void on_event(int fd, std::uint32_t events) noexcept;
  void accept_ready(int fd, Descriptor& descriptor) noexcept;
  void receive_ready(int fd, Descriptor& descriptor, std::uint32_t events) noexcept;
  void continue_tail(int fd, Descriptor& descriptor) noexcept;
  void end_input(Descriptor& descriptor, int result) noexcept;
  void complete(std::uint64_t user_data, int result, std::uint32_t flags) noexcept;
  bool is_crowded() const noexcept;

  io_uring_cqe& completion_at(std::size_t position) noexcept {
    return reinterpret_cast<io_uring_cqe*>(completions_.base())[position & completions_mask_];
  }

  RingOptions options_;
  base::UniqueFd epoll_;
  std::vector<io_uring_sqe> entries_;
  std::uint32_t entries_count_ = 0;
  LazyMemory completions_;
  std::size_t completions_mask_ = 0;
  std::size_t completions_begin_ = 0;
  std::size_t completions_end_ = 0;
  LazyMemory buffers_;
  std::vector<std::uint16_t> free_buffers_;
  std::size_t free_count_ = 0;
  LazyMemory descriptors_;
  std::size_t descriptors_count_ = 0;
  std::vector<epoll_event> events_;
};

static_assert(Ring<EpollRing>);

}  // namespace pixel::edge
