// SPDX-License-Identifier: Apache-2.0
// What a server's tables hold, and answers to queries. COLD; one thread.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/sinks/clickhouse/clickhouse_client.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

/// By segment, over all tables. An error where one has no lineage columns.
base::Result<std::vector<Holding>> read_clickhouse_holdings(ClickhouseClient& client,
                                                            const ClickhouseOptions& options);

/// {"columns":[...],"rows":[[...],...]}; the server takes nothing but reading.
base::Result<QueryAnswer> ask_clickhouse(ClickhouseClient& client, const ClickhouseOptions& options,
                                         std::string_view sql);

}  // namespace pixel::shipper
