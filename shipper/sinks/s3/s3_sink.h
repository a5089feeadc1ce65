// SPDX-License-Identifier: Apache-2.0
// The S3 sink: a batch becomes objects whose names and bytes follow from it, so that sending it
// again finds them there. COLD interface; deliver() runs on as many threads as traits() says.
#pragma once

#include <memory>
#include <vector>

#include "shipper/sinks/s3/s3_config.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

/// Touches nothing before open().
std::unique_ptr<Sink> create_s3_sink(std::vector<TableSpec> tables, S3SinkSettings settings);

}  // namespace pixel::shipper
