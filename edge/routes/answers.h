// SPDX-License-Identifier: Apache-2.0
// From the options of one route to the texts of its answers. COLD: boot and reload.
#pragma once

#include <string>

#include "base/result.h"
#include "edge/http/response.h"
#include "edge/routes/route.h"
#include "edge/routes/route_options.h"

namespace pixel::edge {

/// The mode that options.cors names.
Cors cors_of(const HttpOptions& options);

/// What a route answers; a method that it does not know gets `not_allowed`.
struct Answers {
  bool takes_get = false;
  bool takes_post = false;
  ResponseText get;
  ResponseText post;
  ResponseText preflight;
  ResponseText not_allowed;
};

/// Reads the route's file. REQUIRES: check_route(route) and check_http(http) find no fault. An
/// error begins with its key: "file: /x.gif is empty".
base::Result<Answers> make_answers(const RouteOptions& route, const HttpOptions& http);
/// For a path without a route: 404 to everything but OPTIONS.
Answers make_unknown_answers(const HttpOptions& http);

}  // namespace pixel::edge
