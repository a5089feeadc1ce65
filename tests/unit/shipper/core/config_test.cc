// SPDX-License-Identifier: Apache-2.0
#include "shipper/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/file.h"

namespace pixel::shipper {
namespace {

std::vector<std::string> errors_of(std::string_view text) {
  const auto reader = base::ConfigReader::from_text(text, "s.toml");
  read_config(*reader);
  return reader->errors();
}

constexpr std::string_view kSink = "[[sink]]\nname = \"x\"\nkind = \"file\"\npath = \"/x\"\n";

TEST(Config, SmallestFileHasTheDefaults) {
  const auto reader = base::ConfigReader::from_text(kSink, "s.toml");
  const Config config = read_config(*reader);
  EXPECT_TRUE(reader->errors().empty());
  EXPECT_EQ(config.spool, "/var/spool/pixeledge");
  EXPECT_EQ(config.admin, "127.0.0.1:9181");
  EXPECT_EQ(config.tables.at(0).columns.size(), 32U + 4U + 2U);
  ASSERT_EQ(config.sinks.size(), 1U);
  EXPECT_EQ(config.sinks[0].limits.rows, 65'536U);
  EXPECT_NE(config.sinks[0].make({"x", "/tmp", config.tables}), nullptr);
}

// The example must be loadable, say the defaults, and know every key.
TEST(Config, ShippedExampleIsCompleteAndShowsTheDefaults) {
  const auto reader = base::ConfigReader::from_file("shipper/shipper.toml");
  const Config config = read_config(*reader);
  EXPECT_EQ(reader->errors(), std::vector<std::string>());
  const Config defaults;
  EXPECT_EQ(config.spool, defaults.spool);
  EXPECT_EQ(config.state, defaults.state);
  EXPECT_EQ(config.admin, defaults.admin);
  EXPECT_EQ(config.log_level, defaults.log_level);
  EXPECT_EQ(config.retention.enabled, defaults.retention.enabled);
  EXPECT_EQ(config.retention.keep_ns, defaults.retention.keep_ns);
  EXPECT_EQ(config.retention.manifest_keep_ns, defaults.retention.manifest_keep_ns);
  EXPECT_EQ(config.budget, defaults.budget);
  for (const SinkConfig& sink : config.sinks) {
    EXPECT_EQ(sink.limits.age_ns, BatchLimits{}.age_ns);
    EXPECT_EQ(sink.limits.rows, BatchLimits{}.rows);
    EXPECT_EQ(sink.limits.bytes, BatchLimits{}.bytes);
  }
  const std::string text = base::read_file("shipper/shipper.toml").value();
  for (const char* key :
       {"path",        "listen",   "level",         "enabled",     "keep",      "manifest_keep",
        "budget",      "min_free", "when_full",     "last_chance", "params",    "name",
        "param",       "type",     "on_error",      "kind",        "flush_age", "flush_rows",
        "flush_bytes", "gzip",     "max_file_bytes"}) {
    EXPECT_NE(text.find(std::string("\n") + key + " = ") != std::string::npos ||
                  text.find(std::string("\n# ") + key + " = ") != std::string::npos,
              false)
        << key;
  }
}

// What is shown as a comment must be right as well.
TEST(Config, CommentedExamplesOfTheShippedFileAreValid) {
  std::ifstream file("shipper/shipper.toml");
  std::string text;
  for (std::string line; std::getline(file, line);) {
    const bool is_example = line.starts_with("# [[") ||
                            (line.starts_with("# ") && line.find(" = ") != std::string::npos &&
                             line.find(' ', 2) == line.find(" = "));
    text += (is_example ? line.substr(2) : line) + "\n";
  }
  const auto reader = base::ConfigReader::from_text(text, "example");
  const Config config = read_config(*reader);
  EXPECT_EQ(reader->errors(), std::vector<std::string>());
  const auto is_file = [](const SinkConfig& sink) { return sink.kind == "file"; };
  EXPECT_TRUE(std::any_of(config.sinks.begin(), config.sinks.end(), is_file));
  EXPECT_EQ(config.tables.at(0).columns.size(), 32U + 5U + 2U);
}

// "#[[table]]" and the lines below it stand in for the default tables.
TEST(Config, CommentedTablesOfTheShippedFileAreValidAndTheirTestPasses) {
  std::ifstream file("shipper/shipper.toml");
  std::string text(kSink);
  for (std::string line; std::getline(file, line);) {
    if (line.size() > 1 && line[0] == '#' && line[1] != ' ') text += line.substr(1) + "\n";
  }
  const auto reader = base::ConfigReader::from_text(text, "example");
  const Config config = read_config(*reader);
  EXPECT_EQ(reader->errors(), std::vector<std::string>());
  ASSERT_EQ(config.tables.size(), 1U);
  ASSERT_EQ(config.tests.size(), 1U);
  EXPECT_EQ(run_test(config.tests[0], config.tables), std::vector<std::string>());
}

TEST(Config, AllErrorsAtOnceWithPlaceKeyAndExpectation) {
  const auto errors = errors_of(
      "[spool]\npath = 7\n"
      "[admin]\nlisten = \"nowhere\"\n"
      "[retention]\nkepe = \"1h\"\n"
      "[columns]\nparams = [\"a\", \"A\", \"c_ip\"]\n"
      "[[column]]\nname = \"a\"\n"
      "[[column]]\nname = \"n\"\ntype = \"int\"\n"
      "[[sink]]\nname = \"X\"\nkind = \"file\"\nflush_age = \"0\"\nflush_rows = 0\n"
      "[[sink]]\nname = \"y\"\nkind = \"fiel\"\n"
      "[[sink]]\nname = \"y\"\n");
  std::string found;
  for (const std::string& error : errors) found += error.substr(0, error.find(", found")) + "\n";
  EXPECT_EQ(
      found,
      "s.toml:2:8: spool.path: expected a path\n"
      "s.toml:4:10: admin.listen: expected host:port, such as \"127.0.0.1:9181\", or nothing\n"
      "s.toml:6:1: retention.kepe: unknown key; did you mean \"keep\"?\n"
      "s.toml:8:10: columns.params: expected column names of lower case letters, digits and '_'\n"
      "s.toml:8:10: columns.params: expected a name that no other column has (\"c_ip\" is "
      "taken)\n"
      "s.toml:10:8: column.name: expected a name that no other column has (\"a\" is taken)\n"
      "s.toml:13:8: column.type: expected one of \"varchar\", \"integer\", \"double\", "
      "\"boolean\", \"timestamp\", \"uuid\", \"inet\", \"json\"\n"
      "s.toml:14:1: sink.path: expected a path (the directory of the output files)\n"
      "s.toml:15:8: sink.name: expected a name of lower case letters, digits, '_' and '-'\n"
      "s.toml:17:13: sink.flush_age: expected \"1ms\" to \"1h\"\n"
      "s.toml:18:14: sink.flush_rows: expected an integer from 1 to 1000000\n"
      "s.toml:21:8: sink.kind: expected one of \"duckdb\", \"lake\", \"file\", \"postgres\", "
      "\"redshift\", \"s3\", \"stdout\", \"http\", \"clickhouse\"\n"
      "s.toml:22:1: sink.kind: expected the kind of the sink, such as \"file\"\n"
      "s.toml:23:8: sink.name: expected a name that no other sink has\n");
}

TEST(Config, ManifestsOutliveTheirData) {
  const auto errors =
      errors_of("[retention]\nkeep = \"60d\"\nmanifest_keep = \"30d\"\n" + std::string(kSink));
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(
      errors[0],
      "s.toml:3:17: retention.manifest_keep: expected at least as long as keep, found \"30d\"");
}

TEST(Config, AColumnThatTheDestinationHasForItsOwnIsRefused) {
  const std::string columns = "[columns]\nparams = [\"xmin\", \"oid\"]\n";
  const std::string postgres = "[[sink]]\nname = \"pg\"\nkind = \"postgres\"\ndsn = \"host=x\"\n";
  EXPECT_EQ(errors_of(columns + std::string(kSink)), std::vector<std::string>());
  EXPECT_EQ(errors_of(columns + postgres),
            std::vector<std::string>(
                {"s.toml:5:8: sink.kind: 'xmin' is a column that postgres has for its own: give "
                 "that column of table requests another name"}));
  EXPECT_EQ(errors_of(postgres), std::vector<std::string>());
}

TEST(Config, NoSinkIsAnError) {
  const auto errors = errors_of("");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0], "s.toml: sink: expected at least one [[sink]], found nothing");
}

TEST(Config, UnknownTopLevelTableIsAnError) {
  const auto errors = errors_of(std::string(kSink) + "[spol]\n");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0], "s.toml:5:2: spol: unknown key; did you mean \"spool\"?");
}

