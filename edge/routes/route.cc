// SPDX-License-Identifier: Apache-2.0
// Method and path -> answer. HOT: one hash, one comparison. Any thread.
#include "edge/routes/route.h"

#include "base/hash.h"

namespace pixel::edge {

bool RouteTable::has_path(std::string_view path) const noexcept {
  const std::uint64_t hash = base::hash64(path);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t index = hash & mask; !slots_[index].path.empty(); index = (index + 1) & mask) {
    if (slots_[index].hash == hash && slots_[index].path == path) return true;
  }
  return false;
}

ResponseId RouteTable::route(const RequestView& request) const noexcept {
  switch (request.method) {
    case Method::kGet:
    case Method::kHead:
      return has_path(request.path) ? ResponseId::kPixel : ResponseId::kNotFound;
    case Method::kKnownOther:
      return ResponseId::kMethodNotAllowed;
    case Method::kUnknown:
      break;
  }
  return ResponseId::kNotImplemented;
}

}  // namespace pixel::edge
