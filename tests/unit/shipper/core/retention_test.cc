// SPDX-License-Identifier: Apache-2.0
#include "shipper/retention.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/file.h"
#include "shipper/ledger.h"
#include "tests/unit/shipper/support/lines.h"
#include "tests/unit/shipper/support/spool_writer.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kDay = 24 * kHour;

class RetentionTest : public testing::Test {
 protected:
  RetentionTest()
      : writer_(spool(), test_lane()), catalogue_(spool()), retention_(spool(), state(), {}) {
    std::filesystem::create_directories(state());
    now_s_ = static_cast<std::int64_t>(base::realtime_ns() / base::kSecondNs);
  }
  std::filesystem::path spool() const { return directory_.path() / "spool"; }
  std::filesystem::path state() const { return directory_.path() / "state"; }

  void write_segments(int count) {
    for (int i = 0; i < count; ++i) {
      writer_.append(numbered_line(0));
      writer_.append(numbered_line(1));
      writer_.rotate();
    }
  }
  Checkpoint at(std::uint32_t index, std::uint64_t offset, std::uint64_t lines) const {
    Checkpoint checkpoint;
    checkpoint.lanes[test_lane()] = {index, offset};
    checkpoint.lines = checkpoint.rows = lines;
    return checkpoint;
  }
  Retention::Counts run(const std::vector<Checkpoint>& checkpoints, std::int64_t later_s,
                        LaneKinds wanted = kAllLanes) {
    EXPECT_TRUE(catalogue_.scan().ok());
    std::vector<SinkReach> sinks;
    for (const Checkpoint& checkpoint : checkpoints) sinks.emplace_back(&checkpoint, wanted);
    const auto counts = retention_.run(*catalogue_.snapshot(), sinks, now_s_ + later_s);
    EXPECT_TRUE(counts.ok());
    return *counts;
  }
  bool has_data(std::uint32_t index) const {
    return std::filesystem::exists(writer_.sealed_path(index));
  }
  bool has_manifest(std::uint32_t index) const {
    return std::filesystem::exists(writer_.manifest_path(index));
  }
  Books balance(const Checkpoint& checkpoint, LaneKinds wanted = kAllLanes) {
    EXPECT_TRUE(catalogue_.scan().ok());
    Ledger ledger(spool());
    return ledger.balance("x", *catalogue_.snapshot(), retention_.books(), checkpoint, now_s_,
                          wanted);
  }

  TemporaryDirectory directory_;
  SpoolWriter writer_;
  Catalogue catalogue_;
  Retention retention_;
  std::int64_t now_s_ = 0;
};

TEST_F(RetentionTest, KeepsWhatIsYoungOrWhatOneSinkLacks) {
  write_segments(3);
  EXPECT_EQ(run({at(3, 0, 6)}, kHour).segments, 0U);
  EXPECT_EQ(run({at(3, 0, 6), Checkpoint{}}, 2 * kDay).segments, 0U);
  EXPECT_EQ(run({at(3, 0, 6), at(1, 0, 2)}, 2 * kDay).segments, 1U);
  EXPECT_FALSE(has_data(0));
  EXPECT_TRUE(has_manifest(0));
  EXPECT_TRUE(has_data(1));
}

TEST_F(RetentionTest, SegmentReadToItsEndIsPassed) {
  write_segments(1);
  const std::uint64_t bytes = std::filesystem::file_size(writer_.sealed_path(0));
  EXPECT_EQ(run({at(0, bytes - 1, 1)}, 2 * kDay).segments, 0U);
  EXPECT_EQ(run({at(0, bytes, 2)}, 2 * kDay).segments, 1U);
}

TEST_F(RetentionTest, WithoutAnySinkNothingIsDeleted) {
  write_segments(1);
  EXPECT_EQ(run({}, 100 * kDay).segments, 0U);
}

// Events that no table is made of are nobody's lag, and their segments go after their time.
TEST_F(RetentionTest, EventsThatNoSinkWantsAreNotOwed) {
  constexpr LaneKinds access{true, false};
  write_segments(1);
  logfmt::LaneId lane = test_lane();
  lane.kind = logfmt::SegmentKind::kEvents;
  SpoolWriter events(spool(), lane);
  events.append("{\"id\":\"x\"}\n");
  events.rotate();
  const Checkpoint delivered = at(1, 0, 2);
  const Books books = balance(delivered, access);
  EXPECT_EQ(books.written, 2U);
  EXPECT_EQ(books.pending, 0U);
  EXPECT_EQ(books.lag_bytes, 0U);
  EXPECT_EQ(books.residue, 0);
  EXPECT_EQ(run({delivered}, 0, access).segments, 0U);
  EXPECT_EQ(run({delivered}, 2 * kDay, access).segments, 2U);
  EXPECT_EQ(run({delivered}, 100 * kDay, access).manifests, 2U);
  EXPECT_FALSE(std::filesystem::exists(events.sealed_path(0)));
  EXPECT_EQ(balance(delivered, access).residue, 0);
}

