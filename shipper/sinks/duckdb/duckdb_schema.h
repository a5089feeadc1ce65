// SPDX-License-Identifier: Apache-2.0
// The sink's tables: made when absent, widened when the configuration has new columns. COLD.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"
#include "shipper/deliver/checkpoint.h"
#include "shipper/sinks/duckdb/duckdb_handle.h"

namespace pixel::shipper::duckdb {

/// CREATE TABLE IF NOT EXISTS, then ALTER TABLE ADD COLUMN for each column that the table lacks.
/// A column that exists with another type is an error: no row is ever converted silently. Columns
/// of the table that are no longer configured stay and become NULL in new rows.
base::Status ensure_table(Connection& connection, const TableSpec& table);

/// The table `pixeledge_checkpoint`: one row per sink.
base::Status ensure_checkpoint_table(Connection& connection);
/// What is stored for `sink`; a new checkpoint where there is none.
base::Result<Checkpoint> read_checkpoint(Connection& connection, const std::string& sink);
/// Part of the transaction that the connection is in.
base::Status write_checkpoint(Connection& connection, const std::string& sink,
                              const Checkpoint& checkpoint);

}  // namespace pixel::shipper::duckdb
