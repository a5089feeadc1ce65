// SPDX-License-Identifier: Apache-2.0
// Replay, audit and dead letters against real sinks in real files, without a second process.
#include "shipper/job.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/file.h"
#include "shipper/audit.h"
#include "shipper/letter_box.h"
#include "shipper/offline.h"
#include "shipper/service.h"
#include "shipper/sinks/duckdb/duckdb_handle.h"
#include "tests/unit/shipper/support/lines.h"
#include "tests/unit/shipper/support/spool_writer.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

constexpr std::uint64_t kLines = 600;

class JobTest : public testing::Test {
 protected:
  std::string path(const char* name) const { return (directory_.path() / name).string(); }

  Config make_config(const std::string& more = "") const {
    const std::string text =
        "[spool]\npath = \"" + path("spool") + "\"\n[state]\npath = \"" + path("state") +
        "\"\n[admin]\nlisten = \"\"\n" + more +
        "[[sink]]\nname = \"warehouse\"\nkind = \"duckdb\"\nflush_rows = 100\npath = \"" +
        path("w.duckdb") + "\"\n[[sink]]\nname = \"lake\"\nkind = \"lake\"\nflush_rows = 100\n" +
        "path = \"" + path("lake") + "\"\n[[sink]]\nname = \"lines\"\nkind = \"file\"\npath = \"" +
        path("out") + "\"\n";
    const auto reader = base::ConfigReader::from_text(text, "s.toml");
    Config config = read_config(*reader);
    EXPECT_EQ(reader->errors(), std::vector<std::string>());
    return config;
  }

  void write_lines(const std::string& bad = "") {
    SpoolWriter writer(directory_.path() / "spool", test_lane());
    for (std::uint64_t i = 0; i < kLines; ++i) {
      const bool is_bad = !bad.empty() && i % 100 == 7;
      writer.append(is_bad ? access_line({{logfmt::Field::kUriQuery, "a=" + bad}})
                           : numbered_line(i));
      if (i % 200 == 199) writer.rotate();
    }
    writer.finish();
  }

  static void drain(const Config& config) {
    Service service(config);
    ASSERT_TRUE(service.start(true).ok());
    while (!service.is_done()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_FALSE(service.has_failed());
    service.stop();
  }

  static const SinkConfig& sink_of(const Config& config, const std::string& name) {
    for (const SinkConfig& sink : config.sinks) {
      if (sink.name == name) return sink;
    }
    ADD_FAILURE() << name;
    return config.sinks[0];
  }

  static base::Result<JobOutcome> replay(const Config& config, JobRequest request) {
    JobProgress progress;
    return offline_job(config, request, progress);
  }

  static SinkAudit audit(const Config& config, const std::string& name) {
    const auto held = offline_holdings(config);
    EXPECT_TRUE(held.ok());
    Catalogue catalogue(config.spool);
    EXPECT_TRUE(catalogue.scan().ok());
    JobProgress progress;
    for (const SinkHoldings& holdings : *held) {
      if (holdings.name != name) continue;
      return audit_sink(config, sink_of(config, name), holdings, *catalogue.snapshot(), {},
                        progress);
    }
    ADD_FAILURE() << name;
    return {};
  }

  void change_warehouse(const std::string& sql) const {
    auto database = duckdb::Database::open(path("w.duckdb"), {});
    ASSERT_TRUE(database.ok());
    auto connection = database->connect();
    ASSERT_TRUE(connection.ok());
    const auto done = connection->execute(sql);
    ASSERT_TRUE(done.ok()) << done.error().message;
  }

  static std::uint64_t count_rows(const Config& config, const std::string& sink) {
    const auto answer = offline_query(config, sink, "SELECT count(*) FROM requests");
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    const std::string json = answer ? answer->json : "";
    return std::stoull(json.substr(json.find("[[") + 2));
  }

  TemporaryDirectory directory_;
};

TEST_F(JobTest, ReplayChangesNothingWhereNothingIsMissing) {
  write_lines();
  const Config config = make_config();
  drain(config);
  for (const char* sink : {"warehouse", "lake"}) {
    const auto outcome = replay(config, {JobKind::kReplay, sink, "", {}});
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_EQ(outcome->lines, kLines);
    EXPECT_EQ(outcome->rows, kLines);
    EXPECT_EQ(outcome->restored, 0U);
    EXPECT_EQ(count_rows(config, sink), kLines);
    EXPECT_TRUE(audit(config, sink).is_fine());
  }
}

TEST_F(JobTest, MissingRowsAreNamedAndRestored) {
  write_lines();
  const Config config = make_config();
  drain(config);
  change_warehouse("DELETE FROM requests WHERE _segment LIKE '%1' AND CAST(a AS INTEGER) % 2 = 0");
  SinkAudit found = audit(config, "warehouse");
  EXPECT_FALSE(found.is_fine());
  EXPECT_EQ(found.missing, 100U);
  ASSERT_EQ(found.findings.size(), 1U);
  EXPECT_EQ(found.findings[0].segment, (logfmt::SegmentId{test_lane(), 1}));
  EXPECT_TRUE(found.findings[0].can_be_read);
  JobRequest request{JobKind::kReplay, "warehouse", "", {}};
  request.selection.segments = {found.findings[0].segment};
  const auto outcome = replay(config, request);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->lines, 200U);
  EXPECT_EQ(outcome->restored, 100U);
  EXPECT_EQ(count_rows(config, "warehouse"), kLines);
  EXPECT_TRUE(audit(config, "warehouse").is_fine());
  EXPECT_NE(audit_screen({found}).find("100 rows MISSING"), std::string::npos);
}

