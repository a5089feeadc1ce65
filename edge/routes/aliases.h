// SPDX-License-Identifier: Apache-2.0
// The routes that are there unless they are switched off: paths that other systems' tags use, and
// what every collector is asked for. COLD.
#pragma once

#include <vector>

#include "edge/routes/route_options.h"

namespace pixel::edge {

/// Those that `options` have switched on, whatever options.routes says; exact paths before
/// patterns.
std::vector<RouteOptions> alias_routes(const HttpOptions& options);

}  // namespace pixel::edge
