// SPDX-License-Identifier: Apache-2.0
// What the client wishes: DNT, X-Do-Not-Track, Sec-GPC, an opt-out cookie, SP-Anonymous. Rules are
// built at boot (COLD); asking them is HOT.
#pragma once

#include <string>

#include "edge/http/request_view.h"

namespace pixel::edge {

struct ConsentRules {
  bool dnt = false;
  bool gpc = false;
  std::string opt_out_cookie;  // Empty: none.
};

/// An opt-out is DNT or X-Do-Not-Track that begins with '1' (what may follow are extensions: W3C
/// Tracking Preference Expression, section 5.2), Sec-GPC that is exactly '1' (Global Privacy
/// Control, section 3.1), or a cookie of the configured name.
bool is_opt_out(const RequestView& request, const ConsentRules& rules) noexcept;

/// SP-Anonymous, whatever its value.
inline bool asks_anonymity(const RequestView& request) noexcept {
  return request.extra.has(ExtraHeader::kAnonymous);
}

}  // namespace pixel::edge
