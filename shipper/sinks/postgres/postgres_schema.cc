// SPDX-License-Identifier: Apache-2.0
// COLD: see postgres_schema.h.
#include "shipper/sinks/postgres/postgres_schema.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "shipper/encode/pg_copy.h"

namespace pixel::shipper::postgres {
namespace {

constexpr std::string_view kViewMark = "made by pixel-shipper init: ";
constexpr std::size_t kNameBytesMax = 63;  // NAMEDATALEN - 1: the server cuts longer ones.

// The binary forms are the same: text of any limit, and times that are UTC with or without a zone.
bool takes(std::string_view stored, ColumnType type) {
  if (stored == postgres_type(type)) return true;
  if (type == ColumnType::kVarchar) return stored.starts_with("character varying");
  return type == ColumnType::kTimestamp && stored == "timestamp without time zone";
}

std::string index_name(std::string_view table, std::string_view suffix) {
  std::string name = fmt::format("{}_{}", table, suffix);
  if (name.size() <= kNameBytesMax) return name;
  return fmt::format("{}_{:08x}_{}", table.substr(0, 40), base::hash64(table) & 0xFFFFFFFFU,
                     suffix);
}

std::string definition(const ColumnSpec& column) {
  return fmt::format("{} {}", pg_name(column.name), postgres_type(column.type));
}

class Planner {
 public:
  Planner(const Inventory& inventory, const Wanted& wanted)
      : inventory_(inventory), wanted_(wanted) {}

  base::Result<std::vector<std::string>> plan() {
    if (!inventory_.has_schema) add("CREATE SCHEMA IF NOT EXISTS {}", pg_name(wanted_.schema));
    if (!inventory_.tables.contains(std::string(kCheckpointTable))) {
      add("CREATE TABLE IF NOT EXISTS {} (sink text PRIMARY KEY, checkpoint text NOT NULL, "
          "updated_at timestamptz NOT NULL)",
          qualified(wanted_.schema, kCheckpointTable));
    }
    for (const TableSpec& table : wanted_.tables) {
      if (auto status = plan_table(table); !status) return status.error();
    }
    if (wanted_.with_roles) plan_roles();
    return std::move(statements_);
  }

  std::vector<ViewPlan> plan_views() {
    std::vector<ViewPlan> plans;
    for (const ViewStatement& view : wanted_.views) {
      plan_view(view);
      if (!statements_.empty()) plans.push_back({view.name, std::exchange(statements_, {})});
    }
    return plans;
  }

 private:
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    statements_.push_back(fmt::format(format, std::forward<Values>(values)...));
  }

  base::Status plan_table(const TableSpec& table) {
    const std::string name = qualified(wanted_.schema, table.name);
    const auto stored = inventory_.tables.find(table.name);
    const bool is_new = stored == inventory_.tables.end();
    if (is_new) {
      std::string definitions;
      for (const ColumnSpec& column : table.columns) {
        definitions += (definitions.empty() ? "" : ", ") + definition(column);
      }
      add("CREATE TABLE IF NOT EXISTS {} ({})", name, definitions);
    } else if (auto status = widen(table, stored->second); !status) {
      return status;
    }
    return plan_indexes(table, is_new);
  }

  base::Status widen(const TableSpec& table, const std::map<std::string, std::string>& stored) {
    for (const ColumnSpec& column : table.columns) {
      const auto found = stored.find(column.name);
      if (found == stored.end()) {
        add("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {}", qualified(wanted_.schema, table.name),
            definition(column));
      } else if (!takes(found->second, column.type)) {
        return base::Error{fmt::format(
            "column {} of table {}.{} is {} in the database and {} in the configuration; rename "
            "the column, or change the table by hand",
            column.name, wanted_.schema, table.name, found->second, postgres_type(column.type))};
      }
    }
    return base::ok_status();
  }

