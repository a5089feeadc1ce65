// SPDX-License-Identifier: Apache-2.0
// Each test names the public complaint that it keeps from coming true, where there is one.
#include "shipper/tail/foreign/foreign_source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/shipper/foreign/foreign_world.h"

namespace pixel::shipper {
namespace {

const std::string kHeader(kForeignHeader);

TEST(ForeignTail, FollowsAGrowingFileByWholeLines) {
  ForeignWorld world(SourceKind::kTail);
  world.write("a.log", kHeader + foreign_lines(0, 3) + "begun");
  world.look();
  world.read();
  expect_exactly(world, 0, 3);
  world.write("a.log", kHeader + foreign_lines(0, 3) + foreign_lines(3, 5));
  world.look();
  world.read();
  expect_exactly(world, 0, 5);
}

// vector#6730, fluent-bit#375, loki#14462, rsyslog#3758: lines lost when a file is renamed.
TEST(ForeignLister, AFileThatIsNamedIsFoundWithThoseItIsRotatedTo) {
  const TemporaryDirectory directory;
  SourceOptions options;
  options.kind = SourceKind::kTail;
  options.directory = directory.path() / "pixel.log";
  FileLister lister(options);
  const auto names = [&lister] {
    std::vector<std::string> found;
    const auto listed = lister.list();
    EXPECT_TRUE(listed.ok());
    for (const std::string& path : *listed) {
      found.push_back(std::filesystem::path(path).filename());
    }
    std::sort(found.begin(), found.end());
    return found;
  };
  EXPECT_EQ(names(), std::vector<std::string>());  // It may come later.
  for (const char* name : {"pixel.log", "pixel.log.1", "other.log"}) {
    std::ofstream(directory.path() / name) << "x\n";
  }
  EXPECT_EQ(names(), (std::vector<std::string>{"pixel.log", "pixel.log.1"}));
  bool needs_listing = false;
  lister.take_changes(needs_listing);
  std::ofstream(directory.path() / "pixel.log.2") << "x\n";
  EXPECT_EQ(lister.take_changes(needs_listing),
            std::vector<std::string>{(directory.path() / "pixel.log.2").string()});
}

TEST(ForeignTail, RenameRotationLosesAndDoublesNothing) {
  ForeignWorld world(SourceKind::kTail);
  world.write("a.log", kHeader + foreign_lines(0, 10));
  world.look();
  world.read(1);
  world.append("a.log", foreign_lines(10, 20));
  world.rename("a.log", "a.log.1");
  world.write("a.log", kHeader + foreign_lines(20, 30));
  world.append("a.log.1", foreign_lines(30, 31));  // The writer had it open.
  world.look();
  world.read();
  expect_exactly(world, 0, 31);
  world.settle();
  world.look();
  world.append("a.log.1", foreign_lines(31, 32));  // Long after.
  world.drain();
  expect_exactly(world, 0, 32);
}

TEST(ForeignTail, ALastLineWithoutNewlineIsDeliveredWhenItsFileIsRotatedAndQuiet) {
  ForeignWorld world(SourceKind::kTail);
  world.write("a.log", foreign_lines(0, 1) + "cut");
  world.drain();
  EXPECT_EQ(world.count("cut"), 0);
  world.rename("a.log", "a.log.1");
  world.drain();
  EXPECT_EQ(world.count("cut"), 1);
  EXPECT_EQ(world.written(), 2U);
}

// loki#8039, rsyslog's documentation, beats#1956: rotated while stopped, the rest of the old file
// is lost. Here more than ten times, compressed from the second on, as logrotate's delaycompress
// does.
TEST(ForeignTail, TwelveRotationsWhileStoppedLoseNothing) {
  ForeignWorld world(SourceKind::kTail);
  world.write("a.log", kHeader + foreign_lines(0, 100));
  world.look();
  world.read();
  world.append("a.log", foreign_lines(100, 150));
  for (int rotation = 0; rotation < 12; ++rotation) {
    for (int i = 20; i >= 1; --i) {
      const std::string plain = "a.log." + std::to_string(i);
      const std::string next = "a.log." + std::to_string(i + 1);
      if (std::filesystem::exists(world.path(plain + ".gz")))
        world.rename(plain + ".gz", next + ".gz");
      if (std::filesystem::exists(world.path(plain))) {
        world.rename(plain, next);
        world.gzip(next);
      }
    }
    world.rename("a.log", "a.log.1");
    world.write("a.log", kHeader + foreign_lines(150 + rotation * 10, 160 + rotation * 10));
  }
  world.restart();
  world.drain();
  expect_exactly(world, 0, 270);
}

// loongcollector#1847: rotated and compressed faster than the reader reads.
TEST(ForeignTail, CompressedAfterRotationIsTheSameContentReadOn) {
  for (const bool stopped : {false, true}) {
    ForeignWorld world(SourceKind::kTail);
    world.write("a.log", kHeader + foreign_lines(0, 10));
    world.look();
    world.read();
    world.append("a.log", foreign_lines(10, 20));
    world.rename("a.log", "a.log.1");
    world.gzip("a.log.1");
    world.write("a.log", kHeader + foreign_lines(20, 30));
    if (stopped) world.restart();
    world.drain();
    world.settle_delivered();
    world.drain();
    expect_exactly(world, 0, 30);
  }
}

// vector#23076, #25079, fluent-bit#4839, rsyslog#4021: truncation not seen, or the copy read again.
TEST(ForeignTail, CopytruncateReadsTheRestFromTheCopyAndOnlyTheRest) {
  ForeignWorld world(SourceKind::kTail);
  world.write("a.log", kHeader + foreign_lines(0, 10));
  world.look();
  world.read();
  for (int i = 1; i <= 5; ++i) {
    world.append("a.log", foreign_lines(i * 10, i * 10 + 10));  // Nobody looks before the copy.
    world.copytruncate("a.log", "a.log." + std::to_string(i));
    if (i == 3) world.look();
    world.append("a.log", kHeader + foreign_lines(1000 + i, 1001 + i));
    if (i % 2 == 0) world.look();
    world.drain();
  }
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(world.count("2026-11-20\t18:52:00\tLHR\t" + std::to_string(i)), 1) << i;
  }
  EXPECT_EQ(world.line_count(), 65U);
  EXPECT_EQ(world.written(), world.taken());
  EXPECT_EQ(world.counters().truncations, 5U);
  EXPECT_EQ(world.counters().at_risk, 0U);
}

TEST(ForeignTail, TruncationWithoutACopyIsCountedAsARisk) {
  ForeignWorld world(SourceKind::kTail);
  world.write("a.log", foreign_lines(0, 10));
  world.look();
  world.append("a.log", foreign_lines(10, 20) + "begun");
  world.advance(base::kSecondNs);
  world.look();
  world.read();
  world.write("a.log", foreign_lines(100, 101));
  world.advance(base::kSecondNs);
  world.drain();
  EXPECT_EQ(world.line_count(), 21U);
  EXPECT_EQ(world.counters().truncations, 1U);
  EXPECT_EQ(world.counters().at_risk, 1U);
  EXPECT_GT(world.counters().at_risk_bytes, 5U);
}

TEST(ForeignTail, ATruncatedFileThatGrewBeyondItsOldSizeIsAnotherContent) {
  ForeignWorld world(SourceKind::kTail);
  world.write("a.log", foreign_lines(0, 3));
  world.look();
  world.read();
  world.write("a.log", foreign_lines(3, 10));  // Same inode.
  world.drain();
  expect_exactly(world, 0, 10);
}

// beats#1341, #6984, fluent-bit#8025, nxadm/tail#72: a new file in a deleted one's inode is taken
// for the old one.
TEST(ForeignTail, AThousandReusedInodesAreAThousandContents) {
  ForeignWorld world(SourceKind::kTail);
  for (int i = 0; i < 1000; ++i) {
    world.write("a.log", kHeader + foreign_lines(2 * i, 2 * i + 2));
    world.look();
    world.read();
    world.remove("a.log");
    if (i % 3 == 0) world.look();
    if (i % 7 == 0) world.settle_delivered();
    if (i % 50 == 0) world.restart();
  }
  world.drain();
  expect_exactly(world, 0, 2000);
}

// beats#44780, otel-contrib#19765, vector ("same fingerprint"): files that begin alike, or are
// shorter than what a fingerprint covers, are passed over.
TEST(ForeignTail, AThousandFilesOfEqualFirstKilobyteAreAllRead) {
  ForeignWorld world(SourceKind::kTail);
  const std::string same =
      kHeader + std::string(1000 - kHeader.size(), 'x') + "\n" + std::string(22, 'y') + "\n";
  for (int i = 0; i < 1000; ++i) {
    world.write("f" + std::to_string(i) + ".log", same + foreign_lines(i, i + 1));
  }
  world.drain();
  EXPECT_EQ(world.line_count(), 1002U);
  EXPECT_EQ(world.count(std::string(22, 'y')), 1000);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(world.count("2026-11-20\t18:52:00\tLHR\t" + std::to_string(i)), 1) << i;
  }
}

