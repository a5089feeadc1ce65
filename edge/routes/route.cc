// SPDX-License-Identifier: Apache-2.0
// Path -> route. HOT: one hash and one comparison for an exact path; patterns one by one. Any
// thread.
#include "edge/routes/route.h"

#include "base/hash.h"

namespace pixel::edge {
namespace {

// REQUIRES: a pattern that RouteTable's constructor has let pass.
bool matches(std::string_view pattern, std::string_view path) noexcept {
  std::size_t at = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*') return at < path.size() && path[at] != '/';
    if (pattern[i] != '{') {
      if (at == path.size() || path[at] != pattern[i]) return false;
      ++at;
      continue;
    }
    i = pattern.find('}', i);
    const std::size_t begin = at;
    while (at < path.size() && path[at] != '/') ++at;
    if (at == begin) return false;
  }
  return at == path.size();
}

}  // namespace

const Route* RouteTable::find(std::string_view path) const noexcept {
  if (!slots_.empty()) [[likely]] {
    const std::uint64_t hash = base::hash64(path);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t index = hash & mask; !slots_[index].path.empty(); index = (index + 1) & mask) {
      if (slots_[index].hash == hash && slots_[index].path == path) return &slots_[index].route;
    }
  }
  return find_pattern(path);
}

const Route* RouteTable::find_pattern(std::string_view path) const noexcept {
  for (const Slot& each : patterns_) {
    if (matches(each.path, path)) return &each.route;
  }
  return nullptr;
}

}  // namespace pixel::edge
