// SPDX-License-Identifier: Apache-2.0
#include "shipper/deliver/journal.h"

#include <gtest/gtest.h>

#include "shipper/deliver/journal_files.h"
#include "tests/sim/shipper/simulated_files.h"

namespace pixel::shipper {
namespace {

const logfmt::LaneId kLane{logfmt::SegmentKind::kAccess, 1, 100, 0};

// Batch `number` is bytes [100 * (number - 1), 100 * number) with ten lines.
Intent some_intent(std::uint64_t number) {
  Intent intent;
  intent.number = number;
  intent.ranges = {{{kLane, 0}, 100 * (number - 1), 100 * number, 10}};
  intent.delta.lanes[kLane] = {0, 100 * number};
  intent.delta.lines = 10;
  intent.delta.rows = 9;
  intent.delta.dead_lettered = 1;
  intent.delta.bytes = 100;
  intent.xxh3_128 = "00112233445566778899aabbccddeeff";
  return intent;
}

Checkpoint after_batch(std::uint64_t number) {
  Checkpoint checkpoint;
  for (std::uint64_t n = 1; n <= number; ++n) advance(checkpoint, some_intent(n).delta);
  checkpoint.dead_letter_bytes = 50 * number;
  return checkpoint;
}

class JournalTest : public testing::Test {
 protected:
  std::filesystem::path file(std::uint64_t generation) const {
    return kDirectory / journal_file_name(generation);
  }
  base::Result<JournalReading> read() { return read_journal(files_, kDirectory); }
  void put(std::uint64_t generation, std::string_view bytes) {
    auto to = files_.open(file(generation), FileSystem::Mode::kNew);
    ASSERT_TRUE(to.ok() && (*to)->write_at(0, bytes).ok());
  }
  std::string content(std::uint64_t generation) const { return files_.content(file(generation)); }

  // Nothing fails on it; a real one would take a minute.
  const std::filesystem::path kDirectory = "/state/sink";
  sim::Faults faults_{1};
  mutable sim::SimulatedFiles files_{faults_};
};

TEST_F(JournalTest, NothingWasWritten) {
  const auto reading = read();
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading->generation, 0U);
  EXPECT_EQ(reading->state, JournalState{});
}

TEST_F(JournalTest, RemembersIntentsUntilTheyAreDone) {
  Journal journal(kDirectory, files_);
  ASSERT_TRUE(journal.open().ok());
  for (std::uint64_t n = 1; n <= 4; ++n) {
    EXPECT_EQ(journal.take_number(), n);
    ASSERT_TRUE(journal.intend(some_intent(n)).ok());
  }
  ASSERT_TRUE(journal.done(2, after_batch(2)).ok());
  Intent refused = some_intent(3);
  refused.refused = {{{kLane, 0}, 210, 0, "too long \xFF"}};
  refused.delta.rows = 8;
  refused.delta.dead_lettered = 2;
  ASSERT_TRUE(journal.refuse(refused).ok());
  ASSERT_TRUE(journal.split(4, some_intent(5), some_intent(6)).ok());
  for (int round = 0; round < 3; ++round) {
    const auto reading = read();
    ASSERT_TRUE(reading.ok()) << reading.error().message;
    EXPECT_EQ(reading->note, "");
    EXPECT_EQ(reading->state.checkpoint, after_batch(2));
    ASSERT_EQ(reading->state.intents.size(), 3U);
    EXPECT_EQ(reading->state.intents[0].number, 3U);
    EXPECT_EQ(reading->state.intents[0].refused.size(), 1U);
    EXPECT_EQ(reading->state.intents[0].delta.rows, 8U);
    EXPECT_EQ(reading->state.intents[1], some_intent(5));
    EXPECT_EQ(reading->state.intents[2], some_intent(6));
    EXPECT_EQ(reading->state.next_number, 7U);
    EXPECT_EQ(reading->state.reached().lines, 50U);
    // A new generation says the same.
    Journal again(kDirectory, files_);
    ASSERT_TRUE(again.open().ok());
    EXPECT_EQ(again.state(), reading->state);
    EXPECT_EQ(again.take_number(), 7U);
  }
}

TEST_F(JournalTest, GenerationsStaySmallAndTwoAreKept) {
  Journal journal(kDirectory, files_, 4096);
  ASSERT_TRUE(journal.open().ok());
  for (std::uint64_t n = 1; n <= 200; ++n) {
    ASSERT_TRUE(journal.intend(some_intent(n)).ok());
    ASSERT_TRUE(journal.done(n, after_batch(n)).ok());
  }
  EXPECT_GT(journal.generation(), 10U);
  const auto generations = journal_generations(files_, kDirectory).value();
  ASSERT_EQ(generations.size(), 2U);
  EXPECT_EQ(generations.back(), journal.generation());
  for (const auto generation : generations) {
    EXPECT_LT(content(generation).size(), 8192U);
  }
  EXPECT_EQ(read()->state.checkpoint, after_batch(200));
}

// A journal of two generations with every kind of record, and every state that it went through.
class DamagedJournalTest : public JournalTest {
 protected:
  void SetUp() override {
    Journal first(kDirectory, files_);
    ASSERT_TRUE(first.open().ok());
    ASSERT_TRUE(first.intend(some_intent(1)).ok());
    ASSERT_TRUE(first.intend(some_intent(2)).ok());
    ASSERT_TRUE(first.done(1, after_batch(1)).ok());
    Journal second(kDirectory, files_);
    ASSERT_TRUE(second.open().ok());
    generation_ = second.generation();
    remember();
    ASSERT_TRUE(second.split(2, some_intent(3), some_intent(4)).ok());
    remember();
    ASSERT_TRUE(second.done(3, after_batch(3)).ok());
    remember();
    ASSERT_TRUE(second.intend(some_intent(5)).ok());
    remember();
    ASSERT_TRUE(second.refuse(some_intent(5)).ok());
    remember();
    text_ = content(generation_);
    ASSERT_LE(text_.size(), 4096U);
  }
  void remember() {
    states_.push_back(read()->state);
    lengths_.push_back(content(generation_).size());
  }
  std::uint64_t generation_ = 0;
  std::vector<JournalState> states_;
  std::vector<std::uint64_t> lengths_;
  std::string text_;
};

TEST_F(DamagedJournalTest, EveryPrefixIsAnEarlierState) {
  for (std::size_t bytes = 0; bytes < text_.size(); ++bytes) {
    put(generation_, std::string_view(text_).substr(0, bytes));
    const auto reading = read();
    ASSERT_TRUE(reading.ok()) << bytes << " " << reading.error().message;
    // The last state whose record is there but for its newline; the begin says what the generation
    // before it ended with.
    std::size_t i = 0;
    while (i + 1 < lengths_.size() && lengths_[i + 1] <= bytes + 1) ++i;
    EXPECT_EQ(reading->state, states_[i]) << bytes;
    if (bytes + 1 < lengths_[0]) {
      EXPECT_NE(reading->note, "") << bytes;
    }
  }
}

TEST_F(DamagedJournalTest, EveryChangedByteIsMadeGoodOrRefused) {
  std::size_t made_good = 0;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    for (const char change : {'\x01', '\x10', '\x80', text_[i], static_cast<char>(text_[i] ^ '\n'),
                              static_cast<char>(text_[i] ^ '"')}) {
      if (change == 0) continue;
      std::string changed = text_;
      changed[i] = static_cast<char>(changed[i] ^ change);
      put(generation_, changed);
      const auto reading = read();
      if (reading) {
        ++made_good;
        EXPECT_EQ(reading->state, states_.back()) << "byte " << i << " ^ " << int{change};
      } else {
        ++refused;
        EXPECT_NE(reading.error().message.find("journal discard --sink"), std::string::npos);
        EXPECT_NE(reading.error().message.find(file(generation_).string()), std::string::npos);
      }
    }
  }
  EXPECT_GT(made_good, 4 * lengths_[0]);
  EXPECT_GT(refused, 4 * (text_.size() - lengths_[0]));
}

