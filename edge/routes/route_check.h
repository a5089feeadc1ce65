// SPDX-License-Identifier: Apache-2.0
// What the options of a route must mean, apart from the form of their file: shared by who reads the
// file (and points at the key) and by who builds the routes (and trusts nobody). Pure. COLD.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "edge/routes/route_options.h"

namespace pixel::edge {

/// The words of the configuration, by RouteKind's and Cors' values.
inline constexpr std::array<std::string_view, 7> kRouteKindNames{
    "pixel", "beacon", "batch", "event", "redirect", "static", "health"};
inline constexpr std::array<std::string_view, 4> kCorsNames{"none", "any", "echo", "list"};
inline constexpr std::array<std::string_view, 3> kAnswerNames{"none", "ok", "image"};

/// Of the file; the indexes of their answers fit 16 bits.
inline constexpr std::size_t kRoutesMax = 1000;

/// Of one batch. Its answer has up to 192 bytes for each, and WorkerRules::kContentBytesMax in all.
inline constexpr std::uint32_t kRecordsMax = 500;

/// Something that must not be.
struct OptionFault {
  static constexpr std::size_t kWhole = SIZE_MAX;
  std::string_view key;          // As in the file: "hosts".
  std::size_t element = kWhole;  // Of an array.
  std::string expected;          // Completes "expected ...".
};
using OptionFaults = std::vector<OptionFault>;

/// Of one route alone; a setting that has no effect is a fault too.
OptionFaults check_route(const RouteOptions& route);
/// Of [cors] and [headers]; keys are "cors.origins", "headers.lines".
OptionFaults check_http(const HttpOptions& options);

/// Whether a route of this kind has an image, or takes bodies.
bool has_image(RouteKind kind) noexcept;
bool takes_bodies(RouteKind kind) noexcept;

}  // namespace pixel::edge
