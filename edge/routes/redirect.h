// SPDX-License-Identifier: Apache-2.0
// Clicks: from a query to the target of a redirect, closed unless a host is listed. Immutable;
// built at boot and at reload (COLD); resolve is HOT by thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/routes/route_options.h"

namespace pixel::edge {

/// Which targets a redirect may have.
class RedirectRules {
 public:
  RedirectRules() = default;
  explicit RedirectRules(const RouteOptions& options);  // COLD

  enum class Fault : std::uint8_t { kNone, kNoTarget, kBadTarget, kHostNotAllowed, kTooLong };
  /// Decodes the target parameter of `query` (once) into `out` and checks it: an absolute https
  /// (or allowed http) URI, a host on the list, no userinfo, no control bytes, backslashes or
  /// spaces, nothing that a browser may read as another host. "${VISITOR}" and "${SP_NUID}" behind
  /// the host become `visitor`. What is written is printable ASCII: a value for Location as it is.
  /// `out_bytes` is 0 on a fault. HOT by thread; no allocation.
  Fault resolve(std::string_view query, std::string_view visitor, char* out,
                std::size_t out_bytes_max, std::size_t& out_bytes) const noexcept;

 private:
  /// `authority` is "host" or "host:port", lower case, without the scheme's default port.
  bool is_listed(std::string_view authority) const noexcept;

  std::string parameter_;
  std::vector<std::string> hosts_;     // Exact, lower case: "example.com", "example.com:8443".
  std::vector<std::string> suffixes_;  // ".example.com", ".example.com:8443"
  bool allow_http_ = false;
};
/// For people and headers: "no target", "the target's host is not on the list".
std::string_view redirect_fault_text(RedirectRules::Fault fault) noexcept;

/// Whether an operator may list it: "example.com", "*.example.com" (two labels or more), either
/// with a port that is not the default one of https or http. COLD.
bool is_redirect_host(std::string_view host) noexcept;

}  // namespace pixel::edge
