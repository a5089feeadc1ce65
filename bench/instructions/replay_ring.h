// SPDX-License-Identifier: Apache-2.0
// ReplayRing: a ring without a kernel, for counting what the worker itself does. It accepts its
// connections in the first loops; from then on each loop brings one whole request on each of them.
// Of what the worker submits it counts the answers. HOT: a few instructions per entry.
#pragma once

#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "edge/net/operations.h"
#include "edge/net/ring.h"

namespace pixel::bench {

class ReplayRing {
 public:
  static constexpr int kListener = 3;

  /// `request` outlives the ring.
  ReplayRing(std::uint32_t connections, std::string_view request)
      : request_(request), connections_(connections), entries_(4 * connections + 64) {
    CHECK(connections <= 4096);
  }

  std::uint64_t answers() const noexcept { return answers_; }

  // --- What the worker sees: the Ring concept. ---
  static void adopt_listener(int) noexcept {}
  io_uring_sqe* next_entry() noexcept {
    CHECK(entries_count_ < entries_.size());
    return &entries_[entries_count_++];
  }
  void enter(const edge::Wait&) noexcept {
    for (std::size_t i = 0; i < entries_count_; ++i) take(entries_[i]);
    entries_count_ = 0;
  }
  template <class Handle, class Announce>
  void for_each_completion(Handle&& handle, Announce&& announce) {
    if (accept_data_ != 0 && receives_.size() < connections_) return accept_all(handle);
    io_uring_cqe completion{};
    for (std::size_t i = 0; i < receives_.size(); ++i) {
      edge::look_ahead(
          receives_.size() - i,
          [&](std::size_t n) {
            completion.user_data = receives_[i + n];
            return completion;
          },
          announce);
      completion.user_data = receives_[i];
      completion.res = static_cast<int>(request_.size());
      completion.flags = IORING_CQE_F_MORE | IORING_CQE_F_BUFFER;
      handle(completion);
    }
  }
  const char* receive_buffer(std::uint16_t) const noexcept { return request_.data(); }
  static void give_back(std::uint16_t) noexcept {}
  static void publish_buffers() noexcept {}
  static std::uint64_t completion_overflows() noexcept { return 0; }
  static bool peer_address(int fd, sockaddr_storage& address) noexcept {
    sockaddr_in client{};
    client.sin_family = AF_INET;
    client.sin_addr.s_addr = htonl(0xC6336401);  // 198.51.100.1 (RFC 5737).
    client.sin_port = htons(static_cast<std::uint16_t>(40'000 + fd));
    std::memcpy(&address, &client, sizeof client);
    return true;
  }
  static void shut_down_sending(int) noexcept { CHECK(false); }
  static int open_segment(int, const char*) noexcept { return -ENOENT; }
  // Time stands still: no second begins, nothing is due.
  static std::uint64_t monotonic_ns() noexcept { return 5'000'000'000; }
  static std::int64_t realtime_s() noexcept { return 1'800'000'000; }

 private:
  void take(const io_uring_sqe& entry) {
    if (entry.opcode == IORING_OP_SEND) {
      ++answers_;
    } else if (entry.opcode == IORING_OP_RECV) {
      receives_.push_back(entry.user_data);
    } else if (entry.opcode == IORING_OP_ACCEPT) {
      accept_data_ = entry.user_data;
    } else {
      CHECK(entry.opcode == IORING_OP_POLL_ADD);
    }
  }
  template <class Handle>
  void accept_all(Handle& handle) {
    io_uring_cqe completion{};
    completion.user_data = accept_data_;
    completion.flags = IORING_CQE_F_MORE;
    for (std::uint32_t i = 0; i < connections_; ++i) {
      completion.res = static_cast<int>(1000 + i);
      handle(completion);
    }
  }

  std::string_view request_;
  std::uint32_t connections_;
  std::vector<io_uring_sqe> entries_;
  std::size_t entries_count_ = 0;
  std::vector<std::uint64_t> receives_;  // The tokens of the armed receives.
  std::uint64_t accept_data_ = 0;
  std::uint64_t answers_ = 0;
};

static_assert(edge::Ring<ReplayRing>);

}  // namespace pixel::bench
