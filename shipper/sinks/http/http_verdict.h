// SPDX-License-Identifier: Apache-2.0
// A receiver's response -> a verdict. Pure.
// Source: RFC 9110, 15; RFC 6585, 4 (429).
#pragma once

#include <cstdint>

#include "shipper/sinks/sink.h"
#include "shipper/transport/http_client.h"

namespace pixel::shipper {

/// `rows`: how many the request had. Where the receiver refuses what a request says, one bad row
/// may be the cause: halves are tried until it is alone; its fault then stands at table 0, row 0.
Verdict http_verdict(const HttpResponse& response, std::int64_t now_s, std::uint64_t rows);

}  // namespace pixel::shipper
