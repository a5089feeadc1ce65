// SPDX-License-Identifier: Apache-2.0
// Reads the lake back through a DuckDB of its own: tables as views over the files given, and
// nothing else within reach. COLD; any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"
#include "shipper/sinks/duckdb/duckdb_handle.h"
#include "shipper/sinks/lake/lake_config.h"

namespace pixel::shipper::lake {

struct LakeReader {
  duckdb::Database database;
  duckdb::Connection connection;  // Goes before its database.
};

/// A table and its current files, which must stay where they are while the reader lives.
struct ReadTable {
  const TableSpec* spec;
  std::vector<std::filesystem::path> files;
};

/// A view per table, by its name. Without files it has the configured columns and no row.
base::Result<LakeReader> open_reader(const LakeSettings& settings,
                                     const std::vector<ReadTable>& tables);

}  // namespace pixel::shipper::lake
