// SPDX-License-Identifier: Apache-2.0
#include "shipper/tail/follower.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/clock.h"
#include "base/prng.h"
#include "base/units.h"
#include "tests/unit/shipper/support/lines.h"
#include "tests/unit/shipper/support/spool_writer.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

constexpr std::uint64_t kLongNs = 10 * base::kSecondNs;

// Reads lines to a string per lane, as a sink would; checks that positions continue.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& spool, const Checkpoint& from = {},
                  std::size_t chunk_bytes = 512 * 1024)
      : catalogue_(spool), store_(spool), follower_(store_, from, chunk_bytes) {
    position_ = from.lanes;
  }

  // Everything there is now; `now_ns` lets pauses pass.
  void read_all(std::uint64_t now_ns = 0) {
    EXPECT_TRUE(catalogue_.scan().ok());
    const auto snapshot = catalogue_.snapshot();
    while (const auto chunk = follower_.next(*snapshot, now_ns)) take(*chunk, chunk->text.size());
    for (const Gap& gap : follower_.take_gaps()) {
      gaps_.push_back(gap);
      position_[gap.lane] = gap.to;
    }
  }
  // One chunk only; its first line only.
  bool read_line() {
    EXPECT_TRUE(catalogue_.scan().ok());
    const auto chunk = follower_.next(*catalogue_.snapshot(), 0);
    if (chunk) take(*chunk, chunk->text.find('\n') + 1);
    return chunk.has_value();
  }
  Checkpoint checkpoint() const {
    Checkpoint checkpoint;
    checkpoint.lanes = position_;
    return checkpoint;
  }

  std::string text;
  std::map<logfmt::LaneId, std::string> texts;
  Follower& follower() { return follower_; }
  const std::vector<Gap>& gaps() const { return gaps_; }

 private:
  void take(const Chunk& chunk, std::size_t bytes) {
    Position& position = position_[chunk.segment.lane];
    if (chunk.segment.index > position.index) position = {chunk.segment.index, 0};
    ASSERT_EQ(position.index, chunk.segment.index);
    ASSERT_EQ(position.offset, chunk.offset);
    ASSERT_EQ(chunk.text.back(), '\n');
    text += chunk.text.substr(0, bytes);
    texts[chunk.segment.lane] += chunk.text.substr(0, bytes);
    position.offset += bytes;
    follower_.consume(bytes);
  }

  Catalogue catalogue_;
  FileStore store_;
  Follower follower_;
  std::map<logfmt::LaneId, Position> position_;
  std::vector<Gap> gaps_;
};

std::string without_headers(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    if (text.front() != '#') lines += text.substr(0, newline + 1);
    text.remove_prefix(newline + 1);
  }
  return lines;
}

class FollowerTest : public testing::Test {
 protected:
  const std::filesystem::path& spool() const { return directory_.path(); }
  TemporaryDirectory directory_;
};

TEST_F(FollowerTest, EmptySpoolHasNothing) {
  Reader reader(spool());
  reader.read_all();
  EXPECT_EQ(reader.text, "");
  EXPECT_FALSE(reader.follower().is_waiting());
}

TEST_F(FollowerTest, ReadsPublishedLinesOfAnActiveSegmentAndNoTornOne) {
  SpoolWriter writer(spool(), test_lane());
  writer.append("one\n");
  writer.append_torn("tw");
  Reader reader(spool());
  reader.read_all();
  EXPECT_EQ(without_headers(reader.text), "one\n");
  writer.append("two\n");
  reader.read_all();
  EXPECT_EQ(without_headers(reader.text), "one\ntwo\n");
}

TEST_F(FollowerTest, LanesOfAKindThatNobodyWantsAreNotThere) {
  const logfmt::LaneId access{logfmt::SegmentKind::kAccess, 1, 9, 0};
  const logfmt::LaneId events{logfmt::SegmentKind::kEvents, 1, 9, 0};
  SpoolWriter lines(spool(), access);
  SpoolWriter records(spool(), events);
  lines.append("line\n");
  records.append("record\n");
  Catalogue catalogue(spool());
  ASSERT_TRUE(catalogue.scan().ok());
  const auto lanes_of = [&](LaneKinds kinds) {
    FileStore store(spool());
    Follower follower(store, {}, 512 * 1024, kinds);
    std::string seen;
    while (const auto chunk = follower.next(*catalogue.snapshot(), 0)) {
      seen += static_cast<char>(chunk->segment.lane.kind);
      follower.consume(chunk->text.size());
    }
    return seen;
  };
  EXPECT_EQ(lanes_of(kAllLanes), "AE");
  EXPECT_EQ(lanes_of({true, false}), "A");
  EXPECT_EQ(lanes_of({false, true}), "E");
  EXPECT_EQ(lanes_of(kNoLanes), "");
}

