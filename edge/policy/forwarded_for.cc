// SPDX-License-Identifier: Apache-2.0
// HOT: see forwarded_for.h.
#include "edge/policy/forwarded_for.h"

#include "edge/policy/text.h"

namespace pixel::edge {

std::optional<IpAddress> first_forwarded_for(const RequestView& request) noexcept {
  const std::size_t count = request.forwarded_for.count();
  if (count == 0) return std::nullopt;
  const std::string_view line = request.forwarded_for.from_last(count - 1);
  const auto first = parse_address_and_port(policy_text::trim(line.substr(0, line.find(','))));
  if (!first) return std::nullopt;
  return first->address;
}

}  // namespace pixel::edge
