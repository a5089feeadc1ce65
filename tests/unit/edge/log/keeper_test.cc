// SPDX-License-Identifier: Apache-2.0
// Keeper, sealer and writer together: what is made ready, when it is sealed, under which name.
#include "edge/log/keeper.h"

#include <gmock/gmock.h>

#include "tests/unit/edge/log/log_fixture.h"

namespace pixel::edge {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace fs = std::filesystem;

class KeeperTest : public LogTest {
 protected:
  void begin(std::uint16_t workers = 1, std::uint64_t segment_bytes = kMiB) {
    make_life(workers);
    make_keeper(segment_bytes);
    ASSERT_TRUE(keeper_->start().ok());
    for (const auto& each : lanes_) each->writer.tick(kNoon);
  }
  void end() {
    for (const auto& each : lanes_) each->writer.finish();
    keeper_->stop();
  }
};

TEST_F(KeeperTest, MakesStandbySegmentsBeforeStartReturns) {
  make_life(2);
  make_keeper(2 * kMiB, 3);
  ASSERT_TRUE(keeper_->start().ok());
  EXPECT_EQ(lane(0).supply.standby_count(), 3U);
  EXPECT_EQ(lane(1).supply.standby_count(), 3U);
  const auto taken = lane(1).supply.try_take();
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->capacity, 2 * kMiB);
  EXPECT_EQ(taken->position, logfmt::kAccessHeader.size());
  EXPECT_EQ(std::string_view(taken->base, taken->position), logfmt::kAccessHeader);
  EXPECT_EQ(taken->base[taken->position], '\0');
  EXPECT_EQ(taken->id.lane.worker, 1U);
  EXPECT_EQ(fs::file_size(spool_.active() / logfmt::active_file_name(taken->id)), 2 * kMiB);
  lane(1).supply.retire(*taken);
  keeper_->stop();
  EXPECT_THAT(names_in(spool_.active()), SizeIs(1));  // The control page.
  EXPECT_THAT(names_in(spool_.sealed()), IsEmpty());
}

TEST_F(KeeperTest, ReplacesATakenSegment) {
  begin();
  EXPECT_TRUE(lane().writer.has_segment());
  EXPECT_TRUE(eventually([&] { return lane().supply.standby_count() == 2; }));
  EXPECT_EQ(keeper_->status().created_segments, 3U);
  EXPECT_TRUE(eventually([&] { return keeper_->status().lanes[0].has_room; }));
  end();
}

TEST_F(KeeperTest, SealsAtShutdownAndRemovesTheUnused) {
  begin();
  write_lines(lane(), 3, kNoon, 10);
  end();
  const auto sealed = read_sealed(spool_);
  ASSERT_THAT(sealed, SizeIs(1));
  const logfmt::Manifest& manifest = sealed[0].manifest;
  EXPECT_EQ(manifest.file,
            "TEST.2026-11-20-12." + logfmt::to_text(logfmt::SegmentId{lane().id, 0}) + ".log");
  EXPECT_EQ(manifest.lines, 3U);
  EXPECT_EQ(manifest.first_sequence, 0U);
  EXPECT_EQ(manifest.last_sequence, 2U);
  EXPECT_EQ(manifest.reason, logfmt::SealReason::kShutdown);
  EXPECT_TRUE(sealed[0].text.starts_with(logfmt::kAccessHeader));
  EXPECT_THAT(names_in(spool_.active()), SizeIs(1));
  EXPECT_EQ(keeper_->status().unsealed_segments, 0U);
  EXPECT_EQ(keeper_->status().sealed_lines, 3U);
}

