// SPDX-License-Identifier: Apache-2.0
// "host:port" as operators write listeners: "0.0.0.0:8080", "[::1]:8080". COLD.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pixel::base {

struct HostPort {
  std::string host;  // Without brackets.
  std::uint16_t port = 0;
};

/// Splits at the last colon; an IPv6 host needs its brackets. Nothing on any other form.
std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace pixel::base
