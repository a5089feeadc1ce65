// SPDX-License-Identifier: Apache-2.0
// Events lanes beside access lanes: made, written, sealed, recovered and booked each by itself.
#include <fcntl.h>
#include <gmock/gmock.h>

#include <map>

#include "edge/log/books.h"
#include "edge/log/recovery.h"
#include "logfmt/event_line.h"
#include "tests/unit/edge/log/log_fixture.h"

namespace pixel::edge {
namespace {

using logfmt::SegmentKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace fs = std::filesystem;

class EventsLaneTest : public LogTest {
 protected:
  void begin(std::uint16_t workers) {
    make_life(workers, 2);
    make_keeper();
    ASSERT_TRUE(keeper_->start().ok());
    for (const auto& each : lanes_) each->writer.tick(kNoon);
  }
  void end() {
    for (const auto& each : lanes_) each->writer.finish();
    keeper_->stop();
  }
  TestLane& events(std::size_t worker = 0) { return lane(lanes_.size() / 2 + worker); }

  // The events in sealed/ by worker must be 0, 1, 2, ... each; returns how many.
  std::map<std::uint16_t, std::uint64_t> check_sealed_events() {
    std::map<std::uint16_t, std::uint64_t> counts;
    for (const SealedSegment& sealed : read_sealed(spool_)) {
      const logfmt::LaneId& lane = sealed.manifest.segment.lane;
      if (lane.kind != SegmentKind::kEvents) continue;
      std::uint64_t& next = counts[lane.worker];
      EXPECT_EQ(sealed.manifest.first_sequence, next);
      for (std::string_view rest = sealed.text; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + 1);
        const auto head = logfmt::parse_event_head(line);
        EXPECT_TRUE(head && head->sequence == next) << line;
        ++next;
      }
      EXPECT_EQ(sealed.manifest.last_sequence + 1, next);
    }
    return counts;
  }
};

TEST_F(EventsLaneTest, SegmentsOfBothKindsStandBy) {
  make_life(2, 2);
  make_keeper(2 * kMiB, 3);
  ASSERT_TRUE(keeper_->start().ok());
  EXPECT_EQ(lane(1).supply.standby_count(), 3U);
  EXPECT_EQ(events(1).supply.standby_count(), 1U);
  const auto taken = events(1).supply.try_take();
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->id.lane, (logfmt::LaneId{SegmentKind::kEvents, kNode, kBoot, 1}));
  EXPECT_EQ(taken->capacity, kMiB / 2);
  EXPECT_EQ(taken->position, 0U) << "no header lines";
  EXPECT_EQ(taken->base[0], '\0');
  events(1).supply.retire(*taken);
  const KeeperStatus status = keeper_->status();
  ASSERT_THAT(status.lanes, SizeIs(4));
  EXPECT_EQ(status.lanes[1].kind, SegmentKind::kAccess);
  EXPECT_EQ(status.lanes[3].kind, SegmentKind::kEvents);
  EXPECT_EQ(status.lanes[3].worker, 1);
  keeper_->stop();
  EXPECT_THAT(names_in(spool_.active()), SizeIs(1));  // The control page.
}

TEST_F(EventsLaneTest, SealedUnderTheirOwnNames) {
  begin(1);
  write_lines(lane(), 2, kNoon, 10);
  write_lines(events(), 5, kNoon, 10);
  end();
  const auto sealed = read_sealed(spool_);
  ASSERT_THAT(sealed, SizeIs(2));
  const logfmt::Manifest& manifest = sealed[1].manifest;
  EXPECT_EQ(manifest.file,
            "TEST.2026-11-20-12." + logfmt::to_text(logfmt::SegmentId{events().id, 0}) + ".ndjson");
  EXPECT_EQ(manifest.lines, 5U);
  EXPECT_TRUE(sealed[1].text.starts_with("{\"id\":\""));
  EXPECT_EQ(check_sealed_events()[0], 5U);
}

TEST_F(EventsLaneTest, RotateAtTheirOwnPace) {
  begin(2);
  std::vector<std::thread> writers;
  for (const auto& each : lanes_) {
    const int count = each->id.kind == SegmentKind::kEvents ? 4000 : 500;
    writers.emplace_back(
        [this, lane = each.get(), count] { write_lines(*lane, count, kNoon, 900); });
  }
  for (std::thread& writer : writers) writer.join();
  end();
  EXPECT_EQ(check_sealed_events(), (std::map<std::uint16_t, std::uint64_t>{{0, 4000}, {1, 4000}}));
}

// Their position is 0 as long as they have no line: nothing to wait for.
TEST_F(EventsLaneTest, AnIdleOneLetsTheKeeperSleep) {
  begin(1);
  write_lines(lane(), 1, kNoon, 10);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const std::uint64_t before = keeper_->status().passes;
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_LT(keeper_->status().passes - before, 60U) << "a busy keeper makes 500";
  for (const auto& of_lane : keeper_->status().lanes) EXPECT_TRUE(of_lane.has_room);
  end();
  EXPECT_THAT(check_sealed_events(), IsEmpty());
}