TEST_F(KeeperTest, SealsFullSegmentsAndKeepsTheSequence) {
  begin();
  write_lines(lane(), 3000, kNoon, 900);
  end();
  const auto sealed = read_sealed(spool_);
  ASSERT_GE(sealed.size(), 3U);
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    const logfmt::Manifest& manifest = sealed[i].manifest;
    EXPECT_EQ(manifest.segment.index, i);
    EXPECT_EQ(manifest.first_sequence, next);
    next = manifest.last_sequence + 1;
    EXPECT_LE(manifest.bytes, kMiB);
    EXPECT_EQ(manifest.reason,
              i + 1 == sealed.size() ? logfmt::SealReason::kShutdown : logfmt::SealReason::kSize);
  }
  EXPECT_EQ(next, 3000U);
}

TEST_F(KeeperTest, SealsByAge) {
  begin();
  write_lines(lane(), 1, kNoon, 10);
  lane().writer.tick(kNoon + 59);
  write_lines(lane(), 1, kNoon + 59, 10);
  lane().writer.tick(kNoon + 60);
  EXPECT_TRUE(lane().writer.has_segment());
  EXPECT_TRUE(eventually([&] { return keeper_->status().sealed_segments == 1; }));
  end();
  const auto sealed = read_sealed(spool_);
  ASSERT_THAT(sealed, SizeIs(1));
  EXPECT_EQ(sealed[0].manifest.reason, logfmt::SealReason::kAge);
  EXPECT_EQ(sealed[0].manifest.lines, 2U);
}

TEST_F(KeeperTest, AnEmptySegmentDoesNotAge) {
  begin();
  lane().writer.tick(kNoon + 4000);
  EXPECT_EQ(keeper_->status().created_segments - lane().supply.standby_count(), 1U);
  end();
  EXPECT_THAT(read_sealed(spool_), IsEmpty());
}

TEST_F(KeeperTest, NamesTheHourOfItsLines) {
  begin();
  const std::int64_t before_one = kNoon + 3600 - 5;
  write_lines(lane(), 2, before_one, 10);
  lane().writer.tick(kNoon + 3600);
  write_lines(lane(), 4, kNoon + 3600, 10);
  end();
  const auto sealed = read_sealed(spool_);
  ASSERT_THAT(sealed, SizeIs(2));
  EXPECT_TRUE(sealed[0].manifest.file.starts_with("TEST.2026-11-20-12."));
  EXPECT_EQ(sealed[0].manifest.reason, logfmt::SealReason::kHour);
  EXPECT_EQ(sealed[0].manifest.lines, 2U);
  EXPECT_TRUE(sealed[1].manifest.file.starts_with("TEST.2026-11-20-13."));
  EXPECT_EQ(sealed[1].manifest.first_sequence, 2U);
  EXPECT_EQ(sealed[1].manifest.lines, 4U);
}

TEST_F(KeeperTest, ServesSeveralWritersAtFullSpeed) {
  begin(3);
  std::vector<std::thread> writers;
  for (const auto& each : lanes_) {
    writers.emplace_back([&, lane = each.get()] { write_lines(*lane, 3000, kNoon, 900); });
  }
  for (std::thread& writer : writers) writer.join();
  end();
  std::array<std::uint64_t, 3> lines{};
  for (const SealedSegment& sealed : read_sealed(spool_)) {
    std::uint64_t& next = lines.at(sealed.manifest.segment.lane.worker);
    EXPECT_EQ(sealed.manifest.first_sequence, next);
    next += sealed.manifest.lines;
  }
  EXPECT_THAT(lines, ::testing::Each(3000U));
}

TEST_F(KeeperTest, TriesAgainWhenSealedCannotBeWritten) {
  begin();
  fs::rename(spool_.sealed(), spool_.root / "away");
  write_lines(lane(), 1, kNoon, 10);
  lane().writer.tick(kNoon + 60);
  EXPECT_TRUE(eventually([&] { return keeper_->status().seal_errors > 0; }));
  EXPECT_EQ(keeper_->status().unsealed_segments, 1U);
  EXPECT_THAT(keeper_->status().last_seal_error, ::testing::HasSubstr("No such file"));
  write_lines(lane(), 1, kNoon + 60, 10);  // Serving goes on.
  fs::rename(spool_.root / "away", spool_.sealed());
  EXPECT_TRUE(eventually([&] { return keeper_->status().sealed_segments == 1; }));
  end();
  EXPECT_THAT(read_sealed(spool_), SizeIs(2));
  EXPECT_EQ(keeper_->status().abandoned_segments, 0U);
}