TEST_F(FollowerTest, ContinuesAcrossRotations) {
  SpoolWriter writer(spool(), test_lane());
  Reader reader(spool());
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    const std::string line = numbered_line(static_cast<std::uint64_t>(i));
    writer.append(line);
    expected += line;
    if (i % 3 == 0) reader.read_all();
    if (i % 4 == 0) writer.rotate();
  }
  reader.read_all();
  EXPECT_EQ(without_headers(reader.text), expected);
  EXPECT_TRUE(reader.gaps().empty());
}

TEST_F(FollowerTest, SegmentRenamedBetweenLookAndOpenIsReadOnce) {
  SpoolWriter writer(spool(), test_lane());
  writer.append("one\n");
  Catalogue catalogue(spool());
  FileStore store(spool());
  Follower follower(store, {}, 512 * 1024);
  ASSERT_TRUE(catalogue.scan().ok());
  const auto before = catalogue.snapshot();
  writer.rotate();
  EXPECT_FALSE(follower.next(*before, 0).has_value());  // The old name is gone.
  EXPECT_TRUE(follower.is_waiting());
  ASSERT_TRUE(catalogue.scan().ok());
  const auto chunk = follower.next(*catalogue.snapshot(), 0);
  ASSERT_TRUE(chunk.has_value());
  EXPECT_EQ(without_headers(chunk->text), "one\n");
}

TEST_F(FollowerTest, SegmentRenamedWhileReadingGoesOn) {
  SpoolWriter writer(spool(), test_lane());
  writer.append("one\n");
  Reader reader(spool());
  reader.read_all();
  writer.append("two\n");
  writer.rotate();
  writer.append("three\n");
  reader.read_all();
  EXPECT_EQ(without_headers(reader.text), "one\ntwo\nthree\n");
}

TEST_F(FollowerTest, RestartAtEveryLineLosesAndRepeatsNothing) {
  SpoolWriter writer(spool(), test_lane());
  std::string expected;
  for (std::uint64_t i = 0; i < 12; ++i) {
    writer.append(numbered_line(i));
    expected += numbered_line(i);
    if (i % 5 == 4) writer.rotate();
  }
  Checkpoint checkpoint;
  std::string text;
  while (true) {
    Reader reader(spool(), checkpoint);
    if (!reader.read_line()) break;
    text += reader.text;
    checkpoint = reader.checkpoint();
  }
  EXPECT_EQ(without_headers(text), expected);
}

TEST_F(FollowerTest, ControlPageSaysWhatIsPublished) {
  const auto lane = test_lane();
  SpoolWriter writer(spool(), lane);
  auto page = logfmt::ControlPage::create(
      spool() / "active" / logfmt::control_file_name(lane.node, lane.boot), lane.node, lane.boot,
      1);
  ASSERT_TRUE(page.ok());
  writer.use_slot(&page->slot(0));
  writer.append("one\n");
  const std::uint64_t published = page->slot(0).position.load();
  Reader reader(spool());
  page->slot(0).position.store(writer.position() - 4);  // Not published yet.
  reader.read_all();
  EXPECT_EQ(without_headers(reader.text), "");
  page->slot(0).position.store(published);
  reader.read_all();
  EXPECT_EQ(without_headers(reader.text), "one\n");
  const auto bytes = reader.follower().counters().bytes_read;
  reader.read_all();
  EXPECT_EQ(reader.follower().counters().bytes_read, bytes);
  writer.rotate();
  writer.append("two\n");
  reader.read_all();
  EXPECT_EQ(without_headers(reader.text), "one\ntwo\n");
}

TEST_F(FollowerTest, AbandonedActiveSegmentDoesNotStopItsLane) {
  const auto lane = test_lane();
  SpoolWriter writer(spool(), lane);
  auto page = logfmt::ControlPage::create(
      spool() / "active" / logfmt::control_file_name(lane.node, lane.boot), lane.node, lane.boot,
      1);
  ASSERT_TRUE(page.ok());
  writer.use_slot(&page->slot(0));
  writer.append("one\n");
  const auto left = writer.active_path();
  writer.abandon();
  writer.append("two\n");
  Reader reader(spool());
  reader.read_all();
  EXPECT_EQ(without_headers(reader.text), "one\ntwo\n");
  EXPECT_TRUE(std::filesystem::exists(left));
  EXPECT_TRUE(reader.gaps().empty());
  writer.append("three\n");
  reader.read_all();
  EXPECT_EQ(without_headers(reader.text), "one\ntwo\nthree\n");
}

