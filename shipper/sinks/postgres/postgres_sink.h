// SPDX-License-Identifier: Apache-2.0
// The postgres sink: rows and checkpoint in one transaction of a PostgreSQL server. COLD interface;
// deliver() is the sink thread's. See README.md for the guarantee.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shipper/sinks/postgres/postgres_config.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

/// `name` is the checkpoint's key in its schema. Nothing is touched before open().
std::unique_ptr<Sink> create_postgres_sink(std::string name, std::vector<TableSpec> tables,
                                           PostgresSettings settings);

}  // namespace pixel::shipper
