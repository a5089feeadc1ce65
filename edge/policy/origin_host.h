// SPDX-License-Identifier: Apache-2.0
// The site that a request comes from, by its headers, and the cookie domain that fits. HOT; pure;
// the domains are made at boot (COLD).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "edge/http/request_view.h"

namespace pixel::edge {

using DomainNames = std::vector<std::string>;  // In lower case.

/// The host of an absolute URL or an origin, without user, port and a dot at its end; empty for
/// anything else, and for an IPv6 address.
std::string_view host_of_url(std::string_view url) noexcept;

/// The host of Origin; where that is absent or names none ("null"), of the Referer, for browsers
/// send no Origin for an image. Empty: unknown.
std::string_view origin_host(const RequestView& request) noexcept;

/// Whether `host` is `domain` or below it, by whole labels, in any case. REQUIRES: `domain` is in
/// lower case.
bool is_within_domain(std::string_view host, std::string_view domain) noexcept;

/// The index of the first of `domains` that `host` is within; domains.size() where there is none.
std::size_t find_domain(std::string_view host, const DomainNames& domains) noexcept;

}  // namespace pixel::edge
