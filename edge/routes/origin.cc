// SPDX-License-Identifier: Apache-2.0
// Which origins are answered by name. HOT: a scan of a short text, and of a list where one is set.
#include "edge/routes/route_book.h"

namespace pixel::edge {
namespace {

constexpr std::size_t kOriginBytesMax = 300;  // A scheme, a host of 253 bytes, a port.

// Printable, without what separates values: safe to be sent back (RFC 6454 section 6.1).
bool is_clean(std::string_view origin) noexcept {
  if (origin.empty() || origin.size() > kOriginBytesMax) return false;
  for (const char c : origin) {
    if (c <= ' ' || c > '~' || c == ',' || c == ';' || c == '"') return false;
  }
  return true;
}

// `lower` has no capitals.
bool equal_ignoring_case(std::string_view origin, std::string_view lower) noexcept {
  if (origin.size() != lower.size()) return false;
  for (std::size_t i = 0; i < origin.size(); ++i) {
    const char c = origin[i];
    const char folded = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    if (folded != lower[i]) return false;
  }
  return true;
}

}  // namespace

bool RouteBook::echoes(const Route& route, std::string_view origin) const noexcept {
  if (route.cors == Cors::kEcho) return is_clean(origin);
  if (route.cors != Cors::kList || !is_clean(origin)) return false;
  for (const auto& each : origins) {
    if (equal_ignoring_case(origin, each)) return true;
  }
  return false;
}

}  // namespace pixel::edge
