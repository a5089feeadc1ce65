// SPDX-License-Identifier: Apache-2.0
// The table of the keys of a [[route]]: which of them its kind knows. COLD.
#pragma once

#include <cstdint>

#include "base/units.h"
#include "edge/routes/images.h"
#include "edge/routes/route_check.h"

namespace pixel::edge {

/// Calls `visitor` for `kind`, then for each key that this kind has. `Route` is RouteOptions or
/// const RouteOptions; the visitor is one of visit_settings.
template <class Route, class Visitor>
void visit_route_settings(Route& route, Visitor& visitor) {
  using base::kKiB, base::kMiB, base::kSecondNs;
  visitor.choice("kind", route.kind, kRouteKindNames);
  visitor.text("path", route.path);
  const RouteKind kind = route.kind;  // A reader has just set it.
  if (has_image(kind)) {
    visitor.word("image", route.image, kImageNames);
    visitor.word("answer", route.answer, kAnswerNames);
  }
  if (has_image(kind) || kind == RouteKind::kStatic) {
    visitor.optional_path("file", route.file);
    visitor.text("content_type", route.content_type);
  }
  if (kind == RouteKind::kPixel) visitor.flag("data_parameter", route.data_parameter);
  if (kind == RouteKind::kBatch) {
    visitor.text("batch_key", route.batch_key);
    visitor.integer("records_max", route.records_max, {1, kRecordsMax});
  }
  if (takes_bodies(kind)) {
    visitor.bytes("body_bytes", route.body_bytes, {kKiB, 16 * kMiB});
    visitor.bytes("record_bytes", route.record_bytes, {64, 16 * kMiB});
  }
  if (kind == RouteKind::kRedirect) {
    visitor.text("target_parameter", route.target_parameter);
    visitor.texts("hosts", route.hosts);
    visitor.flag("allow_http", route.allow_http);
    visitor.integer("status", route.redirect_status, {300, 399});
  }
  if (kind == RouteKind::kStatic) {
    visitor.text("text", route.text);
    visitor.duration("max_age", route.max_age_ns, {0, 400 * 24 * 3600 * kSecondNs});
  }
  visitor.texts("headers", route.headers);
}

}  // namespace pixel::edge