TEST(Config, ABudgetIsReadAndWhatCannotBeIsRefused) {
  const auto reader = base::ConfigReader::from_text(
      "[retention]\nbudget = \"50GiB\"\nmin_free = \"5GiB\"\nwhen_full = \"drop_oldest\"\n"
      "last_chance = \"1h\"\n" +
          std::string(kSink),
      "s.toml");
  const Config config = read_config(*reader);
  EXPECT_EQ(reader->errors(), std::vector<std::string>());
  EXPECT_EQ(config.budget, (BudgetLimits{50 * base::kGiB, 5 * base::kGiB, WhenFull::kDropOldest,
                                         3600 * base::kSecondNs}));
  const auto errors =
      errors_of("[retention]\nenabled = false\nwhen_full = \"drop_oldest\"\n" + std::string(kSink));
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].find("s.toml:3:13: retention.when_full: expected \"keep\" where enabled is "),
            0U)
      << errors[0];
}

// What a reload compares.
TEST(Config, FingerprintsTellWhatASinkWouldNotice) {
  const auto fingerprint = [](const std::string& text) {
    const auto reader = base::ConfigReader::from_text(text, "s.toml");
    const Config config = read_config(*reader);
    EXPECT_EQ(reader->errors(), std::vector<std::string>());
    return config.sinks.at(0).fingerprint;
  };
  const std::string sink(kSink);
  const auto as_is = fingerprint(sink);
  EXPECT_EQ(fingerprint("# a comment\n[log]\nlevel = \"debug\"\n" + sink), as_is);
  EXPECT_EQ(fingerprint("[retention]\nkeep = \"1h\"\n" + sink), as_is);
  EXPECT_EQ(fingerprint(sink + "[[sink]]\nname = \"y\"\nkind = \"file\"\npath = \"/y\"\n"), as_is);
  EXPECT_NE(fingerprint(sink + "flush_age = \"2s\"\n"), as_is);
  EXPECT_NE(fingerprint("[columns]\nparams = [\"a\"]\n" + sink), as_is);
  EXPECT_NE(fingerprint("[[column]]\nname = \"n\"\ntype = \"integer\"\n" + sink), as_is);
}

}  // namespace
}  // namespace pixel::shipper
