// SPDX-License-Identifier: Apache-2.0
// What must exist at the server: compared with what is there, and said as SQL. COLD.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"
#include "shipper/sinks/postgres/postgres_config.h"
#include "shipper/transport/postgres_connection.h"
#include "shipper/views/views.h"

namespace pixel::shipper::postgres {

inline constexpr std::string_view kCheckpointTable = "pixeledge_checkpoint";

/// What the server has of one schema.
struct Inventory {
  bool has_schema = false;
  std::map<std::string, std::map<std::string, std::string>> tables;  // Columns and their types.
  std::set<std::string> indexes;
  std::map<std::string, std::string> view_marks;  // Comments of views.
  std::set<std::string> roles;
  std::set<std::string> rights;  // "role table INSERT", "role USAGE", "login member role".
};

/// What a sink needs.
struct Wanted {
  std::string schema;
  std::vector<TableSpec> tables;
  PostgresMode mode = PostgresMode::kCopy;
  bool with_roles = false;
  std::string reader_role;
  std::string writer_role;
  std::string login;  // Becomes a member of the writer role; "": nobody.
  std::vector<ViewStatement> views;
};

/// Reads the catalogues; changes nothing.
PgResult<Inventory> take_inventory(PostgresConnection& connection, const Wanted& wanted);

/// The statements that make what is missing, in order; none where all is there. Existing tables are
/// widened; a column of another type is an error: no row is ever converted silently. Pure.
base::Result<std::vector<std::string>> plan(const Inventory& inventory, const Wanted& wanted);

/// What makes a view.
struct ViewPlan {
  std::string name;
  std::vector<std::string> statements;
};
/// The same of views: one of ours whose text changed is made anew, one that is not ours is left
/// alone. Each by itself: one whose columns have other types than it needs keeps back
/// no other. REQUIRES: the tables are there when the statements run. Pure.
std::vector<ViewPlan> plan_views(const Inventory& inventory, const Wanted& wanted);

/// "INSERT on requests": the first right that the session's user lacks to deliver; "" where it
/// lacks none. REQUIRES: the plan is empty.
PgResult<std::string> lacking_right(PostgresConnection& connection, const Wanted& wanted);

/// Runs the statements in one transaction; two that do it at once wait for each other.
PgStatus carry_out(PostgresConnection& connection, const std::vector<std::string>& statements);

/// "schema"."name"
std::string qualified(std::string_view schema, std::string_view name);

}  // namespace pixel::shipper::postgres
