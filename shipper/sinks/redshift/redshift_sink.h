// SPDX-License-Identifier: Apache-2.0
// The redshift sink: objects to S3, then COPY of their manifest, checkpoint and manifest row in one
// transaction of the cluster. COLD interface; deliver() is the sink thread's. See README.md for the
// guarantee.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shipper/sinks/redshift/redshift_config.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

/// `name` is the checkpoint's key in its schema and a folder below the prefix. Nothing is touched
/// before open().
std::unique_ptr<Sink> create_redshift_sink(std::string name, std::vector<TableSpec> tables,
                                           RedshiftSettings settings);

}  // namespace pixel::shipper
