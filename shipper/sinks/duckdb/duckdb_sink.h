// SPDX-License-Identifier: Apache-2.0
// The duckdb sink: rows and checkpoint in one transaction of an embedded database. COLD interface;
// deliver() is the sink thread's. See README.md for the guarantee.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shipper/sinks/duckdb/duckdb_config.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

/// `name` is the checkpoint's key: two sinks in one database need two names. Nothing is touched
/// before open().
std::unique_ptr<Sink> create_duckdb_sink(std::string name, std::vector<TableSpec> tables,
                                         DuckdbSettings settings);

}  // namespace pixel::shipper
