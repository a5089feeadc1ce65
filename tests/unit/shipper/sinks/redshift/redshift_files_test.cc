// SPDX-License-Identifier: Apache-2.0
// Objects, manifests, statements, configuration and verdicts: all that is pure.
#include "shipper/sinks/redshift/redshift_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "shipper/encode/gzip_member.h"
#include "shipper/sinks/redshift/redshift_sql.h"
#include "shipper/sinks/redshift/redshift_verdict.h"
#include "tests/unit/shipper/sinks/batch_maker.h"

namespace pixel::shipper::redshift {
namespace {

using testing::BatchMaker;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::make_column;
using ::testing::Not;
using testing::TestRow;

RedshiftSettings settings_of() {
  RedshiftSettings settings;
  settings.prefix = "loads";
  settings.iam_role = "arn:aws:iam::1:role/r";
  settings.store.bucket = "bucket";
  return settings;
}

const std::vector<TableSpec> kTables = {testing::table_of(testing::test_columns())};

void add_rows(BatchMaker& maker, std::int64_t count) {
  for (std::int64_t n = 0; n < count; ++n) {
    TestRow row;
    row.offset = n;
    maker.add(row);
  }
}

TEST(RedshiftFiles, NamesAndBytesFollowFromTheRows) {
  BatchMaker maker(0);
  add_rows(maker, 3);
  const auto first = plan_loads(maker.finish(3), kTables, settings_of(), "rs");
  const auto second = plan_loads(maker.batch(), kTables, settings_of(), "rs");
  ASSERT_TRUE(first && second);
  ASSERT_EQ(first->size(), 1U);
  const TableLoad& load = (*first)[0];
  EXPECT_EQ(load.rows, 3U);
  ASSERT_EQ(load.files.size(), 1U);
  EXPECT_THAT(load.files[0].key,
              ::testing::MatchesRegex("loads/rs/[0-9a-f]+/requests-0000-[0-9a-f]+.json.gz"));
  EXPECT_THAT(load.files[0].key, HasSubstr(maker.batch().token()));
  EXPECT_EQ(load.files[0].key, (*second)[0].files[0].key);
  EXPECT_EQ(load.files[0].body, (*second)[0].files[0].body);
  EXPECT_EQ(load.manifest.body, (*second)[0].manifest.body);
  // Without a row it is another object: what is stored under a name never changes.
  BatchMaker fewer(0);
  add_rows(fewer, 2);
  const auto third = plan_loads(fewer.finish(3), kTables, settings_of(), "rs");
  EXPECT_NE((*third)[0].files[0].key, load.files[0].key);
  EXPECT_NE((*third)[0].manifest.key, load.manifest.key);
}

TEST(RedshiftFiles, TheManifestNamesEachFileAsMandatoryWithItsLength) {
  BatchMaker maker(0);
  add_rows(maker, 2);
  const auto loads = plan_loads(maker.finish(2), kTables, settings_of(), "rs");
  const TableLoad& load = (*loads)[0];
  const auto manifest = nlohmann::json::parse(load.manifest.body);
  ASSERT_EQ(manifest["entries"].size(), 1U);
  EXPECT_EQ(manifest["entries"][0]["url"], "s3://bucket/" + load.files[0].key);
  EXPECT_EQ(manifest["entries"][0]["mandatory"], true);
  EXPECT_EQ(manifest["entries"][0]["meta"]["content_length"], load.files[0].body.size());
}

TEST(RedshiftFiles, LargeTablesAreSplitAtLinesAndSmallOnesAreNot) {
  RedshiftSettings settings = settings_of();
  settings.files = 4;
  BatchMaker maker(0);
  const std::string large(100'000, 'x');
  for (std::int64_t n = 0; n < 90; ++n) {
    TestRow row;
    row.path = large;
    row.offset = n;
    maker.add(row);
  }
  const auto loads = plan_loads(maker.finish(90), kTables, settings, "rs");
  const auto& files = (*loads)[0].files;
  ASSERT_EQ(files.size(), 2U) << "9 MB of text are worth two files";
  EXPECT_EQ(files[0].first_row, 0U);
  EXPECT_EQ(files[1].first_row, files[0].rows);
  EXPECT_EQ(files[0].rows + files[1].rows, 90U);
  std::string text;
  for (const LoadFile& file : files) text += *gunzip(file.body);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 90);
}

TEST(RedshiftFiles, AnEmptyTableIsNotLoaded) {
  BatchMaker maker(0);
  maker.rows();
  EXPECT_THAT(*plan_loads(maker.finish(1), kTables, settings_of(), "rs"), IsEmpty());
}

TableSpec hpx_table() {
  std::vector<ColumnSpec> columns = {
      make_column("request_time", ColumnType::kTimestamp, ColumnSource::kRequestTime)};
  for (const char* name : {"c_ip", "cs_user_agent", "cs_uri_stem", "cs_uri_query", "a", "b", "c",
                           "d", "cs_referer", "cs_cookie"}) {
    columns.push_back(make_column(name, ColumnType::kVarchar));
  }
  return testing::table_of(columns);
}

TEST(RedshiftFiles, HpxRowsAreTabSeparatedWithoutEscapes) {
  const TableSpec table = hpx_table();
  std::deque<std::string> texts;
  const auto cell = [&texts](std::string_view text) {
    Cell made;
    made.null = false;
    made.size = static_cast<std::uint32_t>(text.size());
    made.data = texts.emplace_back(text).data();
    return made;
  };
  Cell time;
  time.null = false;
  time.integer = testing::kNoonUs + 999'999;
  RowBlock rows;
  rows.columns = {{time, time},
                  {cell("192.0.2.1"), Cell{}},
                  {cell("a\tb"), Cell{}},
                  {cell("/1x1.gif"), cell("/")},
                  {cell("a=1&b=2"), Cell{}},
                  {cell("1"), Cell{}},
                  {cell("x\r\ny\\"), Cell{}},
                  {cell("-"), Cell{}},
                  {Cell{}, Cell{}},
                  {cell("http://r"), Cell{}},
                  {Cell{}, Cell{}}};
  rows.row_count = 2;
  EXPECT_EQ(
      *hpx_text(table, rows),
      "2026-11-20 18:52:00\t192.0.2.1\ta%09b\t/1x1.gif?a=1&b=2\t1\tx%0D%0Ay\\\t-\t\thttp://r\t\n"
      "2026-11-20 18:52:00\t\t\t/\t\t\t\t\t\t\n");
  TableSpec lacking = table;
  lacking.columns.pop_back();
  EXPECT_THAT(hpx_text(lacking, rows).error().message, HasSubstr("needs the column cs_cookie"));
}

TEST(RedshiftSql, TheHpxTableAndItsCopyAreAsThatSystemMadeThem) {
  RedshiftSettings settings = settings_of();
  settings.preset = RedshiftPreset::kHpx;
  settings.gzip = false;
  const auto statements = plan_tables(settings, {hpx_table()}, {});
  ASSERT_TRUE(statements);
  EXPECT_EQ(
      statements->back(),
      "create table if not exists pixels(id bigint identity, request_time timestamp, ip "
      "varchar(50), useragent varchar(MAX), url varchar(MAX), a varchar(MAX), b varchar(MAX), "
      "c varchar(MAX), d varchar(MAX), referrer varchar(max), cookie varchar(max))");
  TableLoad load;
  load.manifest.key = "k";
  EXPECT_EQ(copy_sql(settings, {hpx_table()}, load),
            "COPY pixels (request_time, ip, useragent, url, a, b, c, d, referrer, cookie) FROM "
            "'s3://bucket/k' IAM_ROLE 'arn:aws:iam::1:role/r' MANIFEST DELIMITER '\\t' TIMEFORMAT "
            "'auto'");
}

TEST(RedshiftSql, CopyOfATable) {
  RedshiftSettings settings = settings_of();
  settings.iam_role = "default";
  settings.copy_region = "eu-central-1";
  settings.options = "TRUNCATECOLUMNS";
  TableLoad load;
  load.manifest.key = "k";
  const auto table = testing::table_of(
      {make_column("path", ColumnType::kVarchar), make_column("status", ColumnType::kInteger)});
  EXPECT_EQ(copy_sql(settings, {table}, load),
            "COPY \"public\".\"requests\" (\"path\", \"status\") FROM 's3://bucket/k' IAM_ROLE "
            "default MANIFEST JSON 'auto' TIMEFORMAT 'auto' GZIP REGION 'eu-central-1' "
            "TRUNCATECOLUMNS");
}

TEST(RedshiftSql, TablesAreMadeWidenedAndRefused) {
  const RedshiftSettings settings = settings_of();
  auto table = testing::table_of(
      {make_column("path", ColumnType::kVarchar), make_column("body", ColumnType::kJson)});
  StoredTables stored = {{"pixeledge_checkpoint", {}}, {"pixeledge_loads", {}}};
  EXPECT_THAT(*plan_tables(settings, {table}, stored),
              ElementsAre("CREATE TABLE IF NOT EXISTS \"public\".\"requests\" (\"path\" "
                          "varchar(max), \"body\" super)"));
  stored["requests"] = {{"path", "character varying(65535)"}};
  EXPECT_THAT(*plan_tables(settings, {table}, stored),
              ElementsAre("ALTER TABLE \"public\".\"requests\" ADD COLUMN \"body\" super"));
  stored["requests"]["body"] = "super";
  EXPECT_THAT(*plan_tables(settings, {table}, stored), IsEmpty());
  stored["requests"]["path"] = "bigint";
  EXPECT_THAT(plan_tables(settings, {table}, stored).error().message,
              HasSubstr("column path of table public.requests is bigint in the cluster"));
}

TEST(RedshiftVerdict, ClassesOfErrors) {
  const auto of = [](const char* state, const char* text) { return classify({state, text, ""}); };
  EXPECT_EQ(of("XX000", "Load into table 'x' failed.  Check 'stl_load_errors' system table"),
            ErrorClass::kLoad);
  EXPECT_EQ(of("XX000", "S3ServiceException:Access Denied,Status 403,Error AccessDenied"),
            ErrorClass::kRejected);
  EXPECT_EQ(of("XX000", "1023 DETAIL: Serializable isolation violation on table"),
            ErrorClass::kRetry);
  EXPECT_EQ(of("XX000", "Disk Full"), ErrorClass::kRetry);
  EXPECT_EQ(of("57014", "canceled"), ErrorClass::kRetry);
  EXPECT_EQ(of("42P01", "no table"), ErrorClass::kRejected);
  EXPECT_EQ(of("", "the connection broke"), ErrorClass::kRetry);
  EXPECT_EQ(of("", "password authentication failed"), ErrorClass::kRetry);
  EXPECT_EQ(judge(StoreError{StoreError::Kind::kOverload, "slow", 0, ""}).retry_after_ns,
            5 * base::kSecondNs);
  EXPECT_EQ(judge(StoreError{StoreError::Kind::kRefused, "no", 0, ""}).kind,
            Verdict::Kind::kRejected);
}

std::vector<std::string> errors_of(const std::string& text, RedshiftSettings& settings) {
  const auto reader = base::ConfigReader::from_text(text, "x.toml");
  auto section = reader->root();
  read_redshift_settings(section, settings);
  section.finish();
  return reader->errors();
}

TEST(RedshiftConfig, DefaultsAndBadValues) {
  RedshiftSettings settings;
  EXPECT_THAT(errors_of("dsn = \"postgresql://u@h:5439/d\"\npath = \"s3://bucket/a/b\"\n"
                        "iam_role = \"default\"\npreset = \"hpx\"",
                        settings),
              IsEmpty());
  EXPECT_EQ(settings.preset, RedshiftPreset::kHpx);
  EXPECT_FALSE(settings.gzip) << "its options have no GZIP";
  EXPECT_EQ(settings.prefix, "a/b");
  RedshiftSettings others;
  const auto errors = errors_of(
      "dsn = \"postgresql://u:geheim@h/d\"\npath = \"s3://bucket\"\niam_role = "
      "\"arn:aws:iam::1:role/"
      "x' y\"\noptions = \"GZIP; DROP TABLE x\"\nfiles = 0",
      others);
  EXPECT_THAT(errors, ElementsAre(HasSubstr("a dsn without its password"),
                                  HasSubstr("a prefix behind the bucket"), HasSubstr("iam_role"),
                                  HasSubstr("options"), HasSubstr("files")));
  for (const std::string& error : errors) EXPECT_THAT(error, Not(HasSubstr("geheim")));
}

}  // namespace
}  // namespace pixel::shipper::redshift