TEST_F(DamagedJournalTest, TornEndWithSectorsOfNulWasNeverSent) {
  // A long record from byte `lengths_.back()` on, of which the disk wrote some sectors only.
  Journal journal(kDirectory, files_);
  ASSERT_TRUE(journal.open().ok());
  Intent long_intent = some_intent(6);
  for (int i = 0; i < 200; ++i) long_intent.ranges.push_back(long_intent.ranges[0]);
  const std::size_t begin = content(journal.generation()).size();
  ASSERT_TRUE(journal.intend(long_intent).ok());
  const std::string whole = content(journal.generation());
  const std::size_t first_sector = begin / 512;
  for (std::uint32_t written = 0; written < 1U << 8U; ++written) {
    std::string torn = whole;
    for (std::size_t sector = first_sector; sector * 512 < torn.size(); ++sector) {
      if ((written >> ((sector - first_sector) % 8) & 1U) != 0) continue;
      const std::size_t from = std::max(begin, sector * 512);
      const std::size_t to = std::min(torn.size(), sector * 512 + 512);
      std::fill(torn.begin() + static_cast<long>(from), torn.begin() + static_cast<long>(to), '\0');
    }
    put(journal.generation(), torn);
    const auto reading = read();
    ASSERT_TRUE(reading.ok()) << written << reading.error().message;
    const bool is_whole = torn == whole;
    EXPECT_EQ(reading->state.intents.size(), states_.back().intents.size() + (is_whole ? 1 : 0));
  }
}

TEST_F(DamagedJournalTest, DiscardGoesOnFromTheLastSureCheckpoint) {
  std::string changed = text_;
  changed[lengths_[2] + 30] ^= 1;  // In the last intent but one record.
  put(generation_, changed);
  EXPECT_FALSE(read().ok());
  const auto said = discard_journal(files_, kDirectory);
  ASSERT_TRUE(said.ok()) << said.error().message;
  EXPECT_NE(said->find("1 batches with 10 lines"), std::string::npos) << *said;
  const auto reading = read();
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(reading->state.checkpoint, after_batch(3));
  EXPECT_TRUE(reading->state.intents.empty());
  EXPECT_GE(reading->state.next_number, 5U);
}

TEST_F(DamagedJournalTest, BothGenerationsDamagedIsAnErrorAndNoFreshStart) {
  put(generation_, "x\n");
  put(generation_ - 1, "x\ny\n");
  EXPECT_FALSE(read().ok());
  EXPECT_FALSE(discard_journal(files_, kDirectory).ok());
  put(1, "");
  ASSERT_TRUE(files_.remove(file(generation_)).ok());
  EXPECT_FALSE(read().ok());
}

}  // namespace
}  // namespace pixel::shipper
