// SPDX-License-Identifier: Apache-2.0
// Paths -> what they do. Built at boot and at reload (COLD), read without locks (HOT). Immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/http/response.h"

namespace pixel::edge {

enum class RouteKind : std::uint8_t {
  kPixel,     // GET: the image; POST: as kBeacon.
  kBeacon,    // POST: the body is a record; GET: the image.
  kBatch,     // POST: a JSON array of records.
  kEvent,     // POST: one JSON object.
  kRedirect,  // GET: 302 to a target of the query.
  kStatic,    // GET: a file from memory.
  kHealth,    // GET: whether this worker may get traffic; never logged.
};

/// How Access-Control-Allow-Origin is answered (Fetch standard, section 3.2).
enum class Cors : std::uint8_t {
  kNone,
  kAny,   // "*"
  kEcho,  // The request's Origin, with credentials.
  kList,  // The same for listed origins only.
};

/// What one path does. Indexes are into the ResponseSet that is built from the same RouteBook.
struct Route {
  RouteKind kind = RouteKind::kPixel;
  Cors cors = Cors::kAny;
  bool reads_data_parameter = false;  // GET: the query's data= is a record (Segment's pixel).
  std::uint16_t get = 0;              // Answer to GET and HEAD.
  std::uint16_t post = 0;             // Answer to POST.
  std::uint16_t preflight = 0;        // Answer to OPTIONS.
  std::uint16_t not_allowed = 0;      // 405 with this route's Allow.
  std::uint16_t own = 0;              // Place in RouteBook's list of what is rarely needed.

  /// GET needs nothing but `get` (and the echo of an Origin).
  bool get_is_prebuilt() const noexcept {
    return kind == RouteKind::kStatic || kind == RouteKind::kBeacon ||
           (kind == RouteKind::kPixel && !reads_data_parameter);
  }
};

/// Exact paths and patterns, compared byte by byte with the path as it came: nothing is decoded or
/// folded. An exact path wins; then patterns in the order they were given. In a pattern "{name}" is
/// one segment that is not empty, and a last "*" is one such segment and whatever follows it.
class RouteTable {
 public:
  struct Entry {
    std::string path;  // "/1x1.gif"; "/v1/pixel/*" (one segment or more); "/{vendor}/{version}".
    Route route;
  };
  RouteTable() = default;
  /// COLD. Paths differ.
  explicit RouteTable(const std::vector<Entry>& entries);

  /// Null where no route has the path. HOT: one hash and one comparison for an exact one.
  const Route* find(std::string_view path) const noexcept;

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::string path;
    Route route;
  };
  const Route* find_pattern(std::string_view path) const noexcept;
  std::vector<Slot> slots_;  // Open addressing; size is a power of two, at most half full.
  std::vector<Slot> patterns_;
};

/// Whether a path of the options is a pattern.
bool is_path_pattern(std::string_view path) noexcept;

}  // namespace pixel::edge
