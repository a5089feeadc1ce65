// SPDX-License-Identifier: Apache-2.0
// One element of a Forwarded header (RFC 7239 section 4): what one proxy wrote. HOT; pure.
#pragma once

#include <optional>
#include <string_view>

#include "edge/client/ip_address.h"

namespace pixel::edge {

/// Views into the element, without quotes; empty where the parameter is absent.
struct ForwardedElement {
  std::string_view node;   // for=
  std::string_view proto;  // proto=
};

/// Nothing for what RFC 7239 does not allow, a repeated parameter among it; an unquoted value may
/// hold ':', '[' and ']' all the same, as many proxies write it.
std::optional<ForwardedElement> parse_forwarded_element(std::string_view element) noexcept;

/// The address of its for=; nothing without one, or if it is "unknown" or "_hidden".
std::optional<AddressAndPort> forwarded_client(std::string_view element) noexcept;

}  // namespace pixel::edge
