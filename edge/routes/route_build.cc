// SPDX-License-Identifier: Apache-2.0
// Builds the table of paths. COLD: boot and reload.
#include <bit>

#include "base/assert.h"
#include "base/hash.h"
#include "edge/routes/route.h"

namespace pixel::edge {

RouteTable::RouteTable(const std::vector<std::string>& pixel_paths)
    : slots_(std::bit_ceil(2 * pixel_paths.size() + 1)) {
  for (const std::string& path : pixel_paths) {
    CHECK(path.starts_with('/'));
    CHECK(!has_path(path));
    const std::uint64_t hash = base::hash64(path);
    std::size_t index = hash & (slots_.size() - 1);
    while (!slots_[index].path.empty()) index = (index + 1) & (slots_.size() - 1);
    slots_[index] = Slot{hash, path};
  }
}

}  // namespace pixel::edge
