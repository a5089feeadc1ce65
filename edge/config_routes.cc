// SPDX-License-Identifier: Apache-2.0
// COLD: see config_routes.h.
#include "edge/config_routes.h"

#include <fmt/format.h>

#include <algorithm>

#include "edge/setting_list.h"
#include "edge/settings_route.h"

namespace pixel::edge {
namespace {

// "redirect, static": the kinds that know a key; empty where none does.
std::string kinds_with(std::string_view key) {
  std::vector<std::string> kinds;
  for (std::size_t kind = 0; kind < kRouteKindNames.size(); ++kind) {
    RouteOptions route;
    route.kind = static_cast<RouteKind>(kind);
    const auto settings = list_route_settings(route);
    if (std::any_of(settings.begin(), settings.end(),
                    [&](const Setting& setting) { return setting.key == key; })) {
      kinds.emplace_back(kRouteKindNames[kind]);
    }
  }
  return fmt::format("{}", fmt::join(kinds, ", "));
}

// Keys of other kinds are told as such, not as unknown.
void report_foreign_keys(base::ConfigSection& section, const RouteOptions& route) {
  const auto known = list_route_settings(route);
  for (const std::string& key : section.keys()) {
    if (std::any_of(known.begin(), known.end(),
                    [&](const Setting& setting) { return setting.key == key; })) {
      continue;
    }
    const std::string kinds = kinds_with(key);
    if (kinds.empty()) continue;
    section.report(key, fmt::format("not a key of kind = \"{}\"; it belongs to: {}",
                                    kRouteKindNames[static_cast<std::size_t>(route.kind)], kinds));
  }
}

}  // namespace

RouteReader::RouteReader(base::ConfigSection& root, Loader& loader) : loader_(loader) {
  if (root.has("pixel")) {
    root.report("pixel", "[[pixel]] is now [[route]] with kind = \"pixel\"");
  }
  sections_ = root.numbered_sections("route");
}

std::vector<RouteOptions> RouteReader::read() {
  std::vector<RouteOptions> routes;
  for (base::ConfigSection& section : sections_) {
    RouteOptions& route = routes.emplace_back();
    loader_.use(section);
    visit_route_settings(route, loader_);
    if (loader_.has_failed("kind")) {
      broken_.insert(routes.size() - 1);
      continue;
    }
    report_foreign_keys(section, route);
    loader_.finish_section();
  }
  return routes;
}

base::ConfigSection* RouteReader::section_of(std::size_t index) {
  return broken_.contains(index) ? nullptr : &sections_[index];
}

}  // namespace pixel::edge