  // A block-range index of the time costs COPY nothing that can be measured and serves every query
  // by time. Only upsert pays for a unique one.
  base::Status plan_indexes(const TableSpec& table, bool is_new) {
    const std::string name = qualified(wanted_.schema, table.name);
    const std::size_t time = table.find(ColumnSource::kRequestTime);
    const std::string time_index = index_name(table.name, "time");
    if (time < table.columns.size() && !inventory_.indexes.contains(time_index) &&
        (is_new || wanted_.with_roles)) {
      add("CREATE INDEX IF NOT EXISTS {} ON {} USING brin ({})", pg_name(time_index), name,
          pg_name(table.columns[time].name));
    }
    if (wanted_.mode != PostgresMode::kUpsert) return base::ok_status();
    const std::size_t segment = table.find(ColumnSource::kSegment);
    const std::size_t offset = table.find(ColumnSource::kOffset);
    if (std::max(segment, offset) >= table.columns.size()) {
      return base::Error{
          fmt::format("table {} has no lineage columns: mode \"upsert\" needs _segment and _offset",
                      table.name)};
    }
    const std::string place_index = index_name(table.name, "place");
    if (!inventory_.indexes.contains(place_index)) {
      add("CREATE UNIQUE INDEX IF NOT EXISTS {} ON {} ({}, {})", pg_name(place_index), name,
          pg_name(table.columns[segment].name), pg_name(table.columns[offset].name));
    }
    return base::ok_status();
  }

  void plan_roles() {
    for (const std::string& role : {wanted_.writer_role, wanted_.reader_role}) {
      if (!inventory_.roles.contains(role)) add("CREATE ROLE {} NOLOGIN", pg_name(role));
      if (!inventory_.rights.contains(role + " USAGE")) {
        add("GRANT USAGE ON SCHEMA {} TO {}", pg_name(wanted_.schema), pg_name(role));
      }
    }
    for (const TableSpec& table : wanted_.tables) {
      grant(wanted_.writer_role, table.name, {"SELECT", "INSERT"});
      grant(wanted_.reader_role, table.name, {"SELECT"});
    }
    grant(wanted_.writer_role, kCheckpointTable, {"SELECT", "INSERT", "UPDATE"});
    grant(wanted_.reader_role, kCheckpointTable, {"SELECT"});
    const std::string& login = wanted_.login;
    if (!login.empty() && !inventory_.rights.contains(login + " member " + wanted_.writer_role)) {
      add("GRANT {} TO {}", pg_name(wanted_.writer_role), pg_name(login));
    }
  }

  // A comment on the view says which text made it: the server stores another one.
  void plan_view(const ViewStatement& view) {
    const std::string name = qualified(wanted_.schema, view.name);
    const std::string mark = fmt::format("{}{:016x}", kViewMark, base::hash64(view.sql));
    const auto stored = inventory_.view_marks.find(view.name);
    const bool is_there = inventory_.tables.contains(view.name);
    const bool is_ours =
        stored != inventory_.view_marks.end() && stored->second.starts_with(kViewMark);
    if (is_there && (!is_ours || stored->second == mark)) return;
    if (is_there) add("DROP VIEW {}", name);
    statements_.push_back(view.sql);
    add("COMMENT ON VIEW {} IS {}", name, pg_text(mark));
    if (wanted_.with_roles) add("GRANT SELECT ON {} TO {}", name, pg_name(wanted_.reader_role));
  }

  void grant(const std::string& role, std::string_view table,
             std::initializer_list<std::string_view> rights) {
    std::string missing;
    for (const std::string_view right : rights) {
      if (inventory_.rights.contains(fmt::format("{} {} {}", role, table, right))) continue;
      missing += missing.empty() ? right : fmt::format(", {}", right);
    }
    if (missing.empty()) return;
    add("GRANT {} ON {} TO {}", missing, qualified(wanted_.schema, table), pg_name(role));
  }

  const Inventory& inventory_;
  const Wanted& wanted_;
  std::vector<std::string> statements_;
};

constexpr std::string_view kColumnsSql =
    "SELECT c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) "
    "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = {} AND c.relkind IN ('r', 'p', 'v', 'f') AND a.attnum > 0 "
    "AND NOT a.attisdropped";

constexpr std::string_view kIndexesSql =
    "SELECT c.relname FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = {} AND c.relkind IN ('i', 'I')";

constexpr std::string_view kMarksSql =
    "SELECT c.relname, d.description FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 "
    "AND d.classoid = 'pg_catalog.pg_class'::regclass WHERE n.nspname = {} AND c.relkind = 'v'";

// What the roles may do, however they came by it.
constexpr std::string_view kRightsSql =
    "SELECT r.rolname || ' ' || c.relname || ' ' || p.name FROM pg_catalog.pg_roles r, "
    "pg_catalog.pg_class c, (VALUES ('SELECT'), ('INSERT'), ('UPDATE')) p(name) "
    "WHERE r.rolname IN ({0}, {1}) AND c.relkind IN ('r', 'p', 'v', 'f') AND c.relnamespace = "
    "(SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = {2}) "
    "AND has_table_privilege(r.rolname, c.oid, p.name) "
    "UNION ALL SELECT r.rolname || ' USAGE' FROM pg_catalog.pg_roles r, pg_catalog.pg_namespace n "
    "WHERE r.rolname IN ({0}, {1}) AND n.nspname = {2} "
    "AND has_schema_privilege(r.rolname, n.oid, 'USAGE') "
    "UNION ALL SELECT l.rolname || ' member ' || r.rolname FROM pg_catalog.pg_roles r, "
    "pg_catalog.pg_roles l WHERE r.rolname IN ({0}, {1}) AND l.rolname = {3} "
    "AND pg_has_role(l.oid, r.oid, 'MEMBER')";

PgStatus read_names(PostgresConnection& connection, const std::string& sql,
                    std::set<std::string>& names) {
  auto found = connection.run(sql);
  if (!found) return found.error();
  for (const auto& row : found->rows) names.insert(row[0].value_or(""));
  return base::Unit{};
}

}  // namespace

