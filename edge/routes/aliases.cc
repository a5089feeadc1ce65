// SPDX-License-Identifier: Apache-2.0
// COLD: see aliases.h.
#include "edge/routes/aliases.h"

#include "edge/routes/tracker_script.h"

namespace pixel::edge {
namespace {

// Both named crawlers obey only rules that name them (a site's ads are checked by the second).
constexpr const char* kRobotsText =
    "User-agent: *\n"
    "Disallow: /\n"
    "\n"
    "User-agent: Googlebot\n"
    "Disallow: /\n"
    "\n"
    "User-agent: AdsBot-Google\n"
    "Disallow: /\n";

constexpr const char* kCrossdomainText =
    "<?xml version=\"1.0\"?>\n"
    "<!DOCTYPE cross-domain-policy SYSTEM "
    "\"http://www.adobe.com/xml/dtds/cross-domain-policy.dtd\">\n"
    "<cross-domain-policy>\n"
    "  <allow-access-from domain=\"*\" secure=\"true\"/>\n"
    "</cross-domain-policy>\n";

RouteOptions pixel(std::string path, std::string image) {
  RouteOptions route;
  route.path = std::move(path);
  route.image = std::move(image);
  return route;
}

RouteOptions static_text(std::string path, std::string_view text, std::uint64_t max_age_ns) {
  RouteOptions route;
  route.kind = RouteKind::kStatic;
  route.path = std::move(path);
  route.text = text;
  route.max_age_ns = max_age_ns;
  return route;
}

void add_segment(std::vector<RouteOptions>& routes) {
  RouteOptions batch;
  batch.kind = RouteKind::kBatch;
  batch.path = "/v1/batch";
  batch.batch_key = "batch";
  routes.push_back(std::move(batch));
  RouteOptions image = pixel("/v1/pixel/*", "gif");
  image.data_parameter = true;
  routes.push_back(std::move(image));
}

// What its trackers send is one record, whatever it holds; their collector takes 1 MiB. They retry
// forever on an empty answer.
void add_snowplow(std::vector<RouteOptions>& routes) {
  RouteOptions route = pixel("/{vendor}/{version}", "gif-snowplow");
  route.answer = "ok";
  route.body_bytes = base::kMiB;
  route.record_bytes = base::kMiB;
  routes.push_back(std::move(route));
}

}  // namespace

std::vector<RouteOptions> alias_routes(const HttpOptions& options) {
  constexpr std::uint64_t kDayNs = 24 * 3600 * base::kSecondNs;
  std::vector<RouteOptions> routes;
  if (options.alias_pixels) {
    routes.push_back(pixel("/1x1.gif", "gif"));
    routes.push_back(pixel("/pixel.gif", "gif"));
    routes.push_back(pixel("/i", "gif-snowplow"));
    routes.push_back(pixel("/ice.png", "gif-snowplow"));
    routes.push_back(pixel("/collect", "gif-35"));
  }
  if (options.alias_health) {
    RouteOptions health;
    health.kind = RouteKind::kHealth;
    health.path = "/health";
    routes.push_back(std::move(health));
  }
  if (options.alias_tracker) routes.push_back(static_text("/pixel.js", kTrackerScript, kDayNs));
  if (options.alias_robots) routes.push_back(static_text("/robots.txt", kRobotsText, kDayNs));
  if (options.alias_crossdomain) {
    routes.push_back(static_text("/crossdomain.xml", kCrossdomainText, kDayNs));
  }
  if (options.alias_segment) add_segment(routes);
  if (options.alias_snowplow) add_snowplow(routes);
  return routes;
}

}  // namespace pixel::edge
