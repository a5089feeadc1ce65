// SPDX-License-Identifier: Apache-2.0
#include "shipper/deliver/checkpoint.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "shipper/deliver/checkpoint_store.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

Checkpoint some_checkpoint(std::uint64_t batches = 3) {
  Checkpoint checkpoint;
  checkpoint.lanes[{logfmt::SegmentKind::kAccess, 1, 100, 0}] = {7, 4711};
  checkpoint.lanes[{logfmt::SegmentKind::kAccess, 1, 100, 1}] = {0, UINT64_MAX};
  checkpoint.batches = batches;
  checkpoint.lines = 10;
  checkpoint.rows = 7;
  checkpoint.filtered = 1;
  checkpoint.dead_lettered = 2;
  checkpoint.bytes = 4096;
  checkpoint.dead_letter_bytes = 300;
  checkpoint.missing = 5;
  return checkpoint;
}

TEST(Checkpoint, ReadsBackWhatItWrote) {
  for (const Checkpoint& checkpoint : {Checkpoint{}, some_checkpoint()}) {
    const auto parsed = parse_checkpoint(to_text(checkpoint));
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(*parsed, checkpoint);
  }
}

TEST(Checkpoint, EveryPrefixIsRefused) {
  const std::string text = to_text(some_checkpoint());
  for (std::size_t bytes = 0; bytes < text.size(); ++bytes) {
    EXPECT_FALSE(parse_checkpoint(text.substr(0, bytes)).ok()) << bytes;
  }
  EXPECT_FALSE(parse_checkpoint(text + " ").ok());
}

TEST(Checkpoint, EveryFlippedBitIsRefused) {
  const std::string text = to_text(some_checkpoint());
  for (std::size_t i = 0; i < text.size() * 8; ++i) {
    std::string flipped = text;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(parse_checkpoint(flipped).ok()) << "bit " << i;
  }
}

class CheckpointStoreTest : public testing::Test {
 protected:
  std::filesystem::path file(int slot) const {
    return directory_.path() / ("checkpoint." + std::to_string(slot));
  }
  void save(std::uint64_t batches) {
    CheckpointStore store(directory_.path());
    ASSERT_TRUE(store.load().ok());
    ASSERT_TRUE(store.save({some_checkpoint(batches), "note"}).ok());
  }
  std::uint64_t loaded_batches() {
    CheckpointStore store(directory_.path());
    auto loaded = store.load();
    EXPECT_TRUE(loaded.ok() && loaded->has_value());
    return (*loaded)->checkpoint.batches;
  }
  TemporaryDirectory directory_;
};

TEST_F(CheckpointStoreTest, NothingWasSaved) {
  CheckpointStore store(directory_.path());
  const auto loaded = store.load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded->has_value());
}

TEST_F(CheckpointStoreTest, NewestOfManyIsLoaded) {
  for (std::uint64_t batches = 1; batches <= 5; ++batches) {
    save(batches);
    EXPECT_EQ(loaded_batches(), batches);
  }
}

TEST_F(CheckpointStoreTest, DamagedNewestFallsBackToTheOneBefore) {
  save(1);
  save(2);
  const std::string whole = base::read_file(file(1)).value();
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    ASSERT_TRUE(base::write_file_atomic(file(1), whole.substr(0, bytes)).ok());
    EXPECT_EQ(loaded_batches(), 1U) << bytes;
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
    ASSERT_TRUE(base::write_file_atomic(file(1), flipped).ok());
    EXPECT_EQ(loaded_batches(), 1U) << i;
  }
  save(9);  // Replaces the damaged one.
  EXPECT_EQ(loaded_batches(), 9U);
}

TEST_F(CheckpointStoreTest, BothDamagedIsAnErrorAndNoFreshStart) {
  save(1);
  save(2);
  ASSERT_TRUE(base::write_file_atomic(file(0), "x").ok());
  ASSERT_TRUE(base::write_file_atomic(file(1), "").ok());
  CheckpointStore store(directory_.path());
  EXPECT_FALSE(store.load().ok());
}

}  // namespace
}  // namespace pixel::shipper
