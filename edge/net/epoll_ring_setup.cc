// SPDX-License-Identifier: Apache-2.0
// COLD: makes an epoll ring; what it does then is in epoll_ring.cc.
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string>

#include "edge/net/epoll_ring.h"

namespace pixel::edge {
namespace {

std::size_t descriptors_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 65536;
  return std::min<std::size_t>(limit.rlim_cur, std::size_t{1} << 21);
}

}  // namespace

EpollRing::EpollRing(const RingOptions& options)
    : options_(options),
      entries_(options.submission_entries),
      buffers_(std::size_t{options.receive_buffers} * options.receive_buffer_bytes),
      free_buffers_(options.receive_buffers),
      descriptors_count_(descriptors_max()),
      events_(512) {
  // Room beyond completion_entries for what submissions complete at once: a cancel completes up to
  // two operations of a descriptor, and a drain cancels all of them between two looks. The memory
  // is lazy.
  const std::size_t capacity =
      std::bit_ceil(std::size_t{options.completion_entries} +
                    4 * std::size_t{options.submission_entries} + 2 * descriptors_count_);
  completions_ = LazyMemory(capacity * sizeof(io_uring_cqe));
  completions_mask_ = capacity - 1;
  descriptors_ = LazyMemory(descriptors_count_ * sizeof(Descriptor));
  for (std::uint32_t i = 0; i < options.receive_buffers; ++i) {
    give_back(static_cast<std::uint16_t>(options.receive_buffers - 1 - i));
  }
}

base::Result<std::unique_ptr<EpollRing>> EpollRing::create(const RingOptions& options) {
  std::unique_ptr<EpollRing> ring(new EpollRing(options));
  ring->epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!ring->epoll_) return base::Error{std::string("epoll_create1: ") + std::strerror(errno)};
  return ring;
}

void EpollRing::adopt_listener(int fd) noexcept {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

}  // namespace pixel::edge
