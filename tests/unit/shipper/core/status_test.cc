// SPDX-License-Identifier: Apache-2.0
// The status screen as an operator sees it, one fault each: golden.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/units.h"
#include "shipper/report.h"
#include "tests/unit/shipper/support/lines.h"
#include "tests/unit/shipper/support/spool_writer.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

constexpr std::string_view kColumns =
    "\nsink             state         delivered     pending   late    bytes  segs    dead  "
    "retries\n";

ShipperState healthy() {
  ShipperState state;
  state.is_running = true;
  SinkReport report;
  report.name = "warehouse";
  report.kind = "duckdb";
  report.status.state = PipelineState::kRunning;
  report.books.written = report.books.delivered = 1'234'567;
  state.sinks.push_back(report);
  state.budget.used_bytes = 3 * base::kGiB;
  state.budget.free_bytes = 40 * base::kGiB;
  return state;
}

std::string screen_of(const ShipperState& state) {
  auto screen = status_screen(status_json(state));
  EXPECT_TRUE(screen.ok());
  return screen ? *screen : "";
}

std::string healthy_row() {
  return "warehouse        running         1234567           0     0s       0B     0       0       "
         " "
         "0\n";
}

TEST(StatusScreen, AllIsFine) {
  const ShipperState state = healthy();
  EXPECT_EQ(screen_of(state),
            "fine: nothing is lost, nothing is late\n"
            "pixel-shipper is running\n"
            "spool: 3.0G used, 40.0G free on its disk\n" +
                std::string(kColumns) + healthy_row());
  EXPECT_TRUE(is_fine(status_json(state)));
}

TEST(StatusScreen, ASinkIsDown) {
  ShipperState state = healthy();
  SinkReport& sink = state.sinks[0];
  sink.status.state = PipelineState::kRetrying;
  sink.status.last_error = "cannot connect to 127.0.0.1:5432: connection refused";
  sink.status.retries = 12;
  sink.books.written += 500;
  sink.books.pending = 500;
  sink.books.lag_bytes = 245'000;
  sink.books.lag_segments = 2;
  sink.books.lag_seconds = 130;
  EXPECT_EQ(
      screen_of(state),
      "unwell: sink warehouse: does not take what it is given: cannot connect to 127.0.0.1:5432: "
      "connection refused\n"
      "pixel-shipper is running\n"
      "spool: 3.0G used, 40.0G free on its disk\n" +
          std::string(kColumns) +
          "warehouse        retrying        1234567         500     2m   239.3K     2       0      "
          " "
          "12\n"
          "  unwell: does not take what it is given: cannot connect to 127.0.0.1:5432: connection "
          "refused\n"
          "    next: nothing is lost: the log waits, and it is tried again by itself. Ask the "
          "sink: "
          "pixel-shipper check --reach\n"
          "  late: 500 lines wait, the oldest for 130 s\n");
  EXPECT_FALSE(is_fine(status_json(state)));
}

TEST(StatusScreen, ABatchIsRefused) {
  ShipperState state = healthy();
  state.sinks[0].status.state = PipelineState::kRejected;
  state.sinks[0].status.last_error = "column price is BIGINT there and DOUBLE here";
  const std::string screen = screen_of(state);
  EXPECT_TRUE(screen.starts_with(
      "unwell: sink warehouse: refuses a batch: column price is BIGINT there and DOUBLE here\n"))
      << screen;
  EXPECT_NE(screen.find("next: nothing is skipped: mend the schema or the settings, then reload"),
            std::string::npos);
}

TEST(StatusScreen, ASinkIsLateButWell) {
  ShipperState state = healthy();
  Books& books = state.sinks[0].books;
  books.pending = 9;
  books.lag_seconds = 61;
  EXPECT_TRUE(
      screen_of(state).starts_with("late: sink warehouse: 9 lines wait, the oldest for 61 s\n"));
  books.lag_seconds = 60;
  EXPECT_TRUE(screen_of(state).starts_with("fine: "));
}

TEST(StatusScreen, LinesAreInNoBook) {
  ShipperState state = healthy();
  state.sinks[0].books.residue = 7;
  const std::string screen = screen_of(state);
  EXPECT_TRUE(
      screen.starts_with("LOST: sink warehouse: 7 lines of the log are in no book of this sink\n"))
      << screen;
  EXPECT_NE(
      screen.find("pixel-shipper audit --sink warehouse, and restore the rows with: --repair"),
      std::string::npos);
  state.sinks[0].books.residue = -7;
  EXPECT_TRUE(screen_of(state).starts_with("LOST: sink warehouse: 7 more lines taken than"));
}

