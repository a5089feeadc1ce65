// SPDX-License-Identifier: Apache-2.0
// What executes a worker's operations: the concept, and the options all rings share. HOT.
//
// KernelRing hands the entries to io_uring; EpollRing interprets them with system calls, for
// containers and kernels where io_uring is not to be had; the tests' SimulatedRing interprets them
// against modelled sockets. One worker state machine, no virtual call.
#pragma once

#include <liburing.h>
#include <sys/socket.h>

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace pixel::edge {

/// A burst of pipelined requests, or a page's batch of records, comes in one receive: in pieces of
/// 2 KiB a pipelined request costs a third more. Nine cache lines above a power of two: buffers
/// that all began at the same place of their pages would share few of the cache's sets.
inline constexpr std::uint32_t kReceiveBufferBytes = 16 * 1024 + 9 * 64;

struct RingOptions {
  std::uint32_t submission_entries = 4096;
  std::uint32_t completion_entries = 16384;
  std::uint32_t receive_buffers = 512;  // A power of two, up to 32768.
  std::uint32_t receive_buffer_bytes = kReceiveBufferBytes;
};

/// How long an enter may wait.
struct Wait {
  std::uint32_t completions = 1;  // Return when so many are there; 0: do not wait.
  std::uint32_t min_wait_us = 0;  // After this long one is enough (Linux 6.12; else one always is).
  std::uint64_t timeout_ns = 0;   // After this long none is needed.
};

/// How long before it is handled a completion is announced: far enough for a line to come from the
/// third-level cache, then for what that line points to.
enum class Ahead : std::uint32_t { kFar = 8, kNear = 4 };

/// Announces those of the next `left` completions whose time has come; at(n) is the n-th of them.
template <class At, class Announce>
inline void look_ahead(std::size_t left, At&& at, Announce&& announce) {
  for (const Ahead ahead : {Ahead::kFar, Ahead::kNear}) {
    const auto distance = static_cast<std::size_t>(ahead);
    if (left > distance) announce(at(distance), ahead);
  }
}

template <class R>
concept Ring = requires(R ring, Wait wait, std::uint16_t buffer, int fd,
                        sockaddr_storage& address) {
  /// A zeroed-by-preparation entry; submits what is queued when there is none left. Never null.
  { ring.next_entry() } -> std::same_as<io_uring_sqe*>;
  /// Submits all entries in order, then waits. Completions of failed sends are there on return.
  {ring.enter(wait)};
  /// Calls the first argument with each completion present at the call, oldest first, once; before
  /// that the second, so that what the first will touch can be asked for. Some rings never do.
  {ring.for_each_completion([](const io_uring_cqe&) {}, [](const io_uring_cqe&, Ahead) {})};
  /// The bytes of a receive buffer named by a completion; ours until given back.
  { ring.receive_buffer(buffer) } -> std::same_as<const char*>;
  {ring.give_back(buffer)};
  /// Makes given back buffers available again. Once per loop.
  {ring.publish_buffers()};
  { ring.completion_overflows() } -> std::same_as<std::uint64_t>;
  {R::adopt_listener(fd)};
  /// The few calls that need no queueing.
  { ring.peer_address(fd, address) } -> std::same_as<bool>;
  {ring.shut_down_sending(fd)};
  /// An active segment of a folder, for writing; -errno on failure.
  { ring.open_segment(fd, "name") } -> std::same_as<int>;
  { ring.monotonic_ns() } -> std::same_as<std::uint64_t>;
  { ring.realtime_s() } -> std::same_as<std::int64_t>;
};

}  // namespace pixel::edge
