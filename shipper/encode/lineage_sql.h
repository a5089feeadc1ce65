// SPDX-License-Identifier: Apache-2.0
// SQL that counts what tables hold of each segment, by their lineage columns, and its answer as
// holdings. For the sinks that speak PostgreSQL's SQL. Pure. COLD.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"
#include "shipper/sinks/sink.h"

namespace pixel::shipper {

/// Columns: segment, rows, distinct rows; in the order of segments. An error where a table has no
/// lineage (_segment and _offset).
base::Result<std::string> lineage_sql(std::string_view schema, std::span<const TableSpec> tables);

/// REQUIRES: rows of lineage_sql's answer. An error where a _segment names no segment.
base::Result<std::vector<Holding>> holdings_of(
    std::span<const std::vector<std::optional<std::string>>> rows);

}  // namespace pixel::shipper
