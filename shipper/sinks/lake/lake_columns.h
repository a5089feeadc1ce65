// SPDX-License-Identifier: Apache-2.0
// What the lake demands of a table's columns. COLD; pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper::lake {

/// SQL types by "table.column", as commit records keep them.
using ColumnTypes = std::map<std::string, std::string>;

/// An error where a column has the name of a folder's, or none is the request's time.
base::Status check_columns(const TableSpec& table);

/// An error where a column had another type when it was written before.
base::Status check_types(const std::vector<TableSpec>& tables, const ColumnTypes& written);

/// Adds the columns that files of these tables have.
void add_types(const std::vector<TableSpec>& tables, ColumnTypes& types);

}  // namespace pixel::shipper::lake
