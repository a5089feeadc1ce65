// SPDX-License-Identifier: Apache-2.0
// What commands ask where no shipper runs: each opens the sinks itself, under the lock, and closes
// them. An error names who holds the lock. COLD.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "shipper/config.h"
#include "shipper/job.h"
#include "shipper/service.h"

namespace pixel::shipper {

/// Opens a sink while no shipper runs and says how far it has come: by its own word, or its
/// journal's. REQUIRES: the caller has the lock.
base::Result<Checkpoint> open_offline(const Config& config, const SinkConfig& sink_config,
                                      Sink& sink);

/// The sinks' own words, and the spool's size.
base::Result<ShipperState> offline_state(const Config& config);

/// Which segment is which part of which foreign file, as JSON.
base::Result<std::string> offline_sources(const Config& config);
base::Result<std::vector<SinkHoldings>> offline_holdings(const Config& config);

/// The answer of the sink called `name`, or of the first that answers queries.
base::Result<QueryAnswer> offline_query(const Config& config, const std::string& name,
                                        const std::string& sql);

base::Result<JobOutcome> offline_job(const Config& config, const JobRequest& request,
                                     JobProgress& progress);

}  // namespace pixel::shipper
