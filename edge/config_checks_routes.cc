// SPDX-License-Identifier: Apache-2.0
// COLD: see config_checks.h. Routes, origins and headers, as the routes themselves judge them.
#include <fmt/format.h>

#include <set>

#include "edge/config_checks.h"
#include "edge/routes/route_check.h"

namespace pixel::edge {

void check_routes(const EdgeConfig& config, ConfigFaults& faults) {
  for (const OptionFault& fault : check_http(config.http)) {
    const std::size_t dot = fault.key.find('.');
    faults.expect(std::string(fault.key.substr(0, dot)), std::string(fault.key.substr(dot + 1)),
                  fault.expected, fault.element);
  }
  std::set<std::string> paths;
  const auto& routes = config.http.routes;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const std::string section = fmt::format("route[{}]", i);
    for (const OptionFault& fault : check_route(routes[i])) {
      faults.expect(section, std::string(fault.key), fault.expected, fault.element);
    }
    if (!paths.insert(routes[i].path).second) {
      faults.expect(section, "path", "a path that no other [[route]] has");
    }
    const RouteOptions defaults;
    if (routes[i].body_bytes != defaults.body_bytes && routes[i].body_bytes > config.body_bytes) {
      faults.expect(section, "body_bytes", "no more than limits.body");
    }
  }
  if (routes.size() > kRoutesMax) {
    faults.expect(fmt::format("route[{}]", kRoutesMax), "path",
                  fmt::format("at most {} routes", kRoutesMax));
  }
}

}  // namespace pixel::edge
