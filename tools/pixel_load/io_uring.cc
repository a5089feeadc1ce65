// SPDX-License-Identifier: Apache-2.0
// HOT: the io_uring side of io.h. Multishot receives out of one provided buffer ring, sends whose
// success makes no completion, completions run only when we wait (DEFER_TASKRUN, Linux 6.1).
#include <liburing.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "tools/pixel_load/io.h"

namespace pixel::load {
namespace {

constexpr unsigned kSubmissionEntries = 2048;
constexpr unsigned kCompletionEntries = 16 * 1024;
// 1 MiB: larger rings run through the cache, since buffers come back in order.
constexpr unsigned kBufferCount = 256;
constexpr unsigned kBufferBytes = 4096;
constexpr int kBufferGroup = 0;

enum class Operation : std::uint8_t { kConnect, kReceive, kSend };

// user_data: generation (32 bits), slot (24), operation (8).
constexpr std::uint64_t pack(Operation operation, ConnectionKey key) noexcept {
  return std::uint64_t{key.generation} << 32 | std::uint64_t{key.slot} << 8 |
         static_cast<std::uint64_t>(operation);
}
constexpr ConnectionKey key_of(std::uint64_t packed) noexcept {
  return {static_cast<std::uint32_t>(packed >> 8) & 0xFFFFFF,
          static_cast<std::uint32_t>(packed >> 32)};
}
constexpr Operation operation_of(std::uint64_t packed) noexcept {
  return static_cast<Operation>(packed & 0xFF);
}

base::Error uring_error(std::string_view action, int negative_errno) {
  return base::errno_error(action, "io_uring", -negative_errno);
}

class UringIo final : public Io {
 public:
  UringIo() = default;
  UringIo(const UringIo&) = delete;
  UringIo& operator=(const UringIo&) = delete;
  ~UringIo() override {
    if (buffer_ring_ != nullptr) io_uring_unregister_buf_ring(&ring_, kBufferGroup);
    if (ring_open_) io_uring_queue_exit(&ring_);
  }

  base::Status open() {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                   IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
    params.cq_entries = kCompletionEntries;
    const int error = io_uring_queue_init_params(kSubmissionEntries, &ring_, &params);
    if (error < 0) return uring_error("set up", error);
    ring_open_ = true;
    // Spares each enter the look-up of its descriptor. Where it is refused nothing is lost.
    static_cast<void>(io_uring_register_ring_fd(&ring_));
    if ((params.features & IORING_FEAT_EXT_ARG) == 0) return uring_error("wait on", -ENOSYS);
    return open_buffers();
  }

  void start_connect(ConnectionKey key, int fd, const sockaddr* address, socklen_t bytes) override {
    io_uring_sqe* const sqe = next_sqe();
    io_uring_prep_connect(sqe, fd, address, bytes);
    io_uring_sqe_set_data64(sqe, pack(Operation::kConnect, key));
  }

  void start_receive(ConnectionKey key, int fd) override {
    io_uring_sqe* const sqe = next_sqe();
    io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = kBufferGroup;
    io_uring_sqe_set_data64(sqe, pack(Operation::kReceive, key));
  }

  void send(ConnectionKey key, int fd, std::string_view bytes, bool report_success) override {
    io_uring_sqe* const sqe = next_sqe();
    // WAITALL: the kernel goes on after a short send; what it reports is the end of all.
    io_uring_prep_send(sqe, fd, bytes.data(), bytes.size(), MSG_WAITALL | MSG_NOSIGNAL);
    if (!report_success) sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, pack(Operation::kSend, key));
  }

