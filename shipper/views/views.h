// SPDX-License-Identifier: Apache-2.0
// The views that come with the tables: their SQL lies in the .sql files beside this one and becomes
// part of the program. Pure; any thread. COLD.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shipper/decode/row_block.h"

namespace pixel::shipper {

enum class SqlDialect { kDuckdb, kPostgres };

struct ViewStatement {
  std::string name;
  std::string sql;  // One CREATE OR REPLACE VIEW, without a semicolon.
};

/// The views whose tables and columns are among `tables`, and whose name none of them has. `schema`
/// goes before every name as it stands, quoted where needed: "prod." or "".
std::vector<ViewStatement> view_statements(SqlDialect dialect, const std::vector<TableSpec>& tables,
                                           std::string_view schema);

/// A view as it lies in its file.
struct ViewSource {
  std::string_view name;
  std::string_view text;
};
/// All of them; made from the files by the build.
std::vector<ViewSource> view_sources();

}  // namespace pixel::shipper