std::string qualified(std::string_view schema, std::string_view name) {
  return pg_name(schema) + "." + pg_name(name);
}

base::Result<std::vector<std::string>> plan(const Inventory& inventory, const Wanted& wanted) {
  return Planner(inventory, wanted).plan();
}

std::vector<ViewPlan> plan_views(const Inventory& inventory, const Wanted& wanted) {
  return Planner(inventory, wanted).plan_views();
}

PgResult<Inventory> take_inventory(PostgresConnection& connection, const Wanted& wanted) {
  const std::string schema = pg_text(wanted.schema);
  Inventory inventory;
  auto found = connection.run(
      fmt::format("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = {}", schema));
  if (!found) return found.error();
  inventory.has_schema = !found->rows.empty();
  auto columns = connection.run(fmt::format(kColumnsSql, schema));
  if (!columns) return columns.error();
  for (const auto& row : columns->rows) {
    inventory.tables[row[0].value_or("")][row[1].value_or("")] = row[2].value_or("");
  }
  auto indexes = read_names(connection, fmt::format(kIndexesSql, schema), inventory.indexes);
  if (!indexes) return indexes.error();
  auto marks = connection.run(fmt::format(kMarksSql, schema));
  if (!marks) return marks.error();
  for (const auto& row : marks->rows) {
    inventory.view_marks[row[0].value_or("")] = row[1].value_or("");
  }
  if (!wanted.with_roles) return inventory;
  const std::string writer = pg_text(wanted.writer_role);
  const std::string reader = pg_text(wanted.reader_role);
  auto roles =
      read_names(connection,
                 fmt::format("SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ({}, {})",
                             writer, reader),
                 inventory.roles);
  if (!roles) return roles.error();
  auto rights =
      read_names(connection, fmt::format(kRightsSql, writer, reader, schema, pg_text(wanted.login)),
                 inventory.rights);
  if (!rights) return rights.error();
  return inventory;
}

PgResult<std::string> lacking_right(PostgresConnection& connection, const Wanted& wanted) {
  std::string needed =
      fmt::format("('{0}', 'SELECT'), ('{0}', 'INSERT'), ('{0}', 'UPDATE')", kCheckpointTable);
  for (const TableSpec& table : wanted.tables) {
    needed += fmt::format(", ({}, 'INSERT')", pg_text(table.name));
    // The conflict target and the anti-join read.
    if (wanted.mode == PostgresMode::kUpsert) {
      needed += fmt::format(", ({}, 'SELECT')", pg_text(table.name));
    }
  }
  auto lacking = connection.run(
      fmt::format("SELECT p.name || ' on ' || c.relname FROM (VALUES {}) p(relation, name) "
                  "JOIN pg_catalog.pg_class c ON c.relname = p.relation "
                  "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = {} "
                  "WHERE NOT has_table_privilege(c.oid, p.name)",
                  needed, pg_text(wanted.schema)));
  if (!lacking) return lacking.error();
  return lacking->rows.empty() ? std::string() : lacking->rows[0][0].value_or("");
}

PgStatus carry_out(PostgresConnection& connection, const std::vector<std::string>& statements) {
  // "IF NOT EXISTS" of two sessions at once may still collide in the catalogues.
  std::string sql = fmt::format("BEGIN; SELECT pg_advisory_xact_lock({})",
                                static_cast<std::int64_t>(base::hash64("pixeledge schema")));
  for (const std::string& statement : statements) sql += ";\n" + statement;
  auto done = connection.run(sql + ";\nCOMMIT");
  if (done) return base::Unit{};
  (void)connection.run("ROLLBACK");
  return done.error();
}

}  // namespace pixel::shipper::postgres