TEST_F(JobTest, LinesOfOthersAreAuditedToo) {
  std::string text;
  for (std::uint64_t i = 0; i < 50; ++i) text += numbered_line(i) + "\n";
  std::filesystem::create_directory(path("spool"));
  ASSERT_TRUE(base::write_file_atomic(path("other.log"), text + "no line of ours\n").ok());
  const Config config =
      make_config("[[source]]\nname = \"other\"\nkind = \"tail\"\npath = \"" + path("other.log") +
                  "\"\nsettle = \"100ms\"\nstart = \"beginning\"\n");
  drain(config);
  const SinkAudit whole = audit(config, "warehouse");
  EXPECT_TRUE(whole.is_fine()) << audit_screen({whole});
  EXPECT_EQ(whole.lines, 51U);
  EXPECT_EQ(whole.rows, 50U);  // The dead letter explains the other line.
  change_warehouse("DELETE FROM requests WHERE CAST(a AS INTEGER) < 3");
  const SinkAudit short_of = audit(config, "warehouse");
  EXPECT_EQ(short_of.missing, 3U);
  ASSERT_EQ(short_of.findings.size(), 1U);
  EXPECT_EQ(short_of.findings[0].segment.lane.kind, logfmt::SegmentKind::kForeign);
  change_warehouse("INSERT INTO requests SELECT * FROM requests LIMIT 2");
  EXPECT_EQ(audit(config, "warehouse").twice, 2U);
}

TEST_F(JobTest, ALakeWithoutAFileGetsItsRowsBack) {
  write_lines();
  const Config config = make_config();
  drain(config);
  // The oldest: the last commit's files are looked for at the next opening.
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path("lake"))) {
    if (entry.path().extension() == ".parquet") names.insert(entry.path().string());
  }
  ASSERT_GT(names.size(), 1U);
  std::filesystem::remove(*names.begin());
  const SinkAudit found = audit(config, "lake");
  EXPECT_GT(found.missing, 0U);
  const auto outcome = replay(config, {JobKind::kReplay, "lake", "", {}});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->restored, found.missing);
  EXPECT_EQ(count_rows(config, "lake"), kLines);
  EXPECT_TRUE(audit(config, "lake").is_fine());
}