  base::Status wait(std::uint64_t timeout_ns, IoEvents& events) override {
    __kernel_timespec timeout{};
    timeout.tv_sec = static_cast<std::int64_t>(timeout_ns / 1'000'000'000);
    timeout.tv_nsec = static_cast<long long>(timeout_ns % 1'000'000'000);
    io_uring_cqe* first = nullptr;
    const int error = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
    if (error < 0 && error != -ETIME && error != -EINTR && error != -EBUSY && error != -EAGAIN) {
      return uring_error("wait on", error);
    }
    // Completions are made only while we wait: all of them are older than this moment.
    events.on_wake();
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      handle(*cqe, events);
      ++count;
    }
    io_uring_cq_advance(&ring_, count);
    if (returned_buffers_ > 0) io_uring_buf_ring_advance(buffer_ring_, returned_buffers_);
    returned_buffers_ = 0;
    return base::ok_status();
  }

 private:
  base::Status open_buffers() {
    const std::size_t ring_bytes = kBufferCount * sizeof(io_uring_buf);
    buffer_ring_memory_.reset(std::aligned_alloc(4096, ring_bytes));
    buffers_.resize(std::size_t{kBufferCount} * kBufferBytes);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(buffer_ring_memory_.get());
    registration.ring_entries = kBufferCount;
    registration.bgid = kBufferGroup;
    const int error = io_uring_register_buf_ring(&ring_, &registration, 0);
    if (error < 0) return uring_error("give buffers to", error);
    buffer_ring_ = static_cast<io_uring_buf_ring*>(buffer_ring_memory_.get());
    io_uring_buf_ring_init(buffer_ring_);
    for (unsigned id = 0; id < kBufferCount; ++id) return_buffer(id);
    io_uring_buf_ring_advance(buffer_ring_, returned_buffers_);
    returned_buffers_ = 0;
    return base::ok_status();
  }

  io_uring_sqe* next_sqe() {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    while (sqe == nullptr) {
      io_uring_submit(&ring_);
      sqe = io_uring_get_sqe(&ring_);
    }
    return sqe;
  }

  void return_buffer(unsigned id) noexcept {
    io_uring_buf_ring_add(buffer_ring_, buffers_.data() + std::size_t{id} * kBufferBytes,
                          kBufferBytes, static_cast<unsigned short>(id),
                          io_uring_buf_ring_mask(kBufferCount), returned_buffers_);
    ++returned_buffers_;
  }

  void handle(const io_uring_cqe& cqe, IoEvents& events) {
    const ConnectionKey key = key_of(cqe.user_data);
    const int error = cqe.res < 0 ? -cqe.res : 0;
    switch (operation_of(cqe.user_data)) {
      case Operation::kConnect:
        return events.on_connected(key, error);
      case Operation::kSend:
        return events.on_sent(key, error);
      case Operation::kReceive:
        return handle_receive(cqe, key, error, events);
    }
  }

  void handle_receive(const io_uring_cqe& cqe, ConnectionKey key, int error, IoEvents& events) {
    if ((cqe.flags & IORING_CQE_F_BUFFER) != 0) {
      const unsigned id = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
      if (cqe.res > 0) {
        events.on_received(key, {buffers_.data() + std::size_t{id} * kBufferBytes,
                                 static_cast<std::size_t>(cqe.res)});
      }
      return_buffer(id);
    }
    // ENOBUFS: all buffers lent out; they are back before the next submission.
    if (error == ENOBUFS || (cqe.res > 0 && (cqe.flags & IORING_CQE_F_MORE) == 0)) {
      events.on_receive_paused(key);
    } else if (cqe.res <= 0) {
      events.on_receive_ended(key, error);
    }
  }

  struct Free {
    void operator()(void* memory) const noexcept { std::free(memory); }
  };

  io_uring ring_{};
  bool ring_open_ = false;
  std::unique_ptr<void, Free> buffer_ring_memory_;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  std::vector<char> buffers_;
  int returned_buffers_ = 0;  // Added, not yet visible to the kernel.
};

}  // namespace

base::Result<std::unique_ptr<Io>> create_uring_io() {
  auto io = std::make_unique<UringIo>();
  if (base::Status opened = io->open(); !opened) return opened.error();
  return std::unique_ptr<Io>(std::move(io));
}

base::Result<std::unique_ptr<Io>> create_io(std::string_view name) {
  return name == "epoll" ? create_epoll_io() : create_uring_io();
}

}  // namespace pixel::load
