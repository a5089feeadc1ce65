// SPDX-License-Identifier: Apache-2.0
// The two versions of the PROXY protocol, for parse_proxy_header alone. HOT; pure.
#pragma once

#include <string_view>

#include "edge/client/proxy_header.h"

namespace pixel::edge::proxy_detail {

inline constexpr ProxyResult kWantsMore{ProxyStatus::kIncomplete, ProxyFault::kNone};
inline constexpr ProxyResult kDone{ProxyStatus::kComplete, ProxyFault::kNone};
constexpr ProxyResult refuse(ProxyFault fault) noexcept { return {ProxyStatus::kRefused, fault}; }

/// REQUIRES: `header` is new. It holds something of the header also when that is not complete.
ProxyResult parse_v1(std::string_view bytes, ProxyHeader& header) noexcept;
ProxyResult parse_v2(std::string_view bytes, ProxyHeader& header) noexcept;

}  // namespace pixel::edge::proxy_detail