TEST_F(JobTest, RowsThatAreThereTwiceAreNamed) {
  write_lines();
  const Config config = make_config();
  drain(config);
  change_warehouse("INSERT INTO requests SELECT * FROM requests WHERE _segment LIKE '%2' LIMIT 3");
  const SinkAudit found = audit(config, "warehouse");
  EXPECT_EQ(found.twice, 3U);
  EXPECT_EQ(found.missing, 0U);
  EXPECT_NE(audit_json({found}).find("\"twice\":3"), std::string::npos);
}

TEST_F(JobTest, WhatTheSinkHasNotComeToIsLeftToTheDelivery) {
  write_lines();
  const Config config = make_config();
  // Nothing is delivered yet.
  const auto outcome = replay(config, {JobKind::kReplay, "warehouse", "", {}});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->lines, 0U);
  drain(config);
  EXPECT_EQ(count_rows(config, "warehouse"), kLines);
}

TEST_F(JobTest, SegmentsWhoseDataIsDeletedAreNamed) {
  write_lines();
  const Config config = make_config();
  drain(config);
  SpoolWriter names(directory_.path() / "elsewhere", test_lane());
  const std::string file = names.sealed_name(1, logfmt::SealedName::Type::kData);
  ASSERT_TRUE(std::filesystem::remove(config.spool / "sealed" / file));
  const auto outcome = replay(config, {JobKind::kReplay, "warehouse", "", {}});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->gone, (std::vector<logfmt::SegmentId>{{test_lane(), 1}}));
  EXPECT_TRUE(audit(config, "warehouse").is_fine());
  change_warehouse("DELETE FROM requests WHERE _segment LIKE '%1'");
  const SinkAudit found = audit(config, "warehouse");
  EXPECT_EQ(found.missing, 200U);
  ASSERT_EQ(found.findings.size(), 1U);
  EXPECT_FALSE(found.findings[0].can_be_read);
}

TEST_F(JobTest, AReplayOfFilesThatLackNothingChangesNothing) {
  write_lines();
  const Config config = make_config();
  drain(config);
  const auto file = directory_.path() / "out" / "requests-00000001.jsonl";
  const std::string all = base::read_file(file).value();
  EXPECT_EQ(replay(config, {JobKind::kReplay, "lines", "", {}})->restored, 0U);
  EXPECT_EQ(base::read_file(file).value(), all) << "nothing was missing";
  EXPECT_TRUE(audit(config, "lines").is_fine());
}

TEST_F(JobTest, ASinkThatCannotTellSaysSo) {
  write_lines();
  const Config config =
      make_config("[[sink]]\nname = \"raw\"\nkind = \"file\"\nformat = \"raw\"\npath = \"" +
                  path("raw") + "\"\n");
  drain(config);
  const auto outcome = replay(config, {JobKind::kReplay, "raw", "", {}});
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.error().message.find("replay is not possible"), std::string::npos);
  EXPECT_FALSE(replay(config, {JobKind::kReplay, "nobody", "", {}}).ok());
  const auto no_table = replay(config, {JobKind::kReplay, "warehouse", "clicks", {}});
  ASSERT_FALSE(no_table.ok());
  EXPECT_NE(no_table.error().message.find("no table is called clicks"), std::string::npos);
}

