// SPDX-License-Identifier: Apache-2.0
// The submissions a worker makes: the seam between it and whatever executes them. HOT. The kernel
// ring, the epoll ring and the simulator all take these same entries and answer with the same
// completions, so flags and fields are tested with everything else.
#pragma once

#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "edge/net/completion.h"

namespace pixel::edge {

/// The one group of receive buffers a ring has.
inline constexpr std::uint16_t kReceiveBufferGroup = 0;

/// Accepts until cancelled, one completion each; SOCK_CLOEXEC, blocking mode (the ring polls).
inline void prepare_accept(io_uring_sqe* sqe, int listener, CompletionToken token) noexcept {
  io_uring_prep_multishot_accept(sqe, listener, nullptr, nullptr, SOCK_CLOEXEC);
  io_uring_sqe_set_data64(sqe, pack(token));
}

/// Receives until cancelled, the end of the stream or a shortage of buffers, one buffer and one
/// completion each.
inline void prepare_receive(io_uring_sqe* sqe, int fd, CompletionToken token) noexcept {
  io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = kReceiveBufferGroup;
  io_uring_sqe_set_data64(sqe, pack(token));
}

/// Sends now or not at all: never parks, so never overtakes; silent unless it failed or was short.
/// The bytes are free again when the submission has returned. At most one per connection and
/// submission: a second could slip in behind the first's unsent rest. `end_follows` where the next
/// thing done to the descriptor is a shutdown: the last bytes may wait, to share its segment.
inline void prepare_send(io_uring_sqe* sqe, int fd, const char* bytes, std::uint32_t count,
                         bool end_follows, CompletionToken token) noexcept {
  const int more = end_follows ? MSG_MORE : 0;
  io_uring_prep_send(sqe, fd, bytes, count, MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL | more);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data64(sqe, pack(token));
}

/// Sends all of it, however long it takes, and always completes. The bytes are lent until then.
inline void prepare_send_tail(io_uring_sqe* sqe, int fd, const char* bytes, std::uint32_t count,
                              CompletionToken token) noexcept {
  io_uring_prep_send(sqe, fd, bytes, count, MSG_WAITALL | MSG_NOSIGNAL);
  io_uring_sqe_set_data64(sqe, pack(token));
}

/// Ends every operation on the descriptor; each of them completes with -ECANCELED.
inline void prepare_cancel(io_uring_sqe* sqe, int fd) noexcept {
  io_uring_prep_cancel_fd(sqe, fd, IORING_ASYNC_CANCEL_ALL);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data64(sqe, pack({}));
}

/// Ends one operation on the descriptor, as prepare_cancel does all. The kernel finds it by its
/// token; by descriptor it would look at every armed operation of the ring, three times (10,000
/// connections: 0.45 ms for each one that is closed). Other executors may go by the descriptor.
inline void prepare_cancel_one(io_uring_sqe* sqe, int fd, CompletionToken operation) noexcept {
  io_uring_prep_cancel64(sqe, pack(operation), 0);
  sqe->fd = fd;
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data64(sqe, pack({}));
}

/// Closes the descriptor. After a cancel in the same submission: a close alone would send no FIN
/// while a receive still holds the file.
inline void prepare_close(io_uring_sqe* sqe, int fd) noexcept {
  io_uring_prep_close(sqe, fd);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data64(sqe, pack({}));
}

/// Writes and syncs: completes when so many of the bytes are on the disk. They are lent until then.
/// By a kernel thread from the start: file systems that could begin at once would sync at once too.
inline void prepare_durable_write(io_uring_sqe* sqe, int fd, const char* bytes, std::uint32_t count,
                                  std::uint64_t offset, CompletionToken token) noexcept {
  io_uring_prep_write(sqe, fd, bytes, count, offset);
  sqe->rw_flags = RWF_DSYNC;
  sqe->flags |= IOSQE_ASYNC;
  io_uring_sqe_set_data64(sqe, pack(token));
}

/// One completion when the eventfd has been written.
inline void prepare_wake(io_uring_sqe* sqe, int event_fd) noexcept {
  io_uring_prep_poll_add(sqe, event_fd, POLLIN);
  io_uring_sqe_set_data64(sqe, pack({Operation::kWake, 0, 0}));
}

}  // namespace pixel::edge