TEST(ForeignTail, FilesThatAreStillEqualAreTheirOwnAsSoonAsTheyDiffer) {
  ForeignWorld world(SourceKind::kTail);
  for (int i = 0; i < 20; ++i) world.write("f" + std::to_string(i) + ".log", "same\n");
  world.drain();
  for (int i = 0; i < 20; ++i)
    world.append("f" + std::to_string(i) + ".log", foreign_lines(i, i + 1));
  world.drain();
  EXPECT_EQ(world.count("same"), 20);
  EXPECT_EQ(world.line_count(), 21U);
}

TEST(ForeignTail, TenThousandSmallFilesAreReadAndCostNothingWhileIdle) {
  ForeignWorld world(SourceKind::kTail);
  for (int i = 0; i < 10'000; ++i) {
    world.write("d" + std::to_string(i % 10) + "/" + std::to_string(i) + ".log",
                foreign_lines(i, i + 1));
  }
  world.look();
  world.read();
  expect_exactly(world, 0, 10'000);
  EXPECT_LE(world.source().lanes().open_incarnations().size(), kGrowingLanesMax);
  const std::uint64_t read = world.counters().bytes_read;
  const std::uint64_t began_ns = base::monotonic_ns();
  world.restart();
  world.look();
  EXPECT_LT(base::monotonic_ns() - began_ns, 5 * base::kSecondNs);  // Some 100 ms when idle.
  EXPECT_EQ(world.counters().bytes_read, 0U);
  EXPECT_GT(read, 0U);
  world.append("d3/1233.log", foreign_lines(10'000, 10'001));
  world.look_at({world.path("d3/1233.log")});
  world.read();
  expect_exactly(world, 0, 10'001);
}

TEST(ForeignTail, AFileThatLosesItsNameIsReadToItsEnd) {
  ForeignWorld world(SourceKind::kTail);
  world.write("a.log", foreign_lines(0, 10));
  const int fd = ::open(world.path("a.log").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  world.look();
  const std::string late = foreign_lines(10, 20);
  ASSERT_EQ(::write(fd, late.data(), late.size()), static_cast<ssize_t>(late.size()));
  world.remove("a.log");
  world.look();
  const std::string later = foreign_lines(20, 30);
  ASSERT_EQ(::write(fd, later.data(), later.size()), static_cast<ssize_t>(later.size()));
  ::close(fd);
  world.drain();
  expect_exactly(world, 0, 30);
}

TEST(ForeignTail, StartAtTheEndLeavesOutWhatWasThereAndNothingElse) {
  ForeignWorld world(SourceKind::kTail, true);
  world.write("a.log", foreign_lines(0, 10));
  world.look();
  world.append("a.log", foreign_lines(10, 15));
  world.restart();
  world.write("b.log", foreign_lines(15, 20));
  world.drain();
  expect_exactly(world, 10, 20);
}

TEST(ForeignTail, MoreGrowingFilesThanLanesTakeTurns) {
  ForeignWorld world(SourceKind::kTail);
  constexpr int files = 3 * kGrowingLanesMax;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < files; ++i) {
      const int number = round * files + i;
      world.append(std::to_string(i) + ".log", foreign_lines(number, number + 1));
    }
    world.look();
    if (round % 2 == 0) world.read();
  }
  world.drain();
  expect_exactly(world, 0, 5 * files);
  EXPECT_LE(world.snapshot().lanes.size(), kGrowingLanesMax + std::size_t{1});
}

TEST(ForeignTail, AReaderNeverHandsOutBytesOfTheNextContent) {
  ForeignWorld world(SourceKind::kTail);
  world.write("a.log", foreign_lines(0, 1000));
  world.look();
  // Published, not read yet; then truncated and written anew, longer than before.
  world.write("a.log", foreign_lines(5000, 7000));
  world.read();
  EXPECT_EQ(world.line_count(), 0U);
  world.drain();
  EXPECT_EQ(world.line_count(), 2000U);
  EXPECT_EQ(world.missing(), 1000U);
}

TEST(ForeignTail, WhatEverySinkHasIsForgottenWhenItsFileIsGone) {
  ForeignWorld world(SourceKind::kTail);
  for (int i = 0; i < 20; ++i) {
    world.write("a" + std::to_string(i) + ".log", foreign_lines(i, i + 1));
    world.look();
    world.read();
    world.remove("a" + std::to_string(i) + ".log");
    world.drain();
    world.settle_delivered();
  }
  EXPECT_LE(world.books().pieces.size(), 2U);
  expect_exactly(world, 0, 20);
  world.restart();
  world.drain();
  expect_exactly(world, 0, 20);
}

TEST(ForeignBucket, WholeFilesAreTakenOnceUnderWhateverName) {
  ForeignWorld world(SourceKind::kCloudfront);
  const std::string a = gzip_member(kHeader + foreign_lines(0, 10)).value();
  const std::string b = gzip_member(kHeader + foreign_lines(10, 20)).value();
  world.write("2026/11/20/E1.2026-11-20-18.aaaa.gz", a);
  world.write("2026/11/20/E1.2026-11-20-18.bbbb.gz", b);
  world.look();
  world.read();
  expect_exactly(world, 0, 20);
  world.write("again/other-name.gz", a);
  world.write("again/plain", kHeader + foreign_lines(10, 20));
  world.drain();
  world.rename("2026/11/20/E1.2026-11-20-18.aaaa.gz", "2026/renamed.gz");
  world.restart();
  world.drain();
  expect_exactly(world, 0, 20);
  EXPECT_EQ(world.books().copies.size(), 2U);
}

TEST(ForeignBucket, AnotherObjectUnderTheSameNameIsTakenToo) {
  ForeignWorld world(SourceKind::kCloudfront);
  const auto put = [&](int first, int end) {
    world.write("x.gz", gzip_member(kHeader + foreign_lines(first, end)).value());
  };
  put(0, 10);
  world.look();
  world.read();
  put(10, 20);  // In place: the same inode.
  world.look();
  world.read();
  world.remove("x.gz");
  put(20, 30);
  world.drain();
  expect_exactly(world, 0, 30);
  EXPECT_GE(world.counters().replaced, 2U);
}

TEST(ForeignBucket, AHalfCopiedGzipWaitsUntilItIsWhole) {
  ForeignWorld world(SourceKind::kCloudfront);
  const std::string whole = gzip_member(kHeader + foreign_lines(0, 500)).value();
  for (std::size_t bytes = 0; bytes < whole.size(); bytes += 97) {
    world.write("x.gz", std::string_view(whole).substr(0, bytes));
    world.look();
    world.read();
    ASSERT_EQ(world.line_count(), 0U);
  }
  EXPECT_EQ(world.counters().damaged, 1U);
  world.settle();
  world.look();
  EXPECT_EQ(world.counters().damaged, 1U);  // Time does not make it whole.
  world.write("x.gz", whole);
  world.look();
  world.read();
  expect_exactly(world, 0, 500);
}

TEST(ForeignBucket, APlainFileIsTakenWhenItHasSettled) {
  ForeignWorld world(SourceKind::kCloudfront);
  world.write("x", kHeader + foreign_lines(0, 5));
  world.look();
  world.append("x", foreign_lines(5, 9));
  world.look();
  world.read();
  EXPECT_EQ(world.line_count(), 0U);
  world.drain();
  expect_exactly(world, 0, 9);
  world.append("x", foreign_lines(9, 12));  // It was not complete after all.
  world.drain();
  expect_exactly(world, 0, 12);
}

TEST(ForeignBucket, AFileThatGrowsBySecondMemberIsReadOn) {
  ForeignWorld world(SourceKind::kCloudfront);
  const std::string first = gzip_member(kHeader + foreign_lines(0, 5)).value();
  world.write("x.gz", first);
  world.look();
  world.read();
  world.write("x.gz", first + gzip_member(foreign_lines(5, 9)).value());
  world.drain();
  expect_exactly(world, 0, 9);
}

TEST(ForeignBucket, FilesOfBothFieldCountsWithoutFinalNewline) {
  ForeignWorld world(SourceKind::kCloudfront);
  world.write("old.gz", gzip_member("#Version: 1.0\n#Fields: a b\nold").value());
  world.write("new.gz", gzip_member("#Version: 1.0\n#Fields: a b c\nnew").value());
  world.write("empty.gz", gzip_member("#Version: 1.0\n#Fields: a b c\n").value());
  world.drain();
  EXPECT_EQ(world.count("old"), 1);
  EXPECT_EQ(world.count("new"), 1);
  EXPECT_EQ(world.written(), 2U);
}

TEST(ForeignBucket, DeletesWhatEverySinkHasOnlyWhereToldTo) {
  for (const bool deletes : {false, true}) {
    ForeignWorld world(SourceKind::kCloudfront);
    if (deletes) world.options().delete_after_ns = 3600 * base::kSecondNs;
    world.restart();
    world.write("x.gz", gzip_member(foreign_lines(0, 5)).value());
    world.look();
    world.advance(2 * 3600 * base::kSecondNs);
    world.settle_delivered();
    EXPECT_TRUE(std::filesystem::exists(world.path("x.gz")));  // No sink has it.
    world.read();
    world.settle_delivered();
    EXPECT_EQ(std::filesystem::exists(world.path("x.gz")), !deletes);
    world.drain();
    expect_exactly(world, 0, 5);
  }
}

TEST(ForeignBucket, AnUnreadableFileIsReportedAndReadWhenItCanBe) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  ForeignWorld world(SourceKind::kCloudfront);
  world.write("x.gz", gzip_member(foreign_lines(0, 5)).value());
  ASSERT_EQ(::chmod(world.path("x.gz").c_str(), 0), 0);
  world.look();
  EXPECT_EQ(world.counters().unreadable, 1U);
  ASSERT_EQ(::chmod(world.path("x.gz").c_str(), 0644), 0);
  world.drain();
  expect_exactly(world, 0, 5);
}

}  // namespace
}  // namespace pixel::shipper
