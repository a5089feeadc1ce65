// SPDX-License-Identifier: Apache-2.0
// Events lanes in verify and audit: fine ones balance, each defect is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/unit/tools/pixel_log/spool_builder.h"
#include "tools/pixel_log/audit.h"
#include "tools/pixel_log/verify.h"

namespace pixel::logs {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

// Access: 10 lines sealed, 2 active. Events of requests 0 to 9: 12 sealed, 5, and 3 active.
class EventsAudit : public testing::Test {
 protected:
  void SetUp() override {
    spool_.seal(access_, 0, 10);
    spool_.activate(SpoolBuilder::segment(1), 10, 2);
    spool_.seal(first_, 0, 12);
    spool_.seal(second_, 12, 5);
    spool_.activate(third_, 17, 3);
    spool_.leave_ledger(12, 12, true, 0, 20);
    input_.spool = spool_.root();
    input_.cipher = spool_.cipher();
  }
  AuditResult run() {
    auto result = audit(input_);
    EXPECT_TRUE(result.ok());
    return std::move(*result);
  }
  static std::string named(const std::vector<Defect>& defects) {
    std::string text;
    for (const Defect& defect : defects) {
      text += std::string(defect_kind_name(defect.kind)) + " " + defect.where + ": " + defect.what +
              "\n";
    }
    return text;
  }
  std::string audited() { return named(run().defects); }
  std::string verified() {
    SpoolView view = view_spool(spool_.root()).value();
    return named(verify_segments(view, &*input_.cipher).defects);
  }
  // Writes the sealed segment anew, with a manifest that fits.
  void reseal(const logfmt::SegmentId& id, const std::string& text, std::uint64_t lines,
              std::uint64_t first, std::uint64_t last) {
    logfmt::Manifest manifest;
    manifest.segment = id;
    manifest.file = spool_.data(id).filename();
    manifest.lines = lines;
    manifest.bytes = text.size();
    manifest.first_sequence = first;
    manifest.last_sequence = last;
    manifest.xxh3_128 = base::hash128_hex(text);
    SpoolBuilder::put(spool_.data(id), text);
    SpoolBuilder::put(spool_.sealed_path(id, logfmt::SealedName::Type::kManifest),
                      to_json(manifest));
  }
  void remove_both(const logfmt::SegmentId& id) {
    fs::remove(spool_.data(id));
    fs::remove(spool_.sealed_path(id, logfmt::SealedName::Type::kManifest));
  }

