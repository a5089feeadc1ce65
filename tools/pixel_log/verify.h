// SPDX-License-Identifier: Apache-2.0
// pixel-log verify: each sealed segment against its manifest, and the published lines of active
// ones by themselves. COLD.
#pragma once

#include <vector>

#include "logfmt/request_id.h"
#include "tools/pixel_log/defect.h"
#include "tools/pixel_log/spool_view.h"

namespace pixel::logs {

struct VerifyResult {
  std::uint64_t segments = 0;  // Compared with their manifest.
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  std::uint64_t without_data = 0;  // A manifest alone: retention has deleted the data.
  std::vector<Defect> defects;
};

/// `cipher` may be null: then sequence numbers are not decoded. Active segments are left out.
VerifyResult verify_segments(const SpoolView& view, const logfmt::RequestIdCipher* cipher);

}  // namespace pixel::logs
