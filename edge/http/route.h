// SPDX-License-Identifier: Apache-2.0
// Paths -> what they answer. Built once at boot (COLD), read without locks (HOT).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/http/request_view.h"
#include "edge/http/response.h"

namespace pixel::edge {

/// A perfect-enough table of exact paths: lookup is one hash and one comparison.
class RouteTable {
 public:
  /// COLD. `pixel_paths` are exact, case-sensitive, begin with '/', and differ.
  explicit RouteTable(const std::vector<std::string>& pixel_paths);

  /// The answer by method and path: pixel, 404, 405 or 501. HOT.
  ResponseId route(const RequestView& request) const noexcept;

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::string path;
  };
  bool has_path(std::string_view path) const noexcept;
  std::vector<Slot> slots_;  // Open addressing; size is a power of two, at most half full.
};

}  // namespace pixel::edge
