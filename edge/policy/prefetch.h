// SPDX-License-Identifier: Apache-2.0
// Whether a browser fetches ahead of a visit that may never come. HOT; pure.
#pragma once

#include "edge/http/request_view.h"

namespace pixel::edge {

/// Sec-Purpose, Purpose, X-Purpose or X-Moz with the token "prefetch", "prerender" or "preview"
/// (Safari's), in any case: "prefetch;prerender", "prefetch;anonymous-client-ip".
bool is_prefetch(const RequestView& request) noexcept;

}  // namespace pixel::edge
