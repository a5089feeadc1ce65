// SPDX-License-Identifier: Apache-2.0
// Everything that answers are made of, from the options: the table of routes, the texts of their
// responses, and what only some routes need. COLD to build; immutable; HOT to read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "edge/http/response.h"
#include "edge/routes/redirect.h"
#include "edge/routes/route.h"
#include "edge/routes/route_options.h"

namespace pixel::edge {

/// What only routes with bodies or targets need.
struct RouteExtras {
  std::string batch_key;
  std::uint32_t records_max = 0;
  std::uint32_t body_bytes_max = 0;
  std::uint32_t record_bytes_max = 0;
  RedirectRules redirect;
};

/// No answer of a route has more bytes of body ...
inline constexpr std::size_t kRouteContentBytesMax = 64 * 1024;
/// ... or, with its head, than this.
inline constexpr std::size_t kRouteAnswerBytesMax = kRouteContentBytesMax + 16 * 1024;

struct RouteBook {
  RouteTable table;
  std::vector<ResponseText> texts;  // Indexes of Route count from kResponseCount.
  std::vector<RouteExtras> extras;  // By Route::own; the first is that of routes without any.
  Route unknown;  // For a path without a route: 404, but OPTIONS is answered all the same.
  std::vector<std::string> origins;  // Cors::kList: allowed ones, lower case.
  bool takes_bodies = false;         // Any route that keeps records.
  std::uint32_t body_bytes_max = 0;  // The largest of any route.

  /// Reads files. Errors say which route and why: 'route "/x": file: cannot open /y: ...'.
  static base::Result<std::unique_ptr<const RouteBook>> create(const HttpOptions& options);
  /// Whether an Origin is answered with its own name (never one with bytes that a header value may
  /// not have). HOT.
  bool echoes(const Route& route, std::string_view origin) const noexcept;
};

}  // namespace pixel::edge
