// SPDX-License-Identifier: Apache-2.0
// The sink's statements. Nothing that Redshift lacks: no ON CONFLICT, no advisory locks, no unique
// constraints that hold. Pure. COLD.
// Source: Amazon Redshift Database Developer Guide, SQL commands.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"
#include "shipper/sinks/redshift/redshift_config.h"
#include "shipper/sinks/redshift/redshift_files.h"

namespace pixel::shipper::redshift {

/// The type a column is created with.
std::string_view redshift_type(ColumnType type) noexcept;

/// What the schema has: tables, their columns and types as format_type() spells them.
using StoredTables = std::map<std::string, std::map<std::string, std::string>>;
std::string stored_tables_sql(const std::string& schema);

/// What must be made, in order. Existing tables are widened; a column of another type is an error.
base::Result<std::vector<std::string>> plan_tables(const RedshiftSettings& settings,
                                                   const std::vector<TableSpec>& tables,
                                                   const StoredTables& stored);

/// COPY of one load, from its manifest. `into` stands for the table where not empty (quoted).
std::string copy_sql(const RedshiftSettings& settings, const std::vector<TableSpec>& tables,
                     const TableLoad& load, std::string_view into = "");

/// Makes the sink's row where there is none, and reads it: the last statement's answer.
std::string read_checkpoint_sql(const RedshiftSettings& settings, std::string_view sink,
                                std::string_view empty, std::int64_t now_s);
/// BEGIN, and the checkpoint moved from one value to the other: counts 1 row where it was `from`.
std::string move_checkpoint_sql(const RedshiftSettings& settings, std::string_view sink,
                                std::string_view from, std::string_view to, std::int64_t now_s);
/// The row that says that a manifest was loaded.
std::string note_load_sql(const RedshiftSettings& settings, std::string_view sink,
                          std::string_view token, const TableLoad& load, std::int64_t now_s);
/// Tokens that were loaded at or after `since_s`.
std::string loaded_tokens_sql(const RedshiftSettings& settings, std::string_view sink,
                              std::int64_t since_s);
/// Why a load failed: file, line, reason; the newest first.
std::string load_errors_sql(std::string_view token);

/// Rows of a staging table whose place is not in the table.
std::string restore_sql(const RedshiftSettings& settings, const TableSpec& table,
                        std::string_view staging);

}  // namespace pixel::shipper::redshift