  const logfmt::SegmentId access_ = SpoolBuilder::segment(0);
  const logfmt::SegmentId first_ = SpoolBuilder::events_segment(0);
  const logfmt::SegmentId second_ = SpoolBuilder::events_segment(1);
  const logfmt::SegmentId third_ = SpoolBuilder::events_segment(2);
  SpoolBuilder spool_;
  AuditInput input_;
};

TEST_F(EventsAudit, BalancesAndCountsApart) {
  const AuditResult result = run();
  EXPECT_THAT(named(result.defects), IsEmpty());
  EXPECT_EQ(result.logged, 12U);
  EXPECT_EQ(result.events, 20U);
  EXPECT_EQ(summary_line(result), "answered=12 logged=12 events=20 balanced");
  EXPECT_THAT(to_json(result), HasSubstr("\"events\": 20"));
  EXPECT_THAT(to_table(result), HasSubstr("  events                   20\n"));
  EXPECT_THAT(verified(), IsEmpty());
  input_.cipher.reset();
  EXPECT_THAT(audited(), IsEmpty());
}

TEST_F(EventsAudit, SinksHaveNothingToDoWithThem) {
  SinkHoldings sink;
  sink.name = "duckdb";
  sink.lanes.emplace();
  (*sink.lanes)[access_.lane] = {1, 1 << 20};
  sink.segments = {{access_, {10, 10}}, {SpoolBuilder::segment(1), {2, 2}}};
  input_.sinks = {sink};
  input_.drained = true;
  EXPECT_THAT(audited(), IsEmpty());
}

TEST_F(EventsAudit, MissingSegmentInTheMiddleAndAtTheEnd) {
  remove_both(second_);
  EXPECT_THAT(audited(), HasSubstr("gap lane E0001673F3C2A000: sequences 12 to 16 are missing"));
  EXPECT_EQ(run().defects.size(), 1U);
  EXPECT_EQ(run().lost(), 5U);
  SetUp();
  fs::remove(spool_.root() / "active" / logfmt::active_file_name(third_));
  EXPECT_EQ(audited(),
            "gap boot 0001-673F3C2A: it counted 20 events, its segments hold 17: 3 missing at the "
            "end of its lanes\n");
}

TEST_F(EventsAudit, MoreEventsThanTheBooksOfACleanEnd) {
  spool_.leave_ledger(12, 12, true, 0, 18);
  EXPECT_EQ(audited(), "mismatch boot 0001-673F3C2A: it counted 18 events, its segments hold 20\n");
  spool_.leave_ledger(12, 12, false, 0, 18);
  EXPECT_THAT(audited(), IsEmpty()) << "a killed process may not have counted them";
}

TEST_F(EventsAudit, EventsThatFoundNoPlace) {
  spool_.leave_ledger(12, 12, true, 0, 20, 4);
  EXPECT_THAT(audited(), HasSubstr("unlogged boot 0001-673F3C2A: 4 events of answered requests"));
}

TEST_F(EventsAudit, LinesThatAreNoEvents) {
  std::string text = spool_.text(second_, 12, 3);
  text += "{\"id\":\"x\"}\n[1]\n";
  reseal(second_, text, 5, 12, 14);
  const std::string expected =
      "torn " + to_text(second_) + ": 2 lines are no events, the first is line 4\n";
  EXPECT_THAT(audited(), HasSubstr(expected));
  EXPECT_THAT(verified(), HasSubstr(expected));
  EXPECT_EQ(run().torn_lines, 2U);
}

TEST_F(EventsAudit, BrokenJsonWithAGoodHead) {
  std::string text = spool_.text(second_, 12, 5);
  text.erase(text.size() - 2, 1);  // The last brace.
  reseal(second_, text, 5, 12, 15);
  EXPECT_THAT(verified(), HasSubstr("1 lines are no events, the first is line 5"));
}

TEST_F(EventsAudit, GapsAndDuplicatesWithinASegment) {
  std::string text = spool_.event(second_, 12) + spool_.event(second_, 15) +
                     spool_.event(second_, 15) + spool_.event(second_, 16);
  reseal(second_, text, 4, 12, 16);
  const std::string found = verified();
  EXPECT_THAT(found, HasSubstr("line 2: sequences 13 to 14 missing before it"));
  EXPECT_THAT(found, HasSubstr("line 3: sequence 15 comes again"));
  input_.cipher.reset();
  EXPECT_EQ(run().lost(), 2U) << "also without a key";
  EXPECT_EQ(run().duplicated(), 1U);
}

TEST_F(EventsAudit, FillersOfAHoleAreNoEvents) {
  const std::string text = spool_.event(second_, 12) + "#------\n\n" + spool_.event(second_, 16);
  reseal(second_, text, 2, 12, 16);
  EXPECT_THAT(verified(), HasSubstr("sequences 13 to 15 missing"));
  EXPECT_EQ(verified().find("torn"), std::string::npos);
}

TEST_F(EventsAudit, FlippedByte) {
  std::string text = SpoolBuilder::get(spool_.data(first_));
  text[text.find("/collect") + 1] ^= 1;
  SpoolBuilder::put(spool_.data(first_), text);
  EXPECT_THAT(verified(), HasSubstr("mismatch " + to_text(first_) + ": xxh3_128"));
}

TEST_F(EventsAudit, IdsOfAnotherWorker) {
  const logfmt::SegmentId other = SpoolBuilder::events_segment(1, 5);
  std::string text = spool_.text(second_, 12, 4);
  text += spool_.event(other, 16);
  reseal(second_, text, 5, 12, 16);
  EXPECT_THAT(verified(), HasSubstr("line 5: request id"));
  EXPECT_THAT(verified(), HasSubstr("is not of this worker, or the key is another"));
}

TEST_F(EventsAudit, EventsOfRequestsWithoutAccessLine) {
  fs::remove(spool_.root() / "active" / logfmt::active_file_name(SpoolBuilder::segment(1)));
  spool_.seal(access_, 0, 8);  // Two less: events speak of requests 8 and 9.
  spool_.leave_ledger(8, 8, true, 0, 20);
  EXPECT_EQ(audited(),
            "mismatch lane E0001673F3C2A000: events of requests up to sequence 9, but access lines "
            "end at 7\n");
  spool_.leave_ledger(8, 8, false, 0, 20);
  EXPECT_THAT(audited(), HasSubstr("access lines end at 7")) << "a kill explains one, not two";
  fs::remove(spool_.data(access_));
  EXPECT_THAT(audited(), HasSubstr("access lines end at 7")) << "the manifest still knows";
}

TEST_F(EventsAudit, KilledBetweenTheEventsOfARequestAndItsLine) {
  fs::remove(spool_.root() / "active" / logfmt::active_file_name(SpoolBuilder::segment(1)));
  spool_.seal(access_, 0, 9);
  spool_.leave_ledger(9, 9, false, 0, 20);
  EXPECT_THAT(audited(), IsEmpty());
  spool_.leave_ledger(9, 9, true, 0, 20);
  EXPECT_THAT(audited(), HasSubstr("events of requests up to sequence 9")) << "not by itself";
}

TEST_F(EventsAudit, AccessSegmentsThatRetentionHasTaken) {
  fs::remove(spool_.data(access_));
  EXPECT_THAT(audited(), IsEmpty());
}

TEST_F(EventsAudit, ALiveEdge) {
  fs::remove(spool_.root() / "sealed" / logfmt::boot_ledger_file_name(kNode, kBoot));
  const auto page = spool_.run_edge(12, 12, 19);  // An event is published, not yet counted.
  EXPECT_THAT(audited(), IsEmpty());
  fs::remove(spool_.root() / "active" / logfmt::active_file_name(third_));
  EXPECT_THAT(audited(), HasSubstr("it counted 19 events, its segments hold 17"));
}

}  // namespace
}  // namespace pixel::logs
