// SPDX-License-Identifier: Apache-2.0
// A path as bind and connect want it. COLD.
#pragma once

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <filesystem>

#include "base/result.h"

namespace pixel::edge::handover {

struct UnixAddress {
  sockaddr_un address{};
  socklen_t bytes = 0;

  const sockaddr* get() const noexcept {
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
  }
};

/// An error where the path is empty or longer than the kernel takes (107 bytes).
inline base::Result<UnixAddress> unix_address(const std::filesystem::path& path) {
  UnixAddress result;
  const std::string& text = path.native();
  if (text.empty() || text.size() >= sizeof result.address.sun_path) {
    return base::Error{fmt::format("\"{}\" is no path for a socket: 1 to {} bytes", text,
                                   sizeof result.address.sun_path - 1)};
  }
  result.address.sun_family = AF_UNIX;
  std::memcpy(result.address.sun_path, text.data(), text.size());
  result.bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size() + 1);
  return result;
}

}  // namespace pixel::edge::handover
