// SPDX-License-Identifier: Apache-2.0
// COLD: see config_checks.h. Routes, origins and headers, as the routes themselves judge them, and
// the files that settings name, as those who use them do.
#include <fmt/format.h>

#include <set>

#include "edge/config_checks.h"
#include "edge/policy/bots.h"
#include "edge/routes/answers.h"
#include "edge/routes/route_check.h"

namespace pixel::edge {
namespace {

void check_content(const RouteOptions& route, std::string section, ConfigFaults& faults) {
  // Where the route itself is wrong, which file it means is open.
  if (!check_route(route).empty()) return;
  const auto answers = make_answers(route, HttpOptions{});
  if (answers) return;
  const std::string& message = answers.error().message;  // "file: /x.gif is empty".
  const std::size_t colon = message.find(": ");
  faults.report(std::move(section), message.substr(0, colon), message.substr(colon + 2));
}

}  // namespace

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

void check_files(const EdgeConfig& config, ConfigFaults& faults) {
  const auto& routes = config.http.routes;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    check_content(routes[i], fmt::format("route[{}]", i), faults);
  }
  if (config.policy.on_bot == SignalAction::kIgnore || config.policy.agents_file.empty()) return;
  if (const auto agents = read_agents(config.policy.agents_file); !agents) {
    faults.report("bots", "agents_file", agents.error().message);
  }
}

}  // namespace pixel::edge