TEST_F(JobTest, DeadLettersBecomeRowsOnceTheSettingsFit) {
  write_lines("notanumber");
  const std::string column = "[[column]]\nname = \"number\"\nparam = \"a\"\ntype = \"integer\"\n";
  const Config strict = make_config(column);
  drain(strict);
  EXPECT_EQ(count_rows(strict, "warehouse"), kLines - 6);
  EXPECT_EQ(read_letter_box(strict.sink_state("warehouse"))->open.size(), 6U);
  EXPECT_TRUE(audit(strict, "warehouse").is_fine());

  // As it is: all stay.
  auto outcome = replay(strict, {JobKind::kDeadLetters, "warehouse", "", {}});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->dead_lettered, 6U);
  EXPECT_EQ(outcome->restored, 0U);

  const Config mended = make_config(column + "on_error = \"null\"\n");
  outcome = replay(mended, {JobKind::kDeadLetters, "warehouse", "", {}});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->rows, 6U);
  EXPECT_EQ(outcome->dead_lettered, 0U);
  EXPECT_EQ(count_rows(mended, "warehouse"), kLines);
  EXPECT_TRUE(read_letter_box(mended.sink_state("warehouse"))->open.empty());
  EXPECT_TRUE(audit(mended, "warehouse").is_fine());
  const auto state = offline_state(mended);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->sinks[0].books.dead_lettered, 0U);
  EXPECT_EQ(state->sinks[0].books.delivered, kLines);
  EXPECT_EQ(state->sinks[0].books.residue, 0);

  // Again: nothing is left to do.
  outcome = replay(mended, {JobKind::kDeadLetters, "warehouse", "", {}});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->lines, 0U);
  EXPECT_EQ(count_rows(mended, "warehouse"), kLines);
}

// Killed after the rows and before the mark: the letters are open, the rows are there.
TEST_F(JobTest, LettersWhoseRowsAreThereAreOnlyMarked) {
  write_lines("notanumber");
  const std::string column = "[[column]]\nname = \"number\"\nparam = \"a\"\ntype = \"integer\"\n";
  drain(make_config(column));
  const Config mended = make_config(column + "on_error = \"null\"\n");
  ASSERT_TRUE(replay(mended, {JobKind::kDeadLetters, "warehouse", "", {}}).ok());
  const auto marks = mended.sink_state("warehouse") / "dead_letters.resolved.jsonl";
  const std::string text = base::read_file(marks).value();
  std::filesystem::resize_file(marks, text.size() / 2);  // In the middle of a line.
  EXPECT_GT(read_letter_box(mended.sink_state("warehouse"))->open.size(), 0U);
  const auto outcome = replay(mended, {JobKind::kDeadLetters, "warehouse", "", {}});
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(read_letter_box(mended.sink_state("warehouse"))->open.empty());
  EXPECT_EQ(count_rows(mended, "warehouse"), kLines);
  EXPECT_TRUE(audit(mended, "warehouse").is_fine());
}

TEST_F(JobTest, ACancelledJobEndsAndMayBeAskedForAgain) {
  write_lines();
  const Config config = make_config();
  drain(config);
  change_warehouse("DELETE FROM requests");
  JobProgress progress;
  progress.cancelled = true;
  const auto outcome = offline_job(config, {JobKind::kReplay, "warehouse", "", {}}, progress);
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.error().message.find("cancelled"), std::string::npos);
  ASSERT_TRUE(replay(config, {JobKind::kReplay, "warehouse", "", {}}).ok());
  EXPECT_EQ(count_rows(config, "warehouse"), kLines);
}

TEST(JobRequest, IsReadBackAndRefused) {
  JobRequest request{JobKind::kReplay, "lake", "requests", {}};
  request.selection = {1000, 2000, {{test_lane(), 7}}};
  const auto read = parse_job_request(to_json(request));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->sink, "lake");
  EXPECT_EQ(read->table, "requests");
  EXPECT_EQ(read->selection, request.selection);
  for (const char* text : {"", "[]", "{}", "{\"kind\":\"x\"}", "{\"kind\":\"replay\",\"sink\":1}",
                           "{\"kind\":\"replay\",\"segments\":[\"x\"]}",
                           "{\"kind\":\"replay\",\"from\":\"yesterday\"}"}) {
    EXPECT_FALSE(parse_job_request(text).ok()) << text;
  }
}

}  // namespace
}  // namespace pixel::shipper
