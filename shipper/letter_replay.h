// SPDX-License-Identifier: Apache-2.0
// Gives dead letters to their sink again, decoded with the present settings: those that now fit are
// restored and marked as resolved, the others stay. COLD; one thread.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "shipper/job.h"
#include "shipper/letter_box.h"
#include "shipper/restore.h"

namespace pixel::shipper {

/// REQUIRES: sink.open() succeeded, and nobody else delivers to it.
base::Result<JobOutcome> replay_letters(const std::filesystem::path& sink_state,
                                        const BatchContent& content, const BatchLimits& limits,
                                        Sink& sink, JobProgress& progress);

}  // namespace pixel::shipper
