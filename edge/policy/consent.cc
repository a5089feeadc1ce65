// SPDX-License-Identifier: Apache-2.0
// HOT: see consent.h.
#include "edge/policy/consent.h"

#include "edge/policy/cookies.h"
#include "edge/policy/text.h"

namespace pixel::edge {
namespace {

bool says_one(const RequestView& request, ExtraHeader header) noexcept {
  return policy_text::trim(request.extra.get(header)).starts_with('1');
}

}  // namespace

bool is_opt_out(const RequestView& request, const ConsentRules& rules) noexcept {
  if (request.extra.any()) {
    if (rules.dnt && says_one(request, ExtraHeader::kDnt)) return true;
    if (rules.dnt && says_one(request, ExtraHeader::kDoNotTrack)) return true;
    if (rules.gpc && policy_text::trim(request.extra.get(ExtraHeader::kGpc)) == "1") return true;
  }
  return !rules.opt_out_cookie.empty() && has_cookie(request.cookie, rules.opt_out_cookie);
}

}  // namespace pixel::edge