TEST_F(RetentionTest, EventsThatASinkWantsAreOwedToIt) {
  write_segments(1);
  logfmt::LaneId lane = test_lane();
  lane.kind = logfmt::SegmentKind::kEvents;
  SpoolWriter events(spool(), lane);
  events.append("{\"id\":\"x\"}\n");
  events.rotate();
  Checkpoint delivered = at(1, 0, 2);
  EXPECT_EQ(balance(delivered).pending, 1U);
  EXPECT_EQ(run({delivered}, 2 * kDay).segments, 1U);
  EXPECT_TRUE(std::filesystem::exists(events.sealed_path(0)));
  delivered.lanes[lane] = {1, 0};
  delivered.lines = delivered.rows = 3;
  EXPECT_EQ(balance(delivered).residue, 0);
  EXPECT_EQ(run({delivered}, 2 * kDay).segments, 1U);
  EXPECT_FALSE(std::filesystem::exists(events.sealed_path(0)));
  // Its tables changed: what it has of the lane still counts, on both sides.
  EXPECT_EQ(balance(delivered, {true, false}).residue, 0);
}

TEST_F(RetentionTest, ManifestsGoLaterAndTheirLinesStayInTheBooks) {
  write_segments(3);
  const Checkpoint delivered = at(3, 0, 6);
  EXPECT_EQ(balance(delivered).written, 6U);
  EXPECT_EQ(run({delivered}, 2 * kDay).segments, 3U);
  EXPECT_EQ(balance(delivered).written, 6U);
  EXPECT_EQ(run({delivered}, 31 * kDay).manifests, 3U);
  EXPECT_FALSE(has_manifest(2));
  const Books books = balance(delivered);
  EXPECT_EQ(books.written, 6U);
  EXPECT_EQ(books.residue, 0);
}

// Given up when the spool was full, before the sink came to it.
TEST_F(RetentionTest, AManifestThatASinkStillNeedsStays) {
  write_segments(3);
  for (const std::uint32_t index : {0U, 1U}) std::filesystem::remove(writer_.sealed_path(index));
  EXPECT_EQ(run({at(0, 0, 0), at(3, 0, 6)}, 8 * kDay).manifests, 0U);
  EXPECT_EQ(balance(at(0, 0, 0)).missing, 4U);
  EXPECT_EQ(balance(at(0, 0, 0)).pending, 2U);
  EXPECT_EQ(balance(at(0, 0, 0)).residue, 0);
  EXPECT_EQ(run({at(1, 0, 2), at(3, 0, 6)}, 8 * kDay).manifests, 1U);
  EXPECT_FALSE(has_manifest(0));
  EXPECT_TRUE(has_manifest(1));
}

TEST_F(RetentionTest, BooksOutliveTheDamageOfEitherFile) {
  write_segments(2);
  EXPECT_EQ(run({at(2, 0, 4)}, 8 * kDay).segments, 2U);
  EXPECT_EQ(run({at(2, 0, 4)}, 8 * kDay).manifests, 2U);
  const RetiredBooks books = retention_.books();
  for (const char* name : {"retired.0", "retired.1"}) {
    const std::string whole = base::read_file(state() / name).value();
    for (std::size_t i = 0; i < whole.size(); ++i) {
      std::string flipped = whole;
      flipped[i] = static_cast<char>(flipped[i] ^ 1);
      ASSERT_TRUE(base::write_file_atomic(state() / name, flipped).ok());
      Retention again(spool(), state(), {});
      ASSERT_TRUE(again.open().ok());
      ASSERT_EQ(again.books(), books) << name << " byte " << i;
    }
    ASSERT_TRUE(base::write_file_atomic(state() / name, whole).ok());
  }
  for (const char* name : {"retired.0", "retired.1"}) {
    ASSERT_TRUE(base::write_file_atomic(state() / name, "x").ok());
  }
  Retention again(spool(), state(), {});
  const auto opened = again.open();
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("retired.0"), std::string::npos);
}

TEST_F(RetentionTest, BooksOfAnEarlierVersionAreRead) {
  RetiredBooks books;
  books.ended_lines = 7;
  ASSERT_TRUE(base::write_file_atomic(state() / "retired.json", to_text(books)).ok());
  ASSERT_TRUE(retention_.open().ok());
  EXPECT_EQ(retention_.books(), books);
}

