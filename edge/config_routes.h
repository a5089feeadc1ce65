// SPDX-License-Identifier: Apache-2.0
// Reads the [[route]] tables of a file. COLD.
#pragma once

#include <set>
#include <vector>

#include "base/config_reader.h"
#include "edge/config_loader.h"
#include "edge/routes/route_options.h"

namespace pixel::edge {

class RouteReader {
 public:
  RouteReader(base::ConfigSection& root, Loader& loader);
  /// Once. Errors of form go to the reader of the file.
  std::vector<RouteOptions> read();
  /// Where to report what a route must not mean. Null where its kind is no word: anything more
  /// would mislead. REQUIRES: index below the number of routes.
  base::ConfigSection* section_of(std::size_t index);

 private:
  Loader& loader_;
  std::vector<base::ConfigSection> sections_;
  std::set<std::size_t> broken_;
};

}  // namespace pixel::edge
