// SPDX-License-Identifier: Apache-2.0
// KernelRing: io_uring through liburing. HOT except create. Made and used by one thread.
#pragma once

#include <liburing.h>

#include <memory>

#include "base/result.h"
#include "edge/net/buffer_stock.h"
#include "edge/net/ring.h"
#include "edge/net/system_calls.h"

namespace pixel::edge {

class KernelRing : public SystemCalls {
 public:
  /// COLD. Must be called by the thread that will use it (IORING_SETUP_SINGLE_ISSUER). The error
  /// names the step and the likely cause.
  static base::Result<std::unique_ptr<KernelRing>> create(const RingOptions& options);
  /// Listeners are set to blocking mode: an accept on a non-blocking one would complete with
  /// -EAGAIN instead of waiting.
  static void adopt_listener(int fd) noexcept;
  ~KernelRing();
  KernelRing(const KernelRing&) = delete;
  KernelRing& operator=(const KernelRing&) = delete;

  io_uring_sqe* next_entry() noexcept {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    while (sqe == nullptr) [[unlikely]] {
        enter(Wait{.completions = 0});
        sqe = io_uring_get_sqe(&ring_);
      }
    return sqe;
  }

  void enter(const Wait& wait) noexcept;

  template <class Handle, class Announce>
  void for_each_completion(Handle&& handle, Announce&& announce) {
    unsigned head = *ring_.cq.khead;
    // acquire; pairs with the kernel's release of the tail: the entries up to it are written.
    const unsigned tail = io_uring_smp_load_acquire(ring_.cq.ktail);
    const auto next = [&](std::size_t distance) -> const io_uring_cqe& {
      return completion_at(head + static_cast<unsigned>(distance));
    };
    while (head != tail) {
      look_ahead(tail - head, next, announce);
      if ((completion_at(head).flags & IORING_CQE_F_BUFFER) != 0) stock_.note_taken();
      handle(completion_at(head));
      ++head;
      // release; the kernel may write this entry again. One by one, so that a handler that runs
      // out of submission entries and enters leaves no entry claimed twice.
      io_uring_smp_store_release(ring_.cq.khead, head);
    }
  }

  const char* receive_buffer(std::uint16_t buffer) const noexcept {
    return buffer_memory_ + std::size_t{buffer} * options_.receive_buffer_bytes;
  }

  void give_back(std::uint16_t buffer) noexcept {
    if (stock_.try_offer(buffer)) offer(buffer);
  }
  void publish_buffers() noexcept {
    stock_.end_loop([this](std::uint16_t buffer) { offer(buffer); });
    if (given_back_ != 0) io_uring_buf_ring_advance(buffer_ring_, given_back_);
    given_back_ = 0;
  }

  std::uint64_t completion_overflows() const noexcept { return overflows_; }

 private:
  explicit KernelRing(const RingOptions& options)
      : options_(options), stock_(options.receive_buffers) {}
  void offer(std::uint16_t buffer) noexcept {
    io_uring_buf_ring_add(buffer_ring_, const_cast<char*>(receive_buffer(buffer)),
                          options_.receive_buffer_bytes, buffer, buffer_mask_, given_back_++);
  }
  const io_uring_cqe& completion_at(unsigned position) const noexcept {
    return ring_.cq.cqes[position & *ring_.cq.kring_mask];
  }
  base::Status set_up_ring();
  base::Status set_up_buffers();
  unsigned flush_submissions() noexcept;
  void collect_the_rest(unsigned flags) noexcept;

  RingOptions options_;
  io_uring ring_{};
  bool ring_ready_ = false;
  bool has_min_wait_ = false;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  std::size_t buffer_ring_bytes_ = 0;
  char* buffer_memory_ = nullptr;
  int buffer_mask_ = 0;
  int given_back_ = 0;
  BufferStock stock_;
  std::uint64_t overflows_ = 0;
};

static_assert(Ring<KernelRing>);

}  // namespace pixel::edge
