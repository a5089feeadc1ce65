// SPDX-License-Identifier: Apache-2.0
// The core of the shipper in a simulated world: log, disk, destination, network and time, with
// kills at every step, power losses, full disks and lying destinations. One seed, one history.
// Invariants, checked all along:
//  - the checkpoint never goes back, not over a kill or a power loss, and its books balance;
//  - whatever lies before it is a row of the destination or a dead letter on the disk;
//  - a token never stands for other rows than before.
// At the end, when nothing fails any more:
//  - all is delivered within a bounded time; no line is lost, none there twice (where the
//    destination can tell), no dead letter is lost or there twice.
// The model of faults stands at the top of each simulated_*.h. How many: PIXEL_SIM_SEEDS=N runs N
// seeds; PIXEL_SIM_SEED=S runs one and is what a failure prints.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "base/clock.h"
#include "shipper/deliver/pipeline.h"
#include "tests/sim/shipper/simulated_destination.h"
#include "tests/sim/shipper/simulated_dispatcher.h"
#include "tests/sim/shipper/simulated_files.h"
#include "tests/sim/shipper/simulated_log.h"

namespace pixel::sim {
namespace {

using shipper::Checkpoint;
using shipper::Pipeline;
using Kind = SimulatedDestination::Kind;

constexpr std::uint64_t kMillisecondNs = 1'000'000;

// What happened in all histories together: a simulation that never splits a batch shows nothing.
struct Marks {
  std::uint64_t lives = 0;
  std::uint64_t power_losses = 0;
  std::uint64_t resent = 0;
  std::uint64_t splits = 0;
  std::uint64_t rows_refused = 0;
  std::uint64_t concurrent = 0;
  std::uint64_t letters = 0;
  std::uint64_t lines = 0;
  std::uint64_t generations = 0;
};
Marks marks;

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed)
      : faults_(seed ^ 0x5EED), files_(faults_), log_(faults_), destination_(faults_) {
    base::Prng& prng = faults_.prng;
    destination_.kind = static_cast<Kind>(prng.below(3));
    const bool is_journaled = destination_.kind != Kind::kTransactional;
    destination_.takes_lines = is_journaled && prng.chance(1, 5);
    if (is_journaled) destination_.concurrency_max = 1 + static_cast<std::uint32_t>(prng.below(4));
    if (prng.chance(1, 3)) destination_.rows_max = prng.below(6);
    if (prng.chance(1, 3)) destination_.refuses_each = 3 + prng.below(8);
    destination_.refuses_late = prng.chance(1, 2);
    destination_.takes_early = !is_journaled && prng.chance(1, 2);
    options_.name = "sim";
    options_.limits = {1 + prng.below(12), 300 + prng.below(4000),
                       prng.below(300) * kMillisecondNs};
    options_.retry = {50 * kMillisecondNs, 2'000 * kMillisecondNs};
    options_.chunk_bytes = logfmt::kLineBytesMax + 1;
    if (prng.chance(1, 6)) options_.rows_per_second_max = 1 + prng.below(100);
    faults_.kill_one_in = prng.chance(1, 5) ? 0U : 20U << prng.below(6);
    faults_.disk_one_in = prng.chance(1, 2) ? 0U : 10U << prng.below(6);
    faults_.read_one_in = prng.chance(1, 2) ? 0 : 30;
    faults_.sink_one_in = prng.chance(1, 3) ? 0U : 2U << prng.below(4);
    generation_bytes_ = 1000 + prng.below(8000);
    lines_max_ = 1 + prng.below(prng.chance(1, 10) ? 150U : 40U);
    loses_power_ = prng.chance(1, 2);
  }

  void run() {
    const std::uint64_t lives = 1 + faults_.prng.below(12);
    for (std::uint64_t life = 0; life < lives && !testing::Test::HasFailure(); ++life) {
      live(Pipeline::Ending::kNever, 20 + faults_.prng.below(400));
    }
    faults_.stop();
    destination_.arrive();
    while (log_.lines.size() < lines_max_) log_.append();
    live(Pipeline::Ending::kWhenDrained, 30'000);
    if (!testing::Test::HasFailure()) check_end();
    marks.lines += log_.lines.size();
  }

 private:
  // One process, from its start to its end or the last step.
  void live(Pipeline::Ending ending, std::uint64_t steps) {
    SimulatedSink sink(destination_, faults_);
    shipper::DeadLetterFile letters(kLetters, files_);
    shipper::Journal journal("/state", files_, generation_bytes_);
    SimulatedDispatcher dispatcher(faults_, destination_, now_ns_);
    const bool is_beside = destination_.concurrency_max > 1;
    options_.seed = faults_.prng.next();
    Pipeline pipeline(
        options_, content(), sink, log_, letters, [this] { return now_ns_; }, &journal,
        is_beside ? &dispatcher : nullptr);
    pipeline.end(ending);
    ++marks.lives;
    bool is_done = false;
    bool is_killed = false;
    try {
      for (std::uint64_t i = 0; i < steps && !is_done && !testing::Test::HasFailure(); ++i) {
        if (ending == Pipeline::Ending::kNever) happen(pipeline, steps - i);
        is_done = step(pipeline, dispatcher);
      }
    } catch (const Killed&) {
      is_killed = true;
    }
    check_published(pipeline.status());
    count(pipeline.status(), journal, dispatcher);
    if (ending == Pipeline::Ending::kWhenDrained) {
      ASSERT_TRUE(is_done) << "nothing fails any more, but it does not end: "
                           << pipeline.status().last_error;
      ASSERT_EQ(pipeline.status().state, shipper::PipelineState::kStopped)
          << pipeline.status().last_error;
    }
    const bool is_orderly = !is_killed && faults_.prng.chance(1, 2);
    if (is_orderly) return;
    dispatcher.die();
    if (loses_power_ && faults_.prng.chance(1, 2)) {
      files_.lose_power();
      ++marks.power_losses;
    }
  }

  shipper::BatchContent content() const {
    shipper::TableSpec table;
    table.name = "requests";
    shipper::ColumnSpec column;
    column.name = column.parameter = "a";
    column.type = shipper::ColumnType::kInteger;
    column.source = shipper::ColumnSource::kQuery;
    table.columns = {column};
    return {{table}, destination_.takes_lines};
  }

  bool step(Pipeline& pipeline, SimulatedDispatcher& dispatcher) {
    const Pipeline::Next next = pipeline.step(*log_.snapshot());
    check_published(pipeline.status());
    if (next.kind == Pipeline::Next::Kind::kDone) return true;
    if (next.kind == Pipeline::Next::Kind::kWait) {
      EXPECT_GT(next.wait_until_ns, now_ns_) << "it would wait without waiting";
      now_ns_ = std::max(now_ns_ + 1, std::min(next.wait_until_ns, dispatcher.next_ns()));
    }
    return false;
  }

  // What the rest of the world does meanwhile.
  void happen(const Pipeline& pipeline, std::uint64_t steps_left) {
    base::Prng& prng = faults_.prng;
    if (log_.lines.size() < lines_max_ && prng.chance(1, 3)) log_.append();
    if (prng.chance(1, 40)) log_.rotate();
    if (prng.chance(1, 120)) log_.add_lane();
    if (prng.chance(1, 30)) {
      const auto delivered = pipeline.status().delivered;
      if (delivered != nullptr) log_.retain(*delivered);
    }
    if (prng.chance(1, 60)) destination_.arrive();
    if (prng.chance(1, 80)) faults_.disk_full = !faults_.disk_full && prng.chance(1, 3);
    if (prng.chance(1, 80)) faults_.sink_stalls = !faults_.sink_stalls && prng.chance(1, 3);
    if (steps_left % 16 == 0) faults_.point();
  }

  void check_published(const shipper::PipelineStatus& status) {
    if (status.delivered == nullptr || status.delivered == seen_) return;
    seen_ = status.delivered;
    const Checkpoint& now = *status.delivered;
    EXPECT_EQ(now.lines, now.rows + now.filtered + now.dead_lettered);
    EXPECT_EQ(now.missing, 0U);
    EXPECT_GE(now.lines, published_.lines) << "the checkpoint went back";
    EXPECT_GE(now.batches, published_.batches);
    for (const auto& [lane, position] : published_.lanes) {
      const auto found = now.lanes.find(lane);
      if (found != now.lanes.end()) {
        EXPECT_GE(found->second, position) << "a lane went back";
      }
    }
    published_ = now;
    check_reached();
  }

  // All that lies before the checkpoint is somewhere, and it is as many lines as that says.
  void check_reached() {
    std::uint64_t lines = 0;
    std::uint64_t rows = 0;
    const std::map<std::uint64_t, int> letters = read_letters(published_.dead_letter_bytes);
    for (std::uint64_t number = 0; number < log_.lines.size(); ++number) {
      const LoggedLine& line = log_.lines[number];
      const auto lane = published_.lanes.find(line.segment.lane);
      const shipper::Position place{line.segment.index, line.offset};
      if (lane == published_.lanes.end() || place >= lane->second) continue;
      ++lines;
      const bool is_row = destination_.rows.contains(number);
      const bool is_letter = letters.contains(number);
      rows += is_letter ? 0U : 1U;
      EXPECT_TRUE(is_row || is_letter)
          << "line " << number << " is lost; kind " << static_cast<int>(destination_.kind)
          << ", letters: " << files_.content(kLetters);
      EXPECT_FALSE(is_row && is_letter) << "line " << number << " is a row and a dead letter";
    }
    EXPECT_EQ(lines, published_.lines);
    EXPECT_EQ(rows, published_.rows);
  }

  std::map<std::uint64_t, int> read_letters(std::uint64_t bytes) const {
    std::map<std::uint64_t, int> count;
    const std::string text = files_.content(kLetters).substr(0, bytes);
    EXPECT_EQ(text.size(), bytes) << "the dead letter file is shorter than the checkpoint says";
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const auto letter = shipper::parse_dead_letter(text.substr(at, end - at));
      EXPECT_TRUE(letter.ok());
      if (!letter) break;
      ++count[number_of(letter->line)];
      at = end + 1;
    }
    return count;
  }

  void check_end() {
    check_reached();
    EXPECT_EQ(published_.lines, log_.lines.size());
    EXPECT_TRUE(destination_.violations.empty()) << destination_.violations[0];
    const auto letters = read_letters(files_.content(kLetters).size());
    marks.letters += letters.size();
    for (const auto& [number, times] : letters) EXPECT_EQ(times, 1) << "letter of line " << number;
    for (std::uint64_t number = 0; number < log_.lines.size(); ++number) {
      const bool is_good = destination_.takes_lines || !log_.lines[number].is_bad;
      const bool is_row = is_good && destination_.rows_max > 0 && !destination_.is_refused(number);
      const auto row = destination_.rows.find(number);
      EXPECT_EQ(row != destination_.rows.end(), is_row) << "line " << number;
      EXPECT_EQ(letters.contains(number), !is_row) << "line " << number;
      if (is_row && destination_.kind != Kind::kAtLeastOnce) {
        EXPECT_EQ(row->second, 1) << "line " << number << " is there twice";
      }
    }
  }

  static void count(const shipper::PipelineStatus& status, const shipper::Journal& journal,
                    const SimulatedDispatcher& dispatcher) {
    marks.splits += status.splits;
    marks.rows_refused += status.rows_refused;
    marks.concurrent += dispatcher.most > 1 ? 1U : 0U;
    marks.generations += journal.generation() > 2 ? 1U : 0U;
    marks.resent += status.unresolved_intents;
  }

  static constexpr const char* kLetters = "/state/dead_letters.jsonl";
  Faults faults_;
  SimulatedFiles files_;
  SimulatedLog log_;
  SimulatedDestination destination_;
  shipper::PipelineOptions options_;
  std::uint64_t generation_bytes_ = 0;
  std::uint64_t lines_max_ = 0;
  bool loses_power_ = false;
  std::uint64_t now_ns_ = 1'000'000'000'000;
  std::shared_ptr<const Checkpoint> seen_;
  Checkpoint published_;
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(ShipperSimulation, InvariantsHoldForEverySeed) {
  const std::uint64_t only = from_environment("PIXEL_SIM_SEED", 0);
  const std::uint64_t seeds = from_environment("PIXEL_SIM_SEEDS", 3'000);
  const std::uint64_t first = from_environment("PIXEL_SIM_FIRST_SEED", 1);
  const std::uint64_t fresh = base::realtime_ns() % 1'000'000'007;
  for (std::uint64_t i = 0; i <= seeds; ++i) {
    const std::uint64_t seed = only != 0 ? only : (i == seeds ? fresh : first + i);
    Simulation simulation(seed);
    simulation.run();
    if (HasFailure()) GTEST_FAIL() << "failed with PIXEL_SIM_SEED=" << seed;
    if (only != 0) return;
  }
  RecordProperty("lives", std::to_string(marks.lives));
  fmt::print(
      "{} lives, {} power losses, {} lines, {} letters, {} splits, {} rows refused, {} lives with "
      "batches side by side, {} with young generations\n",
      marks.lives, marks.power_losses, marks.lines, marks.letters, marks.splits, marks.rows_refused,
      marks.concurrent, marks.generations);
}

}  // namespace
}  // namespace pixel::sim
