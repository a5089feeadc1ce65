// SPDX-License-Identifier: Apache-2.0
// Field 20: who a chain of proxies says the first client was. HOT; pure.
#pragma once

#include <optional>

#include "edge/client/ip_address.h"
#include "edge/http/request_view.h"

namespace pixel::edge {

/// The first element of the oldest X-Forwarded-For line that was kept, if it is an address (a port
/// with it is dropped). The client's own claim: good for a line, never for a decision.
std::optional<IpAddress> first_forwarded_for(const RequestView& request) noexcept;

}  // namespace pixel::edge
