// SPDX-License-Identifier: Apache-2.0
// What the header block of a connection's last request said. Browsers and servers repeat theirs
// byte for byte: comparing 450 bytes that are near costs 20 ns, parsing them 70 (memo_bench). HOT;
// a value without pointers, kept by the worker for connections that repeat themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/cacheline.h"
#include "edge/http/request_view.h"

namespace pixel::edge {

class alignas(base::kCacheLineBytes) HeadMemory {
 public:
  /// Longer blocks are not remembered. With it the whole object is 2 KiB and a cache line: objects
  /// that all began at the same place of their pages would share few of the cache's sets.
  static constexpr std::size_t kBlockBytesMax = 2024 + base::kCacheLineBytes;

  // Not initialised: lives in a block of lazy memory. REQUIRES a forget() or remember() first.
  HeadMemory() noexcept {}

  void forget() noexcept { block_bytes_ = 0; }
  /// Asks for what recall() will read: a hint. The first lines; the rest follows in order, and the
  /// processor sees that.
  void prefetch() const noexcept {
    const char* const begin = reinterpret_cast<const char*>(this);
    for (std::size_t line = 0; line < 4; ++line) {
      __builtin_prefetch(begin + line * base::kCacheLineBytes);
    }
  }
  std::size_t block_bytes() const noexcept { return block_bytes_; }

  /// Whether `rest`, what follows a request line, begins with the remembered block, and the block
  /// would mean the same behind this line. Then fills what the headers say in `request`, whose
  /// request line is already there.
  bool recall(std::string_view rest, RequestView& request) const noexcept {
    if (block_bytes_ == 0 || rest.size() < block_bytes_ || request.version != version_ ||
        !request.host.empty() || std::memcmp(rest.data(), block_, block_bytes_) != 0) {
      return false;
    }
    request.keep_alive = keep_alive_;
    request.host = host_.in(rest);
    request.referer = referer_.in(rest);
    request.user_agent = user_agent_.in(rest);
    request.cookie = cookie_.in(rest);
    return true;
  }

  /// Remembers the header block of a whole request, or forgets what it knew when this one cannot
  /// be: it has a body, headers of proxies or of wishes, an authority in its target, or is too
  /// long. `block` goes from behind the request line to behind the empty line.
  void remember(std::string_view block, const RequestView& request) noexcept {
    block_bytes_ = 0;
    const bool plain = !request.has_body && !request.extra.any() &&
                       request.forwarded_for.count() == 0 && request.forwarded.count() == 0;
    const bool own_host = request.host.empty() || is_within(request.host, block);
    if (!plain || !own_host || block.size() > kBlockBytesMax) return;
    version_ = request.version;
    keep_alive_ = request.keep_alive;
    host_ = place(request.host, block);
    referer_ = place(request.referer, block);
    user_agent_ = place(request.user_agent, block);
    cookie_ = place(request.cookie, block);
    std::memcpy(block_, block.data(), block.size());
    block_bytes_ = static_cast<std::uint16_t>(block.size());
  }

 private:
  /// Where a value lies in the block.
  struct Place {
    std::uint16_t begin = 0;
    std::uint16_t bytes = 0;
    std::string_view in(std::string_view block) const noexcept {
      return {block.data() + begin, bytes};
    }
  };

  static bool is_within(std::string_view value, std::string_view block) noexcept {
    return value.data() >= block.data() && value.data() < block.data() + block.size();
  }
  static Place place(std::string_view value, std::string_view block) noexcept {
    if (value.empty()) return {};
    return {static_cast<std::uint16_t>(value.data() - block.data()),
            static_cast<std::uint16_t>(value.size())};
  }

  std::uint16_t block_bytes_;  // 0: nothing is remembered.
  Version version_;
  bool keep_alive_;
  Place host_;
  Place referer_;
  Place user_agent_;
  Place cookie_;
  char block_[kBlockBytesMax];
};
static_assert(sizeof(HeadMemory) == 2048 + base::kCacheLineBytes);

}  // namespace pixel::edge
