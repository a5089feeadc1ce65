// SPDX-License-Identifier: Apache-2.0
// Builds the table of paths. COLD: boot and reload.
#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "base/hash.h"
#include "edge/routes/route.h"

namespace pixel::edge {

bool is_path_pattern(std::string_view path) noexcept {
  return path.find_first_of("{}*") != std::string_view::npos;
}

RouteTable::RouteTable(const std::vector<Entry>& entries) {
  const auto exact_count =
      static_cast<std::size_t>(std::count_if(entries.begin(), entries.end(), [](const Entry& each) {
        return !is_path_pattern(each.path);
      }));
  slots_.resize(std::bit_ceil(2 * exact_count + 1));
  for (const Entry& entry : entries) {
    CHECK(entry.path.starts_with('/'));
    if (is_path_pattern(entry.path)) {
      for (const Slot& each : patterns_) CHECK(each.path != entry.path);
      patterns_.push_back({0, entry.path, entry.route});
      continue;
    }
    const std::uint64_t hash = base::hash64(entry.path);
    std::size_t index = hash & (slots_.size() - 1);
    for (; !slots_[index].path.empty(); index = (index + 1) & (slots_.size() - 1)) {
      CHECK(slots_[index].path != entry.path);
    }
    slots_[index] = {hash, entry.path, entry.route};
  }
}

}  // namespace pixel::edge
