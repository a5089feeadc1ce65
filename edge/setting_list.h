// SPDX-License-Identifier: Apache-2.0
// The table of settings with the values of one configuration, as TOML. COLD.
#pragma once

#include <string>
#include <vector>

#include "edge/config.h"
#include "edge/settings.h"

namespace pixel::edge {

struct Setting {
  std::string section;  // Of a route's: empty.
  std::string key;
  std::string value;  // As TOML: "\"64MiB\"".
  Effect effect = Effect::kReload;
};

/// All of them but those of [[route]], in the order of the table.
std::vector<Setting> list_settings(const EdgeConfig& config);
/// Those that its kind has.
std::vector<Setting> list_route_settings(const RouteOptions& route);

}  // namespace pixel::edge
