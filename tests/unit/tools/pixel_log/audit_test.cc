// SPDX-License-Identifier: Apache-2.0
// Spools made by hand, each with one defect: the audit must name it.
#include "tools/pixel_log/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/tools/pixel_log/spool_builder.h"
#include "tools/pixel_log/verify.h"

namespace pixel::logs {
namespace {

using testing::HasSubstr;

// Worker 0: segments 0 (10 lines), 1 (5), 2 (active, 3). Worker 1: segment 0 (4).
class Audit : public testing::Test {
 protected:
  void SetUp() override {
    spool_.seal(first_, 0, 10);
    spool_.seal(second_, 10, 5);
    spool_.activate(third_, 15, 3);
    spool_.seal(other_, 0, 4);
    spool_.leave_ledger(22, 21);
    input_.spool = spool_.root();
    input_.cipher = spool_.cipher();
  }

  AuditResult run() {
    auto result = audit(input_);
    EXPECT_TRUE(result.ok());
    return std::move(*result);
  }
  // Every defect on a line of its own.
  static std::string named(const AuditResult& result) {
    std::string text;
    for (const Defect& defect : result.defects) {
      text += std::string(defect_kind_name(defect.kind)) + " " + defect.where + ": " + defect.what +
              "\n";
    }
    return text;
  }
  SinkHoldings full_sink() const {
    SinkHoldings sink;
    sink.name = "duckdb";
    sink.lanes.emplace();
    (*sink.lanes)[first_.lane] = {2, 1 << 20};
    (*sink.lanes)[other_.lane] = {1, 0};
    sink.segments = {{first_, {10, 10}}, {second_, {5, 5}}, {third_, {3, 3}}, {other_, {4, 4}}};
    return sink;
  }

