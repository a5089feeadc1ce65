// SPDX-License-Identifier: Apache-2.0
// COLD: see address.h.
#include "base/address.h"

#include <charconv>

namespace pixel::base {

std::optional<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  HostPort result{std::string(host), 0};
  const auto [end, error] =
      std::from_chars(port_text.data(), port_text.data() + port_text.size(), result.port);
  if (host.empty() || error != std::errc{} || end != port_text.data() + port_text.size()) {
    return std::nullopt;
  }
  return result;
}

}  // namespace pixel::base
