// SPDX-License-Identifier: Apache-2.0
// The visitor: whose id a request carries, and the cookies that keep it. Rules are built at boot
// (COLD); keep_visitor and forget_visitor are HOT. Scratch is one worker's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "edge/http/request_view.h"
#include "edge/policy/policy_options.h"
#include "edge/policy/set_cookie.h"
#include "edge/policy/visitor_id.h"

namespace pixel::edge {

struct VisitorRules {
  std::string cookie_name;
  std::string readable_name;  // Empty: no second cookie.
  std::string id_parameter;   // Empty: the query is not looked at.
  std::int64_t lifetime_seconds = 0;
  std::vector<std::string> domains;  // In lower case.
  CookieLine cookie;
  CookieLine readable_cookie;
};
/// COLD. An error names the key of [visitor] and what was expected: what browsers would refuse is
/// refused here.
base::Result<VisitorRules> make_visitor_rules(const PolicyOptions& options);

struct VisitorScratch {
  explicit VisitorScratch(const SipBytes& id_key) noexcept : ids(id_key) {}

  VisitorIdSource ids;
  HttpDate expires;
  std::array<char, kUuidTextBytes> id;
  std::array<char, kCookieNameBytesMax + 1 + kVisitorIdBytesMax> pair;
  std::array<char, 2 * kSetCookieBytesMax> headers;
};

/// Views point into the request or the scratch, until the next call.
struct KeptVisitor {
  std::string_view id;
  std::string_view pair;     // "<cookie name>=<id>"
  std::string_view headers;  // The Set-Cookie lines; on every request, so that a visitor who comes
                             // back is never forgotten.
};
/// The id of the configured query parameter, else of the cookie, else a new one; what is no id is
/// passed over.
KeptVisitor keep_visitor(const RequestView& request, const VisitorRules& rules,
                         std::int64_t unix_seconds, VisitorScratch& scratch) noexcept;

/// The lines by which the browser forgets those of our cookies that it sent; often none.
std::string_view forget_visitor(const RequestView& request, const VisitorRules& rules,
                                VisitorScratch& scratch) noexcept;

}  // namespace pixel::edge
