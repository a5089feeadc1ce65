// SPDX-License-Identifier: Apache-2.0
// Runs a job where it can be run: in the shipper that runs, else here under the lock; with progress
// and an end by Ctrl-C either way. COLD.
#pragma once

#include "shipper/cli/console.h"
#include "shipper/job.h"

namespace pixel::shipper::cli {

/// The report of the job when it has ended; an error where it failed or could not be started.
base::Result<JobReport> run_and_watch(const Config& config, const JobRequest& request);

/// What a person is told of a job that is done.
std::string describe(const JobReport& report);

}  // namespace pixel::shipper::cli