TEST_F(RetentionTest, CrashBetweenTheBooksAndTheFilesCountsNothingTwice) {
  write_segments(2);
  const Checkpoint delivered = at(2, 0, 4);
  run({delivered}, 2 * kDay);
  const std::string manifest = base::read_file(writer_.manifest_path(0)).value();
  run({delivered}, 31 * kDay);
  ASSERT_TRUE(base::write_file_atomic(writer_.manifest_path(0), manifest).ok());
  EXPECT_EQ(balance(delivered).written, 4U);
  Retention again(spool(), state(), {});
  ASSERT_TRUE(again.open().ok());
  EXPECT_EQ(again.books(), retention_.books());
  EXPECT_EQ(run({delivered}, 31 * kDay).manifests, 1U);
  EXPECT_EQ(balance(delivered).written, 4U);
}

TEST_F(RetentionTest, EndedLanesBecomeOneSum) {
  write_segments(2);
  const Checkpoint delivered = at(2, 0, 4);
  run({delivered}, 2 * kDay);
  run({delivered}, 31 * kDay);
  std::filesystem::remove(writer_.active_path());
  run({delivered}, 31 * kDay);
  EXPECT_EQ(retention_.books().ended_lines, 4U);
  EXPECT_TRUE(retention_.books().lanes.empty());
  EXPECT_EQ(balance(delivered).written, 4U);
}

TEST(RetiredBooks, ReadBackAndRefused) {
  RetiredBooks books;
  books.ended_lines = 7;
  books.lanes[test_lane()] = {3, 9};
  EXPECT_EQ(parse_retired_books(to_text(books)).value(), books);
  EXPECT_EQ(books.lines(), 16U);
  for (const char* text : {"", "{}", "[]", "{\"format_version\":2,\"ended_lines\":0,\"lanes\":{}}",
                           "{\"format_version\":1,\"ended_lines\":-1,\"lanes\":{}}",
                           "{\"format_version\":1,\"ended_lines\":1,\"lanes\":{\"x\":[1,2]}}"}) {
    EXPECT_FALSE(parse_retired_books(text).ok()) << text;
  }
}

class LedgerTest : public RetentionTest {};

TEST_F(LedgerTest, PendingIsWhatIsPublishedBeyondTheCheckpoint) {
  write_segments(2);
  writer_.append(numbered_line(7));
  writer_.append_torn("half");
  Books books = balance(Checkpoint{});
  EXPECT_EQ(books.written, 5U);
  EXPECT_EQ(books.pending, 5U);
  EXPECT_EQ(books.residue, 0);
  EXPECT_EQ(books.lag_seconds, std::max<std::int64_t>(now_s_ - 1795200720, 0));
  books = balance(at(0, logfmt::kAccessHeader.size() + numbered_line(0).size(), 1));
  EXPECT_EQ(books.pending, 4U);
  EXPECT_EQ(books.residue, 0);
  books = balance(at(2, writer_.position(), 5));
  EXPECT_EQ(books.pending, 0U);
  EXPECT_EQ(books.lag_bytes, 0U);
  EXPECT_EQ(books.lag_seconds, 0);
  EXPECT_EQ(books.residue, 0);
}

TEST_F(LedgerTest, LostAndRepeatedLinesShowAsResidue) {
  write_segments(1);
  EXPECT_EQ(balance(at(1, 0, 1)).residue, 1);
  EXPECT_EQ(balance(at(1, 0, 3)).residue, -1);
  Checkpoint missing = at(1, 0, 0);
  missing.missing = 2;
  EXPECT_EQ(balance(missing).residue, 0);
}

TEST_F(LedgerTest, CountsOnAsTheSegmentGrows) {
  Ledger ledger(spool());
  Checkpoint checkpoint;
  for (std::uint64_t i = 1; i <= 20; ++i) {
    writer_.append(numbered_line(i));
    if (i % 6 == 0) writer_.rotate();
    ASSERT_TRUE(catalogue_.scan().ok());
    const Books books = ledger.balance("x", *catalogue_.snapshot(), {}, checkpoint, now_s_);
    EXPECT_EQ(books.written, i);
    EXPECT_EQ(books.residue, 0);
    EXPECT_FALSE(books.uncertain);
    if (i % 4 == 0) {
      checkpoint.lanes[test_lane()] = {writer_.segment().index, writer_.position()};
      checkpoint.lines = checkpoint.rows = i;
    }
  }
}

TEST_F(LedgerTest, SealedSegmentWithoutManifestIsCounted) {
  write_segments(1);
  std::filesystem::remove(writer_.manifest_path(0));
  EXPECT_EQ(balance(Checkpoint{}).pending, 2U);
}

}  // namespace
}  // namespace pixel::shipper