TEST(StatusScreen, ALossThatWasAcceptedIsSaidButNoAlarm) {
  ShipperState state = healthy();
  state.sinks[0].books.missing = 20;
  state.sinks[0].accepted = {20, 1'795'200'720, "the disk of node 7 died"};
  const std::string screen = screen_of(state);
  EXPECT_TRUE(screen.starts_with("fine: ")) << screen;
  EXPECT_NE(screen.find("20 lines were deleted from the log before this sink had them; accepted at "
                        "2026-11-20T18:52:00Z: the disk of node 7 died"),
            std::string::npos)
      << screen;
  state.sinks[0].books.missing = 21;
  EXPECT_TRUE(screen_of(state).starts_with("LOST: sink warehouse: 21 lines were deleted"));
}

TEST(AcceptedLossTest, IsKeptAndReadAgain) {
  const TemporaryDirectory directory;
  EXPECT_EQ(read_accepted_loss(directory.path() / "pg"), AcceptedLoss{});
  const AcceptedLoss loss{7, 1'795'200'720, "\"known\"\n"};
  ASSERT_TRUE(write_accepted_loss(directory.path() / "pg", loss));
  EXPECT_EQ(read_accepted_loss(directory.path() / "pg"), loss);
  EXPECT_FALSE(parse_accepted_loss("{\"lines\":-1}"));
  EXPECT_FALSE(parse_accepted_loss("7"));
}

TEST(StatusScreen, SegmentsWereGivenUp) {
  ShipperState state = healthy();
  state.sinks[0].books.missing = 20;
  for (std::uint32_t i = 0; i < 7; ++i) {
    state.budget.dropped.add({{test_lane(), i}, 10, 5000, 1, {"warehouse"}});
  }
  const std::string screen = screen_of(state);
  EXPECT_TRUE(screen.starts_with(
      "LOST: sink warehouse: 20 lines were deleted from the log before this sink had them\n"))
      << screen;
  EXPECT_NE(
      screen.find("note: 7 segments with 70 lines were given up when it was full; the last: " +
                  to_text(logfmt::SegmentId{test_lane(), 2}) + " "),
      std::string::npos)
      << screen;
}

TEST(StatusScreen, DeadLettersAreANote) {
  ShipperState state = healthy();
  state.sinks[0].books.dead_lettered = 3;
  const std::string screen = screen_of(state);
  EXPECT_TRUE(screen.starts_with("fine: nothing is lost, nothing is late\n"));
  EXPECT_NE(screen.find("  note: 3 lines are in its dead letter file\n"
                        "    next: look with: pixel-shipper dlq list --sink warehouse; after "
                        "mending the cause: pixel-shipper dlq replay --sink warehouse\n"),
            std::string::npos)
      << screen;
}

TEST(StatusScreen, TheSpoolIsNearlyFullAndFull) {
  ShipperState state = healthy();
  state.budget.limits.budget_bytes = 10 * base::kGiB;
  state.budget.used_bytes = 8 * base::kGiB;
  state.budget.level = BudgetLevel::kHigh;
  std::string screen = screen_of(state);
  EXPECT_NE(screen.find("spool: 8.0G used of 10.0G (80 %), 40.0G free on its disk\n"
                        "  note: the spool is nearly full\n"),
            std::string::npos)
      << screen;
  state.budget.level = BudgetLevel::kFull;
  EXPECT_TRUE(
      screen_of(state).starts_with("unwell: spool: the spool is full; nothing is given up"));
  state.budget.drops_at = 1'795'200'720;
  EXPECT_TRUE(
      screen_of(state).starts_with("unwell: spool: the spool is full; from 2026-11-20T18:52:00Z on "
                                   "its oldest segments are given "
                                   "up\n"));
}

TEST(StatusScreen, NobodyRuns) {
  ShipperState state = healthy();
  state.is_running = false;
  state.sinks[0].status.state = PipelineState::kStopped;
  EXPECT_TRUE(screen_of(state).starts_with(
      "fine: nothing is lost, nothing waits; no shipper runs\nno pixel-shipper is running\n"));
  state.sinks[0].books.pending = 4;
  EXPECT_TRUE(
      screen_of(state).starts_with("late: sink warehouse: 4 lines wait, and no shipper runs\n"));
}

TEST(StatusScreen, AJobHasTheSink) {
  ShipperState state = healthy();
  state.sinks[0].has_job = true;
  state.sinks[0].status.state = PipelineState::kStopped;
  state.job.number = 3;
  state.job.state = JobReport::State::kRunning;
  state.job.request.sink = "warehouse";
  state.job.bytes_total = 4 * base::kMiB;
  state.job.bytes_done = base::kMiB;
  const std::string screen = screen_of(state);
  EXPECT_TRUE(screen.starts_with("fine: ")) << screen;
  EXPECT_NE(screen.find("job 3: replay of sink warehouse: running, 1.0M of 4.0M\n"),
            std::string::npos)
      << screen;
  EXPECT_NE(screen.find("warehouse        replaying"), std::string::npos);
}

TEST(StatusScreen, IntentsCannotBeSentAgain) {
  ShipperState state = healthy();
  state.sinks[0].status.state = PipelineState::kUnresolved;
  state.sinks[0].status.last_error = "the encoder is another one";
  EXPECT_NE(screen_of(state).find("pixel-shipper journal show --sink warehouse"),
            std::string::npos);
}

TEST(StatusScreen, WhatIsNoStatusIsRefused) {
  for (const char* text : {"", "[]", "{}", "{\"sinks\":1}"}) EXPECT_FALSE(status_screen(text));
  EXPECT_FALSE(is_fine("nonsense"));
}

TEST(Holdings, AreReadBackAsWritten) {
  auto checkpoint = std::make_shared<Checkpoint>();
  checkpoint->lanes[test_lane()] = {3, 4711};
  checkpoint->filtered = 5;
  checkpoint->dead_lettered = 6;
  checkpoint->missing = 7;
  std::vector<SinkHoldings> written;
  written.push_back({"a", std::vector<Holding>{{{test_lane(), 2}, 10, 9}}, checkpoint, kAllLanes});
  written.push_back({"b", base::Error{"is down"}, nullptr, kNoLanes});
  const auto read = parse_holdings(holdings_json(written));
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(*(*read)[0].checkpoint, *checkpoint);
  EXPECT_EQ((*read)[0].holdings->at(0).rows, 10U);
  EXPECT_EQ((*read)[0].holdings->at(0).distinct_rows, 9U);
  EXPECT_TRUE((*read)[0].wanted.events);
  EXPECT_EQ((*read)[1].holdings.error().message, "is down");
  EXPECT_FALSE((*read)[1].wanted.access);
  EXPECT_FALSE(parse_holdings("{}").ok());
}

}  // namespace
}  // namespace pixel::shipper