  const logfmt::SegmentId first_ = SpoolBuilder::segment(0);
  const logfmt::SegmentId second_ = SpoolBuilder::segment(1);
  const logfmt::SegmentId third_ = SpoolBuilder::segment(2);
  const logfmt::SegmentId other_ = SpoolBuilder::segment(0, 1);
  SpoolBuilder spool_;
  AuditInput input_;
};

TEST_F(Audit, BooksThatBalance) {
  input_.sinks = {full_sink()};
  input_.drained = true;
  const AuditResult result = run();
  EXPECT_TRUE(result.balanced()) << named(result);
  EXPECT_EQ(result.answered, 21U);
  EXPECT_EQ(result.logged, 22U);
  EXPECT_EQ(summary_line(result), "answered=21 logged=22 duckdb=22 balanced");
}

TEST_F(Audit, BalancesByManifestsWithoutKey) {
  input_.cipher.reset();
  const AuditResult result = run();
  EXPECT_TRUE(result.balanced()) << named(result);
  EXPECT_EQ(result.logged, 22U);
}

TEST_F(Audit, DeletedDataCountsByItsManifest) {
  std::filesystem::remove(spool_.data(first_));
  input_.sinks = {full_sink()};
  const AuditResult result = run();
  EXPECT_TRUE(result.balanced()) << named(result);
  EXPECT_EQ(result.logged, 22U);
  EXPECT_EQ(result.segments_without_data, 1U);
}

TEST_F(Audit, MissingSegmentInTheMiddle) {
  std::filesystem::remove(spool_.data(second_));
  std::filesystem::remove(spool_.sealed_path(second_, logfmt::SealedName::Type::kManifest));
  const AuditResult result = run();
  EXPECT_THAT(named(result), HasSubstr("gap lane A0001673F3C2A000: sequences 10 to 14"));
  EXPECT_THAT(named(result), HasSubstr("segment " + to_text(second_) + " is missing"));
  EXPECT_EQ(result.defects.size(), 1U) << named(result);
  EXPECT_EQ(result.lost(), 5U);
  // Without the key the active segment after it has no numbers: the ledger still knows.
  input_.cipher.reset();
  EXPECT_THAT(named(run()), HasSubstr("gap boot 0001-673F3C2A"));
  EXPECT_EQ(run().lost(), 5U);
}

TEST_F(Audit, MissingSegmentAtTheEnd) {
  std::filesystem::remove(spool_.root() / "active" / logfmt::active_file_name(third_));
  const AuditResult result = run();
  EXPECT_THAT(named(result), HasSubstr("boot 0001-673F3C2A: it counted 22 lines, its segments "
                                       "hold 19: 3 missing"));
  EXPECT_EQ(result.lost(), 3U);
}

TEST_F(Audit, FlippedByte) {
  std::string text = SpoolBuilder::get(spool_.data(first_));
  text[text.find("/hpx.gif") + 1] ^= 1;
  SpoolBuilder::put(spool_.data(first_), text);
  const AuditResult result = run();
  EXPECT_THAT(named(result), HasSubstr("mismatch " + to_text(first_) + ": xxh3_128"));
  EXPECT_EQ(result.defects.size(), 1U) << named(result);
}

TEST_F(Audit, DuplicatedLine) {
  SpoolBuilder::put(spool_.data(first_),
                    SpoolBuilder::get(spool_.data(first_)) + spool_.line(first_, 7));
  const AuditResult result = run();
  EXPECT_THAT(named(result),
              HasSubstr("duplicate " + to_text(first_) + ": line 13: sequence 7 comes again"));
  EXPECT_EQ(result.duplicated(), 1U);
  EXPECT_EQ(result.lost(), 0U);
}

TEST_F(Audit, LineRemovedFromTheMiddle) {
  std::string text = SpoolBuilder::get(spool_.data(first_));
  const std::string line = spool_.line(first_, 4);
  text.erase(text.find(line), line.size());
  SpoolBuilder::put(spool_.data(first_), text);
  const AuditResult result = run();
  EXPECT_THAT(named(result),
              HasSubstr("gap " + to_text(first_) + ": line 7: sequence 4 missing before it"));
  EXPECT_EQ(result.lost(), 1U) << named(result);
}

TEST_F(Audit, GapBetweenSegments) {
  spool_.seal(second_, 12, 3);
  const AuditResult result = run();
  EXPECT_THAT(named(result), HasSubstr("sequences 10 to 11 are missing before segment " +
                                       to_text(second_) + " after segment " + to_text(first_)));
  EXPECT_EQ(result.lost(), 2U);
}

TEST_F(Audit, SegmentsThatOverlap) {
  spool_.seal(second_, 8, 7);
  const AuditResult result = run();
  EXPECT_THAT(named(result), HasSubstr("sequences 8 to 9 of segment " + to_text(second_)));
  EXPECT_EQ(result.duplicated(), 2U);
}

TEST_F(Audit, ManyDefectsOfOneKindAreCountedAndNotAllNamed) {
  std::string text = SpoolBuilder::get(spool_.data(first_));
  for (int i = 0; i < 50; ++i) text += spool_.line(first_, 3);
  SpoolBuilder::put(spool_.data(first_), text);
  const AuditResult result = run();
  EXPECT_EQ(result.duplicated(), 50U);
  EXPECT_LT(result.defects.size(), 12U);
  EXPECT_THAT(named(result), HasSubstr("(and more)"));
}

TEST_F(Audit, TornLine) {
  std::string text = SpoolBuilder::get(spool_.data(first_));
  const std::string line = spool_.line(first_, 4);
  text.replace(text.find(line), line.size(), line.substr(0, 60) + "\n");
  SpoolBuilder::put(spool_.data(first_), text);
  const AuditResult result = run();
  EXPECT_THAT(named(result), HasSubstr("torn " + to_text(first_) + ": 1 torn lines"));
  EXPECT_THAT(named(result), HasSubstr("line 7"));
  EXPECT_EQ(result.torn_lines, 1U);
}

TEST_F(Audit, LineOfAnotherLane) {
  SpoolBuilder::put(spool_.data(first_),
                    SpoolBuilder::get(spool_.data(first_)) + spool_.line(other_, 10));
  EXPECT_THAT(named(run()), HasSubstr("line 13: request id"));
}

TEST_F(Audit, AnswersWithoutLines) {
  spool_.leave_ledger(22, 23);
  EXPECT_THAT(named(run()), HasSubstr("23 answers to 22 lines"));
  spool_.leave_ledger(22, 22, true, 4);
  EXPECT_THAT(named(run()), HasSubstr("unlogged boot 0001-673F3C2A: 4 answers without a line"));
}

TEST_F(Audit, ACleanEndHasCountedEveryLineAKillNeedNot) {
  spool_.leave_ledger(20, 20, true);
  EXPECT_THAT(named(run()), HasSubstr("it counted 20 lines, its segments hold 22"));
  spool_.leave_ledger(20, 20, false);
  EXPECT_TRUE(run().balanced());
}

TEST_F(Audit, MissingAndDamagedBooks) {
  const auto ledger = spool_.root() / "sealed" / logfmt::boot_ledger_file_name(kNode, kBoot);
  SpoolBuilder::put(ledger, "{}");
  EXPECT_THAT(named(run()), HasSubstr("unreadable 0001-673F3C2A.boot"));
  std::filesystem::remove(ledger);
  EXPECT_THAT(named(run()), HasSubstr("neither ledger nor control page"));
  spool_.leave_ledger(22, 22);
  const auto manifest = spool_.sealed_path(first_, logfmt::SealedName::Type::kManifest);
  std::filesystem::remove(manifest);
  EXPECT_THAT(named(run()), HasSubstr("a sealed segment without manifest"));
  SpoolBuilder::put(manifest, "no json");
  EXPECT_THAT(named(run()), HasSubstr("unreadable " + to_text(first_)));
}

TEST_F(Audit, ALiveEdgeIsReadFromItsControlPage) {
  std::filesystem::remove(spool_.root() / "sealed" / logfmt::boot_ledger_file_name(kNode, kBoot));
  {
    const auto page = spool_.run_edge(21, 20);  // A line is published, not yet counted.
    const AuditResult result = run();
    EXPECT_TRUE(result.balanced()) << named(result);
    EXPECT_EQ(result.answered, 20U);
    EXPECT_TRUE(result.notes.empty());
  }
  EXPECT_THAT(run().notes.at(0), HasSubstr("its process is gone"));
}

TEST_F(Audit, SinkShortByOne) {
  SinkHoldings sink = full_sink();
  sink.segments[second_] = {4, 4};
  input_.sinks = {sink};
  const AuditResult result = run();
  EXPECT_EQ(named(result), "gap sink duckdb: 1 rows of segment " + to_text(second_) + " missing\n");
  EXPECT_EQ(result.lost(), 1U);
  EXPECT_EQ(summary_line(result), "answered=21 logged=22 duckdb=21 NOT balanced: 1 defects");
}

TEST_F(Audit, SinkWithADuplicate) {
  SinkHoldings sink = full_sink();
  sink.segments[other_] = {5, 4};
  input_.sinks = {sink};
  const AuditResult result = run();
  EXPECT_EQ(named(result),
            "duplicate sink duckdb: 1 duplicate rows of segment " + to_text(other_) + "\n");
  EXPECT_EQ(result.duplicated(), 1U);
}

TEST_F(Audit, SinkWithMoreRowsThanLines) {
  SinkHoldings sink = full_sink();
  sink.segments[other_] = {6, 6};
  sink.segments[SpoolBuilder::segment(9)] = {1, 1};
  input_.sinks = {sink};
  const std::string text = named(run());
  EXPECT_THAT(text, HasSubstr("6 rows of segment " + to_text(other_) + ", which has 4 lines"));
  EXPECT_THAT(text, HasSubstr("1 rows of segment " + to_text(SpoolBuilder::segment(9))));
}

TEST_F(Audit, ForeignLinesAreJudgedByTheShippersBooks) {
  const auto lane = *logfmt::parse_lane("F0007673F3C2A001");
  SinkHoldings sink = full_sink();
  sink.foreign_retired[lane] = {2, 100};
  sink.foreign[{lane, 2}] = {10, 10};
  sink.foreign[{lane, 3}] = {8, 5};
  sink.segments[{lane, 1}] = {90, 90};  // 10 of the retired ones were filtered.
  sink.segments[{lane, 2}] = {10, 10};
  sink.segments[{lane, 3}] = {5, 5};
  sink.filtered = 10;
  input_.sinks = {sink};
  AuditResult result = run();
  EXPECT_TRUE(result.balanced()) << named(result);
  EXPECT_EQ(result.foreign, 118U);
  EXPECT_EQ(result.sinks[0].rows, 22U + 105U);
  EXPECT_EQ(result.sinks[0].pending, 3U);
  EXPECT_EQ(summary_line(result), "answered=21 logged=22 foreign=118 duckdb=127 balanced");

  input_.sinks[0].filtered = 0;
  input_.sinks[0].segments[{lane, 2}] = {9, 8};
  input_.sinks[0].segments[{lane, 7}] = {1, 1};
  const std::string text = named(run());
  EXPECT_THAT(text, HasSubstr("1 duplicate rows of segment F0007673F3C2A00100000002"));
  EXPECT_THAT(text, HasSubstr("2 rows of segment F0007673F3C2A00100000002 missing"));
  EXPECT_THAT(text, HasSubstr("1 rows of segment F0007673F3C2A00100000007, of which the log"));
}

TEST_F(Audit, SinkThatCannotSayWhatItHolds) {
  SinkHoldings sink;
  sink.name = "lake";
  sink.error = "no such directory";
  input_.sinks = {sink};
  EXPECT_EQ(named(run()), "unreadable sink lake: no such directory\n");
}

TEST_F(Audit, FilteredAndDeadLetteredLinesHaveNoRows) {
  SinkHoldings sink = full_sink();
  sink.segments[first_] = {7, 7};
  sink.filtered = 2;
  sink.dead_lettered = 1;
  input_.sinks = {sink};
  EXPECT_TRUE(run().balanced());
  input_.sinks[0].filtered = 1;
  EXPECT_EQ(run().lost(), 1U);
  input_.sinks[0].filtered = 3;
  EXPECT_THAT(named(run()), HasSubstr("4 lines filtered or dead-lettered, but only 3"));
}

TEST_F(Audit, WhatLiesBeyondTheCheckpointIsPending) {
  SinkHoldings sink = full_sink();
  const std::string two_lines = spool_.text(second_, 10, 2);
  (*sink.lanes)[first_.lane] = {1, two_lines.size()};
  sink.segments = {{first_, {10, 10}}, {second_, {2, 2}}, {other_, {4, 4}}};
  input_.sinks = {sink};
  AuditResult result = run();
  EXPECT_TRUE(result.balanced()) << named(result);
  EXPECT_EQ(result.sinks[0].pending, 6U);
  input_.drained = true;
  EXPECT_THAT(named(run()), HasSubstr("pending sink duckdb: 6 lines not delivered yet"));
  input_.drained = false;
  input_.sinks[0].segments[second_] = {1, 1};
  EXPECT_EQ(run().lost(), 1U);
}

TEST_F(Audit, ClientIdsAreInTheLogExactlyOnce) {
  input_.client_parameter = "id";
  input_.client_ids = {0, 17, 9, 103};
  EXPECT_TRUE(run().balanced());
  input_.client_ids = {0, 17, 18, 555};
  AuditResult result = run();
  EXPECT_THAT(named(result), HasSubstr("2 answered requests are not in the log: 18, 555"));
  EXPECT_EQ(result.lost(), 2U);
  input_.client_ids = {7};
  SpoolBuilder::put(spool_.data(first_),
                    SpoolBuilder::get(spool_.data(first_)) + spool_.line(first_, 7));
  EXPECT_THAT(named(run()), HasSubstr("1 answered requests are in the log more than once: 7"));
}

TEST_F(Audit, AClientWithMoreAnswersThanLines) {
  input_.client_answered = 22;
  EXPECT_TRUE(run().balanced());
  input_.client_answered = 23;
  EXPECT_THAT(named(run()), HasSubstr("23 answers received, 22 lines logged"));
}

TEST_F(Audit, JsonCarriesTheDefects) {
  SinkHoldings sink = full_sink();
  sink.segments[second_] = {4, 4};
  input_.sinks = {sink};
  const auto object = nlohmann::json::parse(to_json(run()));
  EXPECT_EQ(object["balanced"], false);
  EXPECT_EQ(object["lost"], 1);
  EXPECT_EQ(object["sinks"][0]["name"], "duckdb");
  EXPECT_EQ(object["sinks"][0]["rows"], 21);
  EXPECT_EQ(object["defects"][0]["kind"], "gap");
  EXPECT_EQ(object["defects"][0]["where"], "sink duckdb");
}

TEST_F(Audit, NoSpoolIsAnErrorNotABalance) {
  input_.spool = "/nowhere";
  EXPECT_FALSE(audit(input_).ok());
}

TEST_F(Audit, VerifySeesWhatTheManifestsSee) {
  SpoolView view;
  ASSERT_TRUE(add_path(spool_.root(), view).ok());
  EXPECT_TRUE(verify_segments(view, &spool_.cipher()).defects.empty());
  EXPECT_EQ(verify_segments(view, nullptr).lines, 22U);
  std::string text = SpoolBuilder::get(spool_.data(first_));
  text.pop_back();
  SpoolBuilder::put(spool_.data(first_), text);
  const VerifyResult cut = verify_segments(view, nullptr);
  std::string kinds;
  for (const Defect& defect : cut.defects) kinds += defect.what + "\n";
  EXPECT_THAT(kinds, HasSubstr("no newline"));
  EXPECT_THAT(kinds, HasSubstr("bytes: the manifest says"));
  EXPECT_THAT(kinds, HasSubstr("lines: the manifest says 10, the file has 9"));
}

}  // namespace
}  // namespace pixel::logs
