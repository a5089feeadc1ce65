// SPDX-License-Identifier: Apache-2.0
// The commit record: any damage shows, and then the record before it is used.
#include "shipper/sinks/lake/lake_commit.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "tests/unit/shipper/sinks/batch_maker.h"

namespace pixel::shipper::lake {
namespace {

Commit example(std::uint64_t number) {
  Commit commit;
  commit.number = number;
  commit.checkpoint.lanes[testing::kSegment.lane] = {7, 1234};
  commit.checkpoint.rows = number * 10;
  commit.added = {{"staged-1", "requests/date=2026-11-20/hour=18", "x.parquet"}};
  commit.removed = {{"requests/date=2026-11-20/hour=18", "y.parquet"}};
  commit.columns = {{"path", "VARCHAR"}, {"status", "BIGINT"}};
  return commit;
}

TEST(LakeCommit, ReadsBackWhole) {
  const Commit commit = example(3);
  const auto parsed = parse_commit(to_text(commit));
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->number, 3U);
  EXPECT_EQ(parsed->checkpoint, commit.checkpoint);
  EXPECT_EQ(parsed->added[0].name, "x.parquet");
  EXPECT_EQ(parsed->removed[0].name, "y.parquet");
  EXPECT_EQ(parsed->columns, commit.columns);
  EXPECT_EQ(to_text(*parsed), to_text(commit));
}

TEST(LakeCommit, EveryCutAndEveryChangedByteIsRefused) {
  const std::string text = to_text(example(3));
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(parse_commit(text.substr(0, size))) << size;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char change : {'\x01', '\x20', '\x40'}) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ change);
      EXPECT_FALSE(parse_commit(changed)) << at;
    }
  }
  EXPECT_FALSE(parse_commit(text + " "));
}

TEST(LakeCommit, TheRecordBeforeADamagedOneIsFound) {
  const testing::TemporaryDirectory directory;
  const LakePaths paths(directory.path());
  std::filesystem::create_directories(paths.staging);
  EXPECT_EQ(load_commit(paths)->commit.number, 0U);
  ASSERT_TRUE(store_commit(paths, example(1), nullptr));
  ASSERT_TRUE(store_commit(paths, example(2), nullptr));
  EXPECT_EQ(load_commit(paths)->commit.number, 2U);
  EXPECT_FALSE(load_commit(paths)->is_previous);

  std::ofstream(paths.commit) << "damaged";
  EXPECT_EQ(load_commit(paths)->commit.number, 1U);
  EXPECT_TRUE(load_commit(paths)->is_previous);

  // The damaged one never becomes the previous one.
  ASSERT_TRUE(store_commit(paths, example(2), nullptr));
  std::ofstream(paths.commit) << "damaged again";
  EXPECT_EQ(load_commit(paths)->commit.number, 1U);

  std::ofstream(paths.previous_commit) << "damaged too";
  EXPECT_FALSE(load_commit(paths));
}

}  // namespace
}  // namespace pixel::shipper::lake
