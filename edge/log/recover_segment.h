// SPDX-License-Identifier: Apache-2.0
// One unsealed segment of a dead process -> one sealed segment with the mark `recovered`. COLD.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "edge/log/recovery.h"
#include "logfmt/manifest.h"

namespace pixel::edge {

/// What became of a segment.
struct RecoveredSegment {
  bool discarded = false;  // It had no whole line.
  logfmt::Manifest manifest;
};

/// Recovers active/<id>.seg. `sealed_names` are the files of sealed/ at the begin of recovery.
///
/// Order: cut trailing NULs -> manifest (durable) -> fill holes, cut, fdatasync -> rename. The
/// manifest describes the file as it will be, so that one who is killed before the rename finds it
/// fitting and keeps what it says of holes and torn bytes that are gone by then.
base::Result<RecoveredSegment> recover_segment(const RecoveryOptions& options,
                                               const logfmt::SegmentId& id,
                                               const std::vector<std::string>& sealed_names);

}  // namespace pixel::edge
