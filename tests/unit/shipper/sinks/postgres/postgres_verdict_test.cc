// SPDX-License-Identifier: Apache-2.0
// What errors mean, which row they mean, and that no message shows a password.
#include "shipper/sinks/postgres/postgres_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config_reader.h"
#include "shipper/sinks/postgres/postgres_config.h"

namespace pixel::shipper::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(PostgresVerdict, ClassesOfErrors) {
  for (const char* state : {"", "08006", "57P01", "57P03", "57014", "53100", "53300", "40001",
                            "40P01", "55P03", "25006", "58030", "XX000", "99999"}) {
    EXPECT_EQ(classify(state), ErrorClass::kRetry) << state;
  }
  for (const char* state :
       {"22021", "22P05", "22003", "23502", "23505", "23514", "54000", "P0001"}) {
    EXPECT_EQ(classify(state), ErrorClass::kRow) << state;
  }
  for (const char* state :
       {"28P01", "28000", "3D000", "3F000", "42P01", "42703", "42501", "0A000"}) {
    EXPECT_EQ(classify(state), ErrorClass::kRejected) << state;
  }
}

TEST(PostgresVerdict, SaysWhatToDo) {
  EXPECT_THAT(judge({"42P01", "relation \"x\" does not exist", ""}).reason,
              HasSubstr("(SQLSTATE 42P01); run \"pixel-shipper init\""));
  EXPECT_EQ(judge({"42P01", "", ""}).kind, Verdict::Kind::kRejected);
  EXPECT_EQ(judge({"53100", "", ""}).kind, Verdict::Kind::kRetry);
  EXPECT_EQ(judge({"", "the connection broke", ""}).reason, "the connection broke");
  EXPECT_THAT(explain({"", "FATAL:  password authentication failed for user \"x\"", ""}),
              HasSubstr("check user and password"));
}

TEST(PostgresVerdict, FindsTheLineInAnyLanguage) {
  EXPECT_EQ(line_of({"", "", "COPY requests, line 5, column status"}, "requests"), 5U);
  EXPECT_EQ(line_of({"", "", "COPY requests, Zeile 17"}, "requests"), 17U);
  EXPECT_EQ(
      line_of({"", "", "JSON data, line 1: x\nCOPY requests, ligne 12, colonne a9"}, "requests"),
      12U);
  EXPECT_EQ(line_of({"", "", "COPY other, line 5"}, "requests"), std::nullopt);
  EXPECT_EQ(line_of({"", "", "COPY requests, binary, column 5"}, "requests"), std::nullopt);
  EXPECT_EQ(line_of({"", "", "SQL statement \"SELECT 1\""}, "requests"), std::nullopt);
  EXPECT_EQ(line_of({"", "", ""}, "requests"), std::nullopt);
}

std::vector<std::string> errors_of(const std::string& text, PostgresSettings& settings) {
  const auto reader = base::ConfigReader::from_text(text, "x.toml");
  auto section = reader->root();
  read_postgres_settings(section, settings);
  section.finish();
  return reader->errors();
}

TEST(PostgresConfig, DefaultsAndEveryKey) {
  PostgresSettings settings;
  EXPECT_THAT(errors_of("dsn = \"postgresql://u@h/d\"", settings), IsEmpty());
  EXPECT_EQ(settings.stage, "prod");
  EXPECT_EQ(settings.writer_role, "pixeledge_prod_writer");
  EXPECT_EQ(settings.mode, PostgresMode::kCopy);
  EXPECT_THAT(
      errors_of("dsn = \"host=h sslmode=verify-full\"\ninit_dsn = \"host=h user=admin\"\n"
                "password = \"env:PW\"\nstage = \"dev\"\nmode = \"upsert\"\ncreate = false\n"
                "reader_role = \"r\"\nwriter_role = \"w\"\nconnect_timeout = \"5s\"\n"
                "timeout = \"20s\"\nquery_rows_max = 5\nquery_timeout = \"1s\"",
                settings),
      IsEmpty());
  EXPECT_EQ(settings.mode, PostgresMode::kUpsert);
  EXPECT_EQ(settings.reader_role, "r");
}

TEST(PostgresConfig, BadValuesAreNamedAndPasswordsAreNotRepeated) {
  PostgresSettings settings;
  EXPECT_THAT(errors_of("", settings), ElementsAre(HasSubstr("dsn: expected a connection string")));
  const auto errors = errors_of(
      "dsn = \"postgresql://u:geheim@h/d\"\npassword = \"geheim\"\nstage = \"Prod\"\n"
      "mode = \"insert\"",
      settings);
  EXPECT_EQ(errors.size(), 4U);
  for (const std::string& error : errors) EXPECT_THAT(error, Not(HasSubstr("geheim")));
  EXPECT_THAT(errors[0], HasSubstr("a dsn without its password"));
  PostgresSettings others;
  EXPECT_THAT(errors_of("dsn = \"postgres//u:geheim@h\"", others),
              ElementsAre(::testing::AllOf(HasSubstr("expected a connection string"),
                                           Not(HasSubstr("geheim")))));
}

}  // namespace
}  // namespace pixel::shipper::postgres
