// SPDX-License-Identifier: Apache-2.0
// What a store's refusal means for the batch: for every sink that puts objects. Pure. COLD.
#pragma once

#include "shipper/sinks/sink.h"
#include "shipper/transport/s3_protocol.h"

namespace pixel::shipper::s3 {

/// Overload without a time of its own waits at least so long: S3 sheds load by the second.
inline constexpr std::uint64_t kOverloadPauseNs = base::kSecondNs;

/// `overload_pause_ns`: the least pause after an overload.
Verdict verdict_of(const StoreError& error, std::uint64_t overload_pause_ns = kOverloadPauseNs);

}  // namespace pixel::shipper::s3
