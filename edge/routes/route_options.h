// SPDX-License-Identifier: Apache-2.0
// What an operator may say of paths: [[route]], [aliases], [cors], [headers]. COLD.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/units.h"
#include "edge/routes/route.h"

namespace pixel::edge {

/// One [[route]]. Keys that its kind does not know are errors when the file is read.
struct RouteOptions {
  RouteKind kind = RouteKind::kPixel;
  std::string path;
  // pixel, beacon: what is answered. "gif" (43 bytes), "gif-nginx", "gif-snowplow", "gif-matomo",
  // "gif-hpx", "gif-37", "gif-35", "png", "none" (204), or "file".
  std::string image = "gif";
  std::filesystem::path file;  // image = "file", and static.
  std::string content_type;    // Of file; empty: by its extension.
  // beacon, event: the answer to POST: "none" (204), "ok", "image".
  std::string answer = "none";
  // batch, event, beacon
  std::string batch_key;  // Member that holds the array; empty: any single one.
  std::uint32_t records_max = 500;
  std::uint64_t body_bytes = 500 * base::kKiB;
  std::uint64_t record_bytes = 32 * base::kKiB;
  // pixel
  bool data_parameter = false;  // data= of the query is a record.
  // redirect
  std::string target_parameter = "u";
  std::vector<std::string> hosts;  // "example.com", "*.example.com"; empty: none is allowed.
  bool allow_http = false;
  std::uint32_t redirect_status = 302;
  // static
  std::string text;              // The content itself, instead of a file.
  std::uint64_t max_age_ns = 0;  // Of static content; 0: no-store.
  // all
  std::vector<std::string> headers;  // "Name: value"
};

struct HttpOptions {
  std::vector<RouteOptions> routes;  // [[route]]; before the aliases, which they may replace.
  // [aliases]: paths that other systems' tags use; all on unless said.
  bool alias_pixels = true;        // /1x1.gif /pixel.gif /i /ice.png /collect
  bool alias_snowplow = true;      // /{vendor}/{version}
  bool alias_segment = true;       // /v1/pixel/* /v1/batch
  bool alias_health = true;        // /health
  bool alias_tracker = true;       // /pixel.js
  bool alias_robots = true;        // /robots.txt
  bool alias_crossdomain = false;  // /crossdomain.xml
  // [cors]
  std::string cors = "any";               // "none", "any", "echo", "list"
  std::vector<std::string> cors_origins;  // For "list": "https://example.com"
  std::uint64_t cors_max_age_ns = 3600 * base::kSecondNs;
  // [headers]
  std::vector<std::string> headers;   // Added to every answer of a route.
  std::uint64_t hsts_max_age_ns = 0;  // Strict-Transport-Security; 0: none.
};

}  // namespace pixel::edge
