// SPDX-License-Identifier: Apache-2.0
// Inserts rows into ClickHouse over HTTP. Exactly once where the table knows a repeated insert by
// its token, or where its lineage columns show which rows are there. COLD.
#pragma once

#include <memory>

#include "shipper/sinks/clickhouse/clickhouse_config.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

std::unique_ptr<Sink> make_clickhouse_sink(const ClickhouseOptions& options);

}  // namespace pixel::shipper