TEST_F(FollowerTest, HoleInAnActiveSegmentWaitsForItsRecovery) {
  const auto lane = test_lane();
  SpoolWriter writer(spool(), lane);
  auto page = logfmt::ControlPage::create(
      spool() / "active" / logfmt::control_file_name(lane.node, lane.boot), lane.node, lane.boot,
      1);
  ASSERT_TRUE(page.ok());
  writer.use_slot(&page->slot(0));
  writer.append("one\n");
  writer.append(std::string(9, '\0') + "\n");
  writer.append("two\n");
  writer.abandon();
  writer.append("three\n");
  Reader reader(spool());
  reader.read_all();
  reader.read_all();
  EXPECT_EQ(without_headers(reader.text), "one\n");
}

TEST_F(FollowerTest, PositionBeyondASealedEndIsCountedAndSkipped) {
  SpoolWriter writer(spool(), test_lane());
  writer.append("one\n");
  writer.rotate();
  writer.append("two\n");
  Checkpoint checkpoint;
  checkpoint.lanes[test_lane()] = {0, logfmt::kAccessHeader.size() + 4 + 10};
  Reader reader(spool(), checkpoint);
  reader.read_all();
  EXPECT_EQ(without_headers(reader.text), "two\n");
  EXPECT_EQ(reader.follower().counters().beyond_end_bytes, 10U);
}

TEST_F(FollowerTest, DeletedSegmentIsAGapWithItsManifestsLines) {
  SpoolWriter writer(spool(), test_lane());
  for (int i = 0; i < 7; ++i) writer.append("lost\n");
  writer.rotate();
  writer.append("kept\n");
  std::filesystem::remove(writer.sealed_path(0));
  Reader reader(spool());
  reader.read_all(kLongNs);
  EXPECT_TRUE(reader.follower().is_waiting());  // It could be on its way to sealed/.
  EXPECT_TRUE(reader.gaps().empty());
  reader.read_all(2 * kLongNs);
  EXPECT_EQ(without_headers(reader.text), "kept\n");
  ASSERT_EQ(reader.gaps().size(), 1U);
  EXPECT_EQ(reader.gaps()[0].missing_lines, 7U);
  EXPECT_EQ(reader.follower().counters().gone_segments, 1U);
}

TEST_F(FollowerTest, DeletedSegmentWithoutManifestIsAGapOnceTheLaneGoesOn) {
  SpoolWriter writer(spool(), test_lane());
  writer.append("lost\n");
  writer.rotate();
  writer.rotate();
  writer.append("kept\n");
  std::filesystem::remove(writer.sealed_path(0));
  std::filesystem::remove(writer.manifest_path(0));
  Reader reader(spool());
  reader.read_all(kLongNs);
  reader.read_all(2 * kLongNs);
  EXPECT_EQ(without_headers(reader.text), "kept\n");
  EXPECT_EQ(reader.gaps().size(), 1U);
}

TEST_F(FollowerTest, RetiredSegmentThatWasDeliveredIsNoGap) {
  SpoolWriter writer(spool(), test_lane());
  writer.append("one\n");
  writer.finish();
  Reader first(spool());
  first.read_all();
  std::filesystem::remove(writer.sealed_path(0));
  Reader second(spool(), first.checkpoint());
  second.read_all(kLongNs);
  second.read_all(2 * kLongNs);
  EXPECT_EQ(second.text, "");
  EXPECT_TRUE(second.gaps().empty());
  EXPECT_EQ(second.follower().counters().gone_segments, 0U);
}

TEST_F(FollowerTest, DiscardedStandbySegmentIsNoGap) {
  SpoolWriter writer(spool(), test_lane());
  writer.append("one\n");
  writer.rotate();
  Reader reader(spool());
  reader.read_all();
  std::filesystem::remove(writer.active_path());
  reader.read_all(kLongNs);
  reader.read_all(2 * kLongNs);
  EXPECT_EQ(without_headers(reader.text), "one\n");
  EXPECT_TRUE(reader.gaps().empty());
}

TEST_F(FollowerTest, SealedTailWithoutNewlineIsCountedAndPassed) {
  SpoolWriter writer(spool(), test_lane());
  writer.append("one\n");
  writer.rotate();
  writer.append("two\n");
  ASSERT_TRUE(base::write_file_atomic(writer.sealed_path(0), "one\ntorn").ok());
  Reader reader(spool());
  reader.read_all();
  EXPECT_EQ(without_headers(reader.text), "one\ntwo\n");
  EXPECT_EQ(reader.follower().counters().torn_bytes, 4U);
}

TEST_F(FollowerTest, NulInsideASealedSegmentDoesNotStopIt) {
  SpoolWriter writer(spool(), test_lane());
  writer.rotate();
  const std::string damaged("one\n\0\0\0two\nthree\n", 17);
  ASSERT_TRUE(base::write_file_atomic(writer.sealed_path(0), damaged).ok());
  Reader reader(spool());
  reader.read_all();
  EXPECT_TRUE(reader.text.starts_with(damaged));
}