TEST_F(EventsLaneTest, ALineThatNoSegmentHoldsCostsNoSegment) {
  begin(1);
  write_lines(events(), 1, kNoon, 10);
  EXPECT_TRUE(eventually([&] { return events().supply.standby_count() == 1; }));
  EXPECT_FALSE(events().writer.try_reserve(kMiB));
  EXPECT_TRUE(events().writer.has_segment());
  EXPECT_EQ(events().supply.standby_count(), 1U);
  EXPECT_TRUE(events().write(kNoon));
  end();
  EXPECT_EQ(check_sealed_events()[0], 2U);
  EXPECT_THAT(read_sealed(spool_), SizeIs(1));
}

TEST_F(EventsLaneTest, BooksCountEventsApart) {
  begin(2);
  write_lines(lane(0), 3, kNoon, 10);
  write_lines(events(0), 4, kNoon, 10);
  write_lines(events(1), 5, kNoon, 10);
  page_->slot(SegmentKind::kEvents, 1).unlogged.store(2);
  const logfmt::BootLedger books = add_up(*page_, true);
  EXPECT_EQ(books.lines, 3U);
  EXPECT_EQ(books.unlogged, 0U);
  EXPECT_EQ(books.events, 9U);
  EXPECT_EQ(books.events_unlogged, 2U);
  end();
}

// What a process that was killed left: two lanes, one torn line each, a hole in the events.
TEST_F(EventsLaneTest, RecoveryKeepsWholeEventsAndTheirSequence) {
  make_life(1, 2);
  const logfmt::LaneId lane_id = events().id;
  std::string text;
  for (std::uint64_t i = 20; i < 60; ++i) text += make_event(lane_id, i, kNoon, 200) + "\n";
  const std::size_t bytes = text.size();
  std::fill(text.begin() + 4096, text.begin() + 8192, '\0');
  text += make_event(lane_id, 60, kNoon).substr(0, 50);
  text.resize(64 * 1024, '\0');
  const fs::path path = spool_.active() / logfmt::active_file_name({lane_id, 3});
  ASSERT_TRUE(base::write_file_atomic(path, text).ok());
  page_->slot(SegmentKind::kEvents, 0).lines.store(60);
  page_.reset();
  lanes_.clear();
  const auto report = recover_spool({spool_, "TEST", &cipher(), {}});
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_EQ(report->torn_tail_bytes, 50U);
  EXPECT_EQ(report->holes, 1U);
  const auto sealed = read_sealed(spool_);
  ASSERT_THAT(sealed, SizeIs(1));
  EXPECT_TRUE(sealed[0].manifest.file.starts_with("TEST.2026-11-20-12."));
  EXPECT_TRUE(sealed[0].manifest.file.ends_with(".ndjson"));
  EXPECT_EQ(sealed[0].text.size(), bytes);
  EXPECT_EQ(sealed[0].manifest.first_sequence, 20U);
  EXPECT_EQ(sealed[0].manifest.last_sequence, 59U);
  EXPECT_GE(sealed[0].manifest.lines, 40 - (4096 / 200 + 2));
  EXPECT_LT(sealed[0].manifest.lines, 40U);
  const auto ledger = logfmt::parse_boot_ledger(
      *base::read_file(spool_.sealed() / logfmt::boot_ledger_file_name(kNode, kBoot)));
  ASSERT_TRUE(ledger.ok());
  EXPECT_EQ(ledger->events, 60U);
  EXPECT_THAT(names_in(spool_.active()), IsEmpty());
}

// At every cut of the last line.
TEST_F(EventsLaneTest, RecoveryCutsATornEventAtEveryByte) {
  const logfmt::LaneId lane_id{SegmentKind::kEvents, kNode, kBoot, 0};
  ASSERT_TRUE(create_spool(spool_).ok());
  const std::string whole = make_event(lane_id, 7, kNoon, 5) + "\n";
  const std::string torn = make_event(lane_id, 8, kNoon, 5);
  for (std::size_t bytes = 0; bytes <= torn.size(); ++bytes) {
    fs::remove_all(spool_.sealed());
    fs::create_directories(spool_.sealed());
    std::string text = whole + torn.substr(0, bytes);
    text.resize(4096, '\0');
    const fs::path path = spool_.active() / logfmt::active_file_name({lane_id, 0});
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
    const auto report = recover_spool({spool_, "TEST", nullptr, {}});
    ASSERT_TRUE(report.ok());
    const auto sealed = read_sealed(spool_);
    ASSERT_THAT(sealed, SizeIs(1));
    EXPECT_EQ(sealed[0].text, whole);
    EXPECT_EQ(sealed[0].manifest.first_sequence, 7U) << "without a key too";
    EXPECT_EQ(sealed[0].manifest.torn_tail_bytes, bytes);
  }
}

}  // namespace
}  // namespace pixel::edge
