// SPDX-License-Identifier: Apache-2.0
#include "shipper/deliver/checkpoint.h"

#include <gtest/gtest.h>

#include "shipper/deliver/checkpoint_store.h"
#include "tests/sim/shipper/simulated_files.h"

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
    return kDirectory / ("checkpoint." + std::to_string(slot));
  }
  void save(std::uint64_t batches) {
    CheckpointStore store(kDirectory, files_);
    ASSERT_TRUE(store.load().ok());
    ASSERT_TRUE(store.save({some_checkpoint(batches), "note"}).ok());
  }
  std::uint64_t loaded_batches() {
    CheckpointStore store(kDirectory, files_);
    auto loaded = store.load();
    EXPECT_TRUE(loaded.ok() && loaded->has_value());
    return (*loaded)->checkpoint.batches;
  }
  void put(int slot, std::string_view bytes) {
    auto to = files_.open(file(slot), FileSystem::Mode::kNew);
    ASSERT_TRUE(to.ok() && (*to)->write_at(0, bytes).ok());
  }

  const std::filesystem::path kDirectory = "/state/sink";
  sim::Faults faults_{1};
  sim::SimulatedFiles files_{faults_};
};

TEST_F(CheckpointStoreTest, NothingWasSaved) {
  CheckpointStore store(kDirectory, files_);
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
  const std::string whole = files_.content(file(1));
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    put(1, whole.substr(0, bytes));
    EXPECT_EQ(loaded_batches(), 1U) << bytes;
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
    put(1, flipped);
    EXPECT_EQ(loaded_batches(), 1U) << i;
  }
  save(9);  // Replaces the damaged one.
  EXPECT_EQ(loaded_batches(), 9U);
}

TEST_F(CheckpointStoreTest, BothDamagedIsAnErrorAndNoFreshStart) {
  save(1);
  save(2);
  put(0, "x");
  put(1, "");
  CheckpointStore store(kDirectory, files_);
  EXPECT_FALSE(store.load().ok());
}

// A save that succeeded is what the next load gives, or a later one that said it failed.
TEST_F(CheckpointStoreTest, SurvivesKillsPowerLossesAndErrorsAnywhere) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    faults_ = sim::Faults(seed);
    files_ = sim::SimulatedFiles(faults_);
    std::uint64_t saved = 0;
    std::uint64_t tried = 0;
    for (int life = 0; life < 20; ++life) {
      faults_.disk_one_in = static_cast<std::uint32_t>(faults_.prng.below(3) * 8);
      faults_.kill_one_in = 20;
      try {
        CheckpointStore store(kDirectory, files_);
        bool is_open = store.load().ok();
        while (is_open) {
          if (store.save({some_checkpoint(++tried), "note"}).ok()) saved = tried;
        }
      } catch (const sim::Killed&) {
      }
      faults_.stop();
      if (faults_.prng.chance(1, 2)) files_.lose_power();
      CheckpointStore store(kDirectory, files_);
      const auto loaded = store.load();
      ASSERT_TRUE(loaded.ok()) << "seed " << seed << ": " << loaded.error().message;
      const std::uint64_t found = loaded->has_value() ? (*loaded)->checkpoint.batches : 0;
      ASSERT_GE(found, saved) << "seed " << seed;
      ASSERT_LE(found, tried) << "seed " << seed;
      saved = found;
    }
  }
}

}  // namespace
}  // namespace pixel::shipper