TEST_F(FollowerTest, LiveLaneIsNotStarvedByABacklog) {
  SpoolWriter old_writer(spool(), test_lane(0, 50), 8 * 1024 * 1024);
  const std::string line(100'000, 'x');
  for (int i = 0; i < 60; ++i) old_writer.append(line + "\n");
  old_writer.finish();
  SpoolWriter live(spool(), test_lane(0, 100));
  Catalogue catalogue(spool());
  FileStore store(spool());
  Follower follower(store, {}, 512 * 1024);
  ASSERT_TRUE(catalogue.scan().ok());
  int turns_of_live = 0;
  for (int i = 0; i < 10; ++i) {
    live.append("now\n");
    const auto chunk = follower.next(*catalogue.snapshot(), 0);
    ASSERT_TRUE(chunk.has_value());
    if (chunk->segment.lane.boot == 100) ++turns_of_live;
    follower.consume(chunk->text.size());
  }
  EXPECT_EQ(turns_of_live, 5);
}

TEST_F(FollowerTest, BacklogLaneThatWaitsIsNotForgottenForALaterOne) {
  SpoolWriter first(spool(), test_lane(0, 50));
  first.append("lost\n");
  first.rotate();
  first.append("kept\n");
  first.finish();
  std::filesystem::remove(first.sealed_path(0));
  SpoolWriter second(spool(), test_lane(0, 60), 8 * 1024 * 1024);
  std::string expected;
  for (int i = 0; i < 30; ++i) expected += std::string(50'000, 'x') + "\n";
  for (std::size_t at = 0; at < expected.size(); at += 50'001) {
    second.append(std::string_view(expected).substr(at, 50'001));
  }
  second.finish();
  Reader reader(spool());
  ASSERT_TRUE(reader.read_line());  // Of the second lane: the first one waits.
  EXPECT_TRUE(reader.follower().is_waiting());
  reader.read_all(kLongNs);
  EXPECT_EQ(without_headers(reader.texts[test_lane(0, 60)]), expected);
  EXPECT_TRUE(reader.follower().is_waiting());
  reader.read_all(2 * kLongNs);
  reader.read_all(3 * kLongNs);
  EXPECT_EQ(without_headers(reader.texts[test_lane(0, 50)]), "kept\n");
  EXPECT_EQ(reader.gaps().size(), 1U);
  EXPECT_FALSE(reader.follower().is_waiting());
}

TEST_F(FollowerTest, ThousandsOfSealedSegmentsArePassedQuickly) {
  std::filesystem::create_directories(spool() / "sealed");
  Checkpoint checkpoint;
  for (std::uint32_t boot = 0; boot < 2000; ++boot) {
    const logfmt::SegmentId id{test_lane(0, boot), 0};
    const auto name =
        logfmt::sealed_file_name({"EDGE", "2026-11-20-18", id, logfmt::SealedName::Type::kData});
    const int fd = ::open((spool() / "sealed" / name).c_str(), O_WRONLY | O_CREAT, 0644);
    ASSERT_EQ(::write(fd, "x\n", 2), 2);
    ::close(fd);
    checkpoint.lanes[id.lane] = {0, 2};
  }
  const auto begin_ns = base::monotonic_ns();
  Reader reader(spool(), checkpoint);
  reader.read_all();
  EXPECT_EQ(reader.text, "");
  EXPECT_LT(base::monotonic_ns() - begin_ns, 2 * base::kSecondNs);
}

// A writer thread with random line lengths and rotations against a follower that starts anew at
// random moments: every line once, in order.
TEST_F(FollowerTest, RacingWriterLosesAndRepeatsNothing) {
  constexpr std::uint64_t kLines = 20'000;
  const auto line_of = [](std::uint64_t i) {
    return fmt::format("{} {}\n", i, std::string(i * 7919 % 300, 'x'));
  };
  SpoolWriter writer(spool(), test_lane(), 256 * 1024);
  std::atomic<bool> finished{false};
  std::thread thread([&] {
    base::Prng prng(1);
    for (std::uint64_t i = 0; i < kLines; ++i) {
      writer.append(line_of(i));
      if (prng.chance(1, 2000)) writer.rotate();
    }
    finished = true;
  });
  base::Prng prng(2);
  Checkpoint checkpoint;
  std::uint64_t expected = 0;
  bool last_look = false;
  while (!last_look) {
    last_look = finished;
    Reader reader(spool(), checkpoint);
    for (std::uint64_t i = prng.below(20) + 1; i > 0; --i) reader.read_all();
    const std::string lines = without_headers(reader.text);
    for (std::size_t at = 0; at < lines.size(); ++expected) {
      const std::string line = line_of(expected);
      ASSERT_EQ(lines.compare(at, line.size(), line), 0) << "line " << expected;
      at += line.size();
    }
    checkpoint = reader.checkpoint();
  }
  thread.join();
  EXPECT_EQ(expected, kLines);
}

}  // namespace
}  // namespace pixel::shipper