TEST_F(KeeperTest, LeavesToTheNextStartWhatItCannotSeal) {
  begin();
  write_lines(lane(), 1, kNoon, 10);
  fs::remove(spool_.sealed());
  end();
  EXPECT_EQ(keeper_->status().abandoned_segments, 1U);
  EXPECT_EQ(keeper_->status().unsealed_segments, 0U);
  EXPECT_THAT(names_in(spool_.active()), SizeIs(2));
}

TEST_F(KeeperTest, NeverOverwritesASealedFile) {
  begin();
  write_lines(lane(), 1, kNoon, 10);
  const fs::path name =
      spool_.sealed() /
      ("TEST.2026-11-20-12." + logfmt::to_text(logfmt::SegmentId{lane().id, 0}) + ".log");
  ASSERT_TRUE(base::write_file_atomic(name, "other").ok());
  end();
  EXPECT_EQ(*base::read_file(name), "other");
  EXPECT_EQ(keeper_->status().abandoned_segments, 1U);
}

TEST_F(KeeperTest, KeepsASegmentThatItsWorkerNeverGaveBack) {
  begin();
  write_lines(lane(), 2, kNoon, 10);
  keeper_->stop();
  EXPECT_EQ(keeper_->status().abandoned_segments, 1U);
  EXPECT_THAT(names_in(spool_.active()), SizeIs(2));
}

TEST_F(KeeperTest, AFolderThatCannotBeWrittenIsAnErrorAtStart) {
  make_life(1);
  fs::remove_all(spool_.active());
  make_keeper();
  const auto started = keeper_->start();
  ASSERT_FALSE(started.ok());
  EXPECT_THAT(started.error().message, ::testing::HasSubstr("cannot create segment"));
}

TEST_F(KeeperTest, RecoversFromAFolderThatVanishes) {
  begin();
  EXPECT_TRUE(eventually([&] { return lane().supply.standby_count() == 2; }));
  fs::rename(spool_.active(), spool_.root / "away");
  write_lines(lane(), 1, kNoon, 10);
  lane().writer.tick(kNoon + 60);
  EXPECT_TRUE(eventually([&] { return keeper_->status().allocate_errors > 0; }));
  fs::rename(spool_.root / "away", spool_.active());
  EXPECT_TRUE(eventually([&] { return lane().supply.standby_count() == 2; }));
  end();
}

TEST(SegmentWriter, KeepsThePositionWhenThereIsNoNextSegment) {
  TempFolder folder;
  const Spool spool{folder.path()};
  ASSERT_TRUE(create_spool(spool).ok());
  logfmt::ControlSlot slot{};
  TestLane lane(slot);
  auto file = create_segment_file(spool, {lane.id, 0}, kMiB, Durability::kProcess);
  ASSERT_TRUE(file.ok());
  lane.supply.offer(file->mapped);
  lane.writer.tick(kNoon);
  ASSERT_TRUE(lane.write(kNoon));
  const std::uint64_t position = slot.position.load();
  EXPECT_GT(position, logfmt::kAccessHeader.size());
  lane.writer.tick(kNoon + 60);  // Too old, and nothing to take.
  EXPECT_FALSE(lane.writer.has_segment());
  EXPECT_FALSE(lane.write(kNoon + 60));
  lane.writer.publish();
  EXPECT_EQ(slot.position.load(), position);
  EXPECT_EQ(slot.lines.load(), 1U);
  unmap_segment(file->mapped);
}

}  // namespace
}  // namespace pixel::edge
