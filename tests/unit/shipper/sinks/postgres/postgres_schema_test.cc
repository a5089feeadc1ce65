// SPDX-License-Identifier: Apache-2.0
// The plan: what is missing and nothing else; changed types; long names; roles.
#include "shipper/sinks/postgres/postgres_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/shipper/sinks/batch_maker.h"

namespace pixel::shipper::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Wanted wanted_of(TableSpec table, bool with_roles = false) {
  return {"dev", {std::move(table)}, PostgresMode::kCopy, with_roles, "reader", "writer", "", {}};
}

TableSpec small_table() {
  return testing::table_of(
      {testing::make_column("request_time", ColumnType::kTimestamp, ColumnSource::kRequestTime),
       testing::make_column("path", ColumnType::kVarchar)});
}

Inventory ready() {
  Inventory inventory;
  inventory.has_schema = true;
  inventory.tables["pixeledge_checkpoint"] = {};
  inventory.tables["requests"] = {{"request_time", "timestamp with time zone"}, {"path", "text"}};
  inventory.indexes = {"requests_time"};
  return inventory;
}

TEST(PostgresPlan, MakesEverythingFromNothing) {
  const auto statements = plan({}, wanted_of(small_table()));
  ASSERT_TRUE(statements);
  EXPECT_THAT(
      *statements,
      ElementsAre(
          "CREATE SCHEMA IF NOT EXISTS \"dev\"",
          HasSubstr("CREATE TABLE IF NOT EXISTS \"dev\".\"pixeledge_checkpoint\""),
          "CREATE TABLE IF NOT EXISTS \"dev\".\"requests\" (\"request_time\" timestamp with "
          "time zone, \"path\" text)",
          "CREATE INDEX IF NOT EXISTS \"requests_time\" ON \"dev\".\"requests\" USING brin "
          "(\"request_time\")"));
}

TEST(PostgresPlan, MakesNothingTwice) {
  EXPECT_THAT(*plan(ready(), wanted_of(small_table())), IsEmpty());
}

TEST(PostgresPlan, WidensAndTakesTypesOfTheSameForm) {
  Inventory inventory = ready();
  inventory.tables["requests"] = {{"request_time", "timestamp without time zone"},
                                  {"path", "character varying(50)"}};
  auto table = small_table();
  table.columns.push_back(testing::make_column("a", ColumnType::kJson));
  EXPECT_THAT(*plan(inventory, wanted_of(table)),
              ElementsAre("ALTER TABLE \"dev\".\"requests\" ADD COLUMN IF NOT EXISTS \"a\" jsonb"));
}

TEST(PostgresPlan, RefusesAnotherTypeByName) {
  Inventory inventory = ready();
  inventory.tables["requests"]["path"] = "integer";
  const auto statements = plan(inventory, wanted_of(small_table()));
  ASSERT_FALSE(statements);
  EXPECT_THAT(statements.error().message,
              HasSubstr("column path of table dev.requests is integer in the database and text"));
}

TEST(PostgresPlan, UpsertNeedsLineageAndItsIndex) {
  Wanted wanted = wanted_of(small_table());
  wanted.mode = PostgresMode::kUpsert;
  ASSERT_FALSE(plan({}, wanted));
  EXPECT_THAT(plan({}, wanted).error().message, HasSubstr("has no lineage columns"));
  wanted.tables = {testing::table_of(testing::test_columns())};
  wanted.tables[0].name = std::string(63, 'x');
  const auto statements = plan({}, wanted);
  ASSERT_TRUE(statements);
  EXPECT_THAT(statements->back(), HasSubstr("CREATE UNIQUE INDEX"));
  // The server would cut the name, and never find it again.
  EXPECT_LE(statements->back().find("\" ON"), 34U + 63U);
}

TEST(PostgresPlan, RolesGetWhatTheyLack) {
  Wanted wanted = wanted_of(small_table(), true);
  wanted.login = "shipper";
  Inventory inventory = ready();
  EXPECT_THAT(
      *plan(inventory, wanted),
      ElementsAre("CREATE ROLE \"writer\" NOLOGIN", "GRANT USAGE ON SCHEMA \"dev\" TO \"writer\"",
                  "CREATE ROLE \"reader\" NOLOGIN", "GRANT USAGE ON SCHEMA \"dev\" TO \"reader\"",
                  "GRANT SELECT, INSERT ON \"dev\".\"requests\" TO \"writer\"",
                  "GRANT SELECT ON \"dev\".\"requests\" TO \"reader\"",
                  "GRANT SELECT, INSERT, UPDATE ON \"dev\".\"pixeledge_checkpoint\" TO "
                  "\"writer\"",
                  "GRANT SELECT ON \"dev\".\"pixeledge_checkpoint\" TO \"reader\"",
                  "GRANT \"writer\" TO \"shipper\""));
  inventory.roles = {"writer", "reader"};
  inventory.rights = {"writer USAGE",
                      "reader USAGE",
                      "writer requests SELECT",
                      "reader requests SELECT",
                      "writer pixeledge_checkpoint SELECT",
                      "writer pixeledge_checkpoint INSERT",
                      "writer pixeledge_checkpoint UPDATE",
                      "reader pixeledge_checkpoint SELECT",
                      "shipper member writer"};
  EXPECT_THAT(*plan(inventory, wanted),
              ElementsAre("GRANT INSERT ON \"dev\".\"requests\" TO \"writer\""));
}

TEST(PostgresPlan, ViewsAreMadeOnceAndAnewWhenTheirTextChanges) {
  Wanted wanted = wanted_of(small_table());
  wanted.views = {{"traffic", "CREATE OR REPLACE VIEW \"dev\".traffic AS SELECT 1"}};
  Inventory inventory = ready();
  EXPECT_THAT(*plan(inventory, wanted), IsEmpty());
  const auto views = plan_views(inventory, wanted);
  ASSERT_EQ(views.size(), 1U);
  EXPECT_EQ(views[0].name, "traffic");
  const auto& made = views[0].statements;
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0], wanted.views[0].sql);
  EXPECT_THAT(made[1], HasSubstr("COMMENT ON VIEW \"dev\".\"traffic\" IS 'made by pixel-shipper"));
  inventory.tables["traffic"] = {};
  EXPECT_THAT(plan_views(inventory, wanted), IsEmpty()) << "somebody else's";
  inventory.view_marks["traffic"] = made[1].substr(made[1].find('\'') + 1, 28 + 16);
  EXPECT_THAT(plan_views(inventory, wanted), IsEmpty());
  wanted.views[0].sql += " AS one";
  EXPECT_EQ(plan_views(inventory, wanted)[0].statements[0], "DROP VIEW \"dev\".\"traffic\"");
}

TEST(PostgresSql, QuotesNamesAndTexts) {
  EXPECT_EQ(pg_name("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(pg_text("it's"), "'it''s'");
  EXPECT_EQ(pg_text("a\\'b"), "E'a\\\\''b'");
}

}  // namespace
}  // namespace pixel::shipper::postgres
