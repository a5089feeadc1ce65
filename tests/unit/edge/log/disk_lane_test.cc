// SPDX-License-Identifier: Apache-2.0
// A lane whose lines are published when the disk has them: what followers see and when segments are
// given away; and a keeper that makes such segments.
#include "edge/log/disk_lane.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <optional>

#include "tests/unit/edge/log/log_fixture.h"

namespace pixel::edge {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class DiskLaneTest : public LogTest {
 protected:
  void begin(std::uint64_t segment_bytes) {
    make_life(1);
    make_keeper(segment_bytes, 2, Durability::kDisk);
    ASSERT_TRUE(keeper_->start().ok());
    disk_.emplace(lane().supply, lane().slot);
    writer_.emplace(lane().supply, lane().slot, 60, &*disk_);
    writer_->tick(kNoon);
    save_group();
  }
  void append(int count, std::size_t padding = 100) {
    for (int i = 0; i < count; ++i) {
      const std::string line = make_line(lane().id, writer_->next_sequence(), kNoon, padding);
      ASSERT_TRUE(eventually([&] { return writer_->try_reserve(line.size() + 1); }));
      writer_->append(line, kNoon);
    }
  }
  // As a worker does; returns how many segments had something to write.
  int write_group() {
    int writes = 0;
    disk_->for_each_unsaved([&](std::uint32_t number, DiskSegment& each) {
      ++writes;
      const auto path = spool_.active() / logfmt::active_file_name(each.segment.id);
      if (each.fd < 0) each.fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
      const std::uint64_t bytes = each.marked - each.saved;
      EXPECT_EQ(
          ::pwrite(each.fd, each.segment.base + each.saved, bytes, static_cast<off_t>(each.saved)),
          static_cast<ssize_t>(bytes));
      disk_->save(number, bytes);
    });
    return writes;
  }
  int save_group() {
    writer_->mark();
    const int writes = write_group();
    publish();
    return writes;
  }
  void publish() {
    disk_->publish([](int fd) { ::close(fd); });
  }
  // Where the newest segment's lines are collected.
  char* memory() {
    append(1);
    writer_->mark();
    char* base = nullptr;
    disk_->for_each_unsaved([&](std::uint32_t, DiskSegment& each) { base = each.segment.base; });
    write_group();
    publish();
    return base;
  }
  std::uint64_t lines() { return lane().slot.lines.load(); }
  std::uint64_t position() { return lane().slot.position.load(); }
  std::uint64_t segment() { return lane().slot.segment_index.load(); }

  std::optional<DiskLane> disk_;
  std::optional<SegmentWriter> writer_;
};

TEST_F(DiskLaneTest, ALineIsPublishedOnceItIsSaved) {
  begin(kMiB);
  const std::uint64_t before = position();
  EXPECT_EQ(before, logfmt::kAccessHeader.size());
  append(3);
  writer_->mark();
  EXPECT_FALSE(disk_->is_saved());
  EXPECT_EQ(lines(), 0U);
  EXPECT_EQ(position(), before);
  append(2);  // Of the next group.
  EXPECT_EQ(write_group(), 1);
  publish();
  EXPECT_EQ(lines(), 3U);
  EXPECT_EQ(save_group(), 1);
  EXPECT_EQ(lines(), 5U);
  EXPECT_EQ(save_group(), 0);
  writer_->finish();
  save_group();
  keeper_->stop();
  const auto sealed = read_sealed(spool_);
  ASSERT_THAT(sealed, SizeIs(1));
  EXPECT_EQ(sealed[0].manifest.lines, 5U);
}

TEST_F(DiskLaneTest, ASegmentIsNamedAndGivenAwayWhenTheOnesBeforeItAreSaved) {
  begin(kMiB);
  append(1);
  save_group();
  append(250, 10'000);  // Over two more segments.
  EXPECT_EQ(segment(), 0U);
  writer_->mark();
  append(1);  // The next group's, in the segment that the mark reaches into.
  EXPECT_EQ(segment(), 0U);
  EXPECT_EQ(write_group(), 3);
  EXPECT_EQ(keeper_->status().sealed_segments, 0U);
  publish();
  EXPECT_EQ(segment(), 2U);
  EXPECT_EQ(lines(), 251U);
  EXPECT_TRUE(eventually([&] { return keeper_->status().sealed_segments == 2; }));
  save_group();
  writer_->finish();
  save_group();
  keeper_->stop();
  std::uint64_t sealed_lines = 0;
  for (const auto& each : read_sealed(spool_)) sealed_lines += each.manifest.lines;
  EXPECT_EQ(sealed_lines, 252U);
}

TEST_F(DiskLaneTest, ARetiredSegmentWithLinesOfTheNextGroupStaysNamed) {
  begin(kMiB);
  append(1);
  writer_->mark();
  append(1);
  writer_->tick(kNoon + 61);  // Retires it with a line that is not marked; takes the next one.
  append(1);
  write_group();
  publish();
  EXPECT_EQ(segment(), 0U);
  EXPECT_EQ(lines(), 1U);
  EXPECT_EQ(save_group(), 2);
  EXPECT_EQ(segment(), 1U);
  EXPECT_EQ(lines(), 3U);
  writer_->finish();
  save_group();
  keeper_->stop();
}

TEST_F(DiskLaneTest, ASuspendedWriterHasNoPlaceAndKeepsItsSegment) {
  begin(kMiB);
  append(1);
  writer_->suspend();
  EXPECT_FALSE(writer_->has_segment());
  EXPECT_FALSE(writer_->try_reserve(10));
  writer_->tick(kNoon + 120);
  EXPECT_FALSE(writer_->has_segment());
  EXPECT_EQ(save_group(), 1);
  EXPECT_EQ(lines(), 1U);
  writer_->resume();
  append(1);
  save_group();
  EXPECT_EQ(lines(), 2U);
  EXPECT_EQ(segment(), 0U);
  writer_->finish();
  save_group();
  keeper_->stop();
}

TEST_F(DiskLaneTest, WhatIsNotSavedIsLeftToRecovery) {
  begin(kMiB);
  append(1);
  writer_->finish();
  keeper_->stop();
  EXPECT_EQ(keeper_->status().abandoned_segments, 1U);
  EXPECT_THAT(read_sealed(spool_), IsEmpty());
}

TEST_F(DiskLaneTest, TheKeeperFreesMemoryBehindWhatIsPublished) {
  begin(8 * kMiB);
  append(500, 10'000);
  save_group();
  char* const base = memory();
  const auto is_resident = [base](std::uint64_t offset) {
    unsigned char resident = 0;
    EXPECT_EQ(::mincore(base + offset, 4096, &resident), 0);
    return (resident & 1) != 0;
  };
  EXPECT_TRUE(eventually([&] { return !is_resident(0) && !is_resident(2 * kMiB); }));
  EXPECT_TRUE(is_resident(position() / 4096 * 4096));
  append(1);
  save_group();
  writer_->finish();
  save_group();
  keeper_->stop();
  ASSERT_THAT(read_sealed(spool_), SizeIs(1));
}

}  // namespace
}  // namespace pixel::edge
