// SPDX-License-Identifier: Apache-2.0
// Killed at every named step of delivering and merging, and at random: after the next open() the
// checkpoint and the rows that a glob sees agree, each row once.
#include <fcntl.h>

#include "tests/unit/shipper/sinks/lake/lake_fixture.h"

namespace pixel::shipper {
namespace {

using testing::deliver_numbered;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

class LakeCrashTest : public testing::LakeTest {
 protected:
  /// Two batches, one over two hours, then merging until nothing is left to merge.
  void scenario() {
    auto sink = make_sink();
    auto checkpoint = sink->open();
    if (!checkpoint) ::_exit(3);
    std::uint64_t delivered = checkpoint->rows;
    for (const std::uint64_t hour_every : {3U, 0U}) {
      const auto verdict = deliver_numbered(*sink, delivered, 10, hour_every);
      if (verdict.kind != Verdict::Kind::kAcked) ::_exit(3);
      delivered += 10;
    }
    settle(*sink);
    sink->close();
  }

  /// Runs the scenario in a child that ends at the `stop`-th step whose name begins with `prefix`.
  /// False when it came to its end.
  bool stopped_at(int stop, std::string_view prefix = "") {
    const pid_t child = ::fork();
    if (child == 0) {
      int seen = 0;
      settings_.at_step = [&](std::string_view name) {
        if (name.starts_with(prefix) && seen++ == stop) ::_exit(9);
      };
      scenario();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_NE(WEXITSTATUS(status), 3);
    return WEXITSTATUS(status) == 9;
  }

  /// Opens the lake, checks it, and returns the rows that it holds.
  std::uint64_t check() {
    settings_.at_step = nullptr;
    auto sink = make_sink();
    auto checkpoint = sink->open();
    EXPECT_TRUE(checkpoint) << checkpoint.error().message;
    if (!checkpoint) return 0;
    const std::string rows = std::to_string(checkpoint->rows);
    EXPECT_THAT(counts(), ElementsAre(rows, rows, rows));
    EXPECT_EQ(staged_count(), 0U);
    sink->close();
    return checkpoint->rows;
  }
};

TEST_F(LakeCrashTest, EveryStepHasAName) {
  settings_.merge_files = 2;
  std::vector<std::string> steps;
  settings_.at_step = [&](std::string_view name) { steps.emplace_back(name); };
  scenario();
  EXPECT_THAT(steps,
              IsSupersetOf({"file staged", "staging synced", "previous record kept", "committed",
                            "partition made", "file renamed", "partition synced", "applied",
                            "merge staged", "swap built", "swapped", "replaced files removed"}));
}

TEST_F(LakeCrashTest, KilledAtEveryStep) {
  settings_.merge_files = 2;
  std::uint64_t held = 0;
  int stop = 0;
  while (stopped_at(stop)) {
    SCOPED_TRACE(stop);
    const std::uint64_t rows = check();
    ASSERT_GE(rows, held);
    held = rows;
    ++stop;
    ASSERT_LT(stop, 300);
  }
  EXPECT_GT(stop, 18);
  EXPECT_EQ(check(), held + 20);
}

TEST_F(LakeCrashTest, KilledAtEveryStepWithoutFolderSwaps) {
  settings_.merge_files = 2;
  for (const char* hour : {"18", "19"}) {
    std::filesystem::create_directories(settings_.path / "requests/date=2026-11-20" /
                                        (std::string("hour=") + hour) / "sub");
  }
  // The steps that differ from the sweep above.
  int stop = 0;
  for (; stop < 300 && stopped_at(stop, "replaced file removed"); ++stop) {
    SCOPED_TRACE(stop);
    check();
  }
  EXPECT_GE(stop, 4);
  EXPECT_GT(check(), 0U);
}

TEST_F(LakeCrashTest, KilledAtAnyMoment) {
  base::Prng prng(20'261'121);
  std::uint64_t held = 0;
  for (int round = 0; round < testing::kCrashRounds; ++round) {
    testing::kill_while(
        [&](auto ready) {
          auto sink = make_sink();
          auto checkpoint = sink->open();
          if (!checkpoint) ::_exit(1);
          for (std::uint64_t next = checkpoint->rows;;) {
            const std::uint64_t count = 1 + prng.below(300);
            if (deliver_numbered(*sink, next, count, 5).kind != Verdict::Kind::kAcked) ::_exit(1);
            next += count;
            ready();
            sink->maintain();
          }
        },
        prng, 80'000);
    const std::uint64_t rows = check();
    ASSERT_GE(rows, held);
    held = rows;
  }
  EXPECT_GT(held, 0U);
}

}  // namespace
}  // namespace pixel::shipper
