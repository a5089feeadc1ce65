// SPDX-License-Identifier: Apache-2.0
// Which rows of a batch are in a table already: for servers and tables that do not know a repeated
// insert again. COLD; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "shipper/batch/batch.h"
#include "shipper/sinks/clickhouse/clickhouse_client.h"

namespace pixel::shipper {

/// False where the table has no lineage columns: then nobody can tell.
bool can_check_presence(const TableSpec& spec);

/// The condition that holds for the batch's rows of this table and no others; it names the time as
/// well, where the table has it, which is what the table is ordered by. REQUIRES:
/// can_check_presence; rows.row_count > 0.
std::string presence_condition(const TableSpec& spec, const RowBlock& rows, const Batch& batch);

/// Leaves those of `chosen` (rows of the block) that are not in the table. An error also while an
/// insert called `query_id` still runs: it may add them any moment.
base::Status leave_missing(ClickhouseClient& client, const std::string& table,
                           const TableSpec& spec, const RowBlock& rows, const Batch& batch,
                           const std::string& query_id, std::vector<std::uint32_t>& chosen);

}  // namespace pixel::shipper
