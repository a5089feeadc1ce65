// SPDX-License-Identifier: Apache-2.0
#include "shipper/tail/catalogue.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/units.h"
#include "tests/unit/shipper/support/spool_writer.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

using Place = SegmentEntry::Place;

class CatalogueTest : public testing::Test {
 protected:
  const std::filesystem::path& spool() const { return directory_.path(); }
  static const LaneSegments& lane(const SnapshotPtr& snapshot) {
    return snapshot->lanes.at(test_lane());
  }
  TemporaryDirectory directory_;
};

TEST_F(CatalogueTest, DirectoriesThatDoNotExistAreEmpty) {
  Catalogue catalogue(spool() / "later");
  ASSERT_TRUE(catalogue.scan().ok());
  EXPECT_TRUE(catalogue.snapshot()->lanes.empty());
}

TEST_F(CatalogueTest, KnowsActiveSealedAndGoneSegments) {
  SpoolWriter writer(spool(), test_lane());
  writer.append("one\n");
  writer.rotate();
  writer.rotate();
  std::filesystem::remove(writer.sealed_path(0));
  Catalogue catalogue(spool());
  ASSERT_TRUE(catalogue.scan().ok());
  const auto snapshot = catalogue.snapshot();
  ASSERT_EQ(lane(snapshot).size(), 3U);
  EXPECT_EQ(lane(snapshot).at(0).place, Place::kGone);
  EXPECT_EQ(lane(snapshot).at(1).place, Place::kSealed);
  EXPECT_EQ(lane(snapshot).at(1).bytes, logfmt::kAccessHeader.size());
  EXPECT_FALSE(lane(snapshot).at(1).manifest.empty());
  EXPECT_GT(lane(snapshot).at(1).sealed_at, 0);
  EXPECT_EQ(lane(snapshot).at(2).place, Place::kActive);
}

TEST_F(CatalogueTest, UnchangedSpoolKeepsItsVersion) {
  SpoolWriter writer(spool(), test_lane());
  Catalogue catalogue(spool());
  ASSERT_TRUE(catalogue.scan().ok());
  const auto version = catalogue.snapshot()->version;
  writer.append("one\n");
  ASSERT_TRUE(catalogue.scan().ok());
  EXPECT_EQ(catalogue.snapshot()->version, version);
  writer.rotate();
  ASSERT_TRUE(catalogue.scan().ok());
  EXPECT_GT(catalogue.snapshot()->version, version);
}

TEST_F(CatalogueTest, ListsEventsLanesAndNoForeignFiles) {
  const logfmt::LaneId lane{logfmt::SegmentKind::kEvents, 1, 1, 0};
  SpoolWriter writer(spool(), lane);
  writer.append("{}\n");
  writer.rotate();
  ASSERT_TRUE(std::filesystem::exists(writer.manifest_path(0)));
  ASSERT_TRUE(base::write_file_atomic(spool() / "sealed" / "notes.txt", "x").ok());
  Catalogue catalogue(spool());
  ASSERT_TRUE(catalogue.scan().ok());
  const auto lanes = catalogue.snapshot()->lanes;
  ASSERT_EQ(lanes.size(), 1U);
  EXPECT_EQ(lanes.begin()->first, lane);
}

TEST_F(CatalogueTest, FindsEachLanesSlot) {
  const auto path = spool() / "active" / logfmt::control_file_name(1, 9);
  std::filesystem::create_directories(path.parent_path());
  auto page = logfmt::ControlPage::create(path, 1, 9, 2, 2);
  ASSERT_TRUE(page.ok());
  page->slot(logfmt::SegmentKind::kAccess, 1).lines = 7;
  page->slot(logfmt::SegmentKind::kEvents, 1).lines = 8;
  Catalogue catalogue(spool());
  ASSERT_TRUE(catalogue.scan().ok());
  const SnapshotPtr snapshot = catalogue.snapshot();
  EXPECT_EQ(snapshot->slot({logfmt::SegmentKind::kAccess, 1, 9, 1})->lines, 7U);
  EXPECT_EQ(snapshot->slot({logfmt::SegmentKind::kEvents, 1, 9, 1})->lines, 8U);
  EXPECT_EQ(snapshot->slot({logfmt::SegmentKind::kAccess, 1, 9, 2}), nullptr);
  EXPECT_EQ(snapshot->slot({logfmt::SegmentKind::kAccess, 1, 8, 1}), nullptr);
}

// A link to nowhere is listed and cannot be looked at: as a file that vanishes in between.
TEST_F(CatalogueTest, FileThatVanishedAfterTheListingIsLeftOutAndLookedForAgain) {
  SpoolWriter writer(spool(), test_lane());
  writer.finish();
  const auto path = writer.sealed_path(0);
  std::filesystem::rename(path, spool() / "away");
  std::filesystem::create_symlink(spool() / "elsewhere", path);
  std::filesystem::remove(writer.manifest_path(0));
  for (const char* directory : {"active", "sealed"}) {
    std::filesystem::last_write_time(
        spool() / directory, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  }
  Catalogue catalogue(spool());
  ASSERT_TRUE(catalogue.scan().ok());
  EXPECT_TRUE(catalogue.snapshot()->lanes.empty());
  std::filesystem::rename(spool() / "away", spool() / "elsewhere");  // sealed/ does not change.
  ASSERT_TRUE(catalogue.scan().ok());
  ASSERT_EQ(catalogue.snapshot()->lanes.size(), 1U);
  EXPECT_EQ(lane(catalogue.snapshot()).at(0).place, Place::kSealed);
  EXPECT_EQ(lane(catalogue.snapshot()).at(0).bytes, logfmt::kAccessHeader.size());
}

TEST_F(CatalogueTest, WakesWaitersWhenASegmentAppears) {
  SpoolWriter writer(spool(), test_lane());
  Catalogue catalogue(spool());
  ASSERT_TRUE(catalogue.start().ok());
  const auto version = catalogue.snapshot()->version;
  const auto begin_ns = base::monotonic_ns();
  writer.rotate();
  catalogue.wait_for_change(version, 5 * base::kSecondNs);
  EXPECT_GT(catalogue.snapshot()->version, version);
  EXPECT_LT(base::monotonic_ns() - begin_ns, 5 * base::kSecondNs);
}

}  // namespace
}  // namespace pixel::shipper
