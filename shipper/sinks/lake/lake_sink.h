// SPDX-License-Identifier: Apache-2.0
// The lake sink: Hive-partitioned Parquet files in a folder, exactly once. COLD interface;
// deliver() and maintain() are the sink thread's. See README.md for the guarantee and for what
// other readers of the folder can see.
#pragma once

#include <memory>
#include <vector>

#include "shipper/sinks/lake/lake_config.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

/// One sink per lake and table: open() refuses a second one. Nothing is touched before open().
std::unique_ptr<Sink> create_lake_sink(std::vector<TableSpec> tables, LakeSettings settings);

}  // namespace pixel::shipper
