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
  /// Three batches over two hours, then merging until nothing is left to merge.
  void scenario() {
    auto sink = make_sink();
    auto checkpoint = sink->open();
    if (!checkpoint) ::_exit(3);
    for (int batch = 0; batch < 3; ++batch) {
      const std::uint64_t next = checkpoint->rows + static_cast<std::uint64_t>(batch) * 10;
      if (deliver_numbered(*sink, next, 10, 3).kind != Verdict::Kind::kAcked) ::_exit(3);
    }
    settle(*sink);
    sink->close();
  }

  /// Runs the scenario in a child that ends at the `stop`-th step. False when it came to its end.
  bool stopped_at(int stop) {
    const pid_t child = ::fork();
    if (child == 0) {
      int seen = 0;
      settings_.at_step = [&](std::string_view) {
        if (seen++ == stop) ::_exit(9);
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
  settings_.merge_files = 3;
  std::vector<std::string> steps;
  settings_.at_step = [&](std::string_view name) { steps.emplace_back(name); };
  scenario();
  EXPECT_THAT(steps,
              IsSupersetOf({"file staged", "staging synced", "previous record kept", "committed",
                            "partition made", "file renamed", "partition synced", "applied",
                            "merge staged", "swap built", "swapped", "replaced files removed"}));
}

TEST_F(LakeCrashTest, KilledAtEveryStep) {
  settings_.merge_files = 3;
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
  EXPECT_GT(stop, 40);
  EXPECT_EQ(check(), held + 30);
}

TEST_F(LakeCrashTest, KilledAtEveryStepWithoutFolderSwaps) {
  settings_.merge_files = 3;
  for (const char* hour : {"18", "19"}) {
    std::filesystem::create_directories(settings_.path / "requests/date=2026-11-20" /
                                        (std::string("hour=") + hour) / "sub");
  }
  int stop = 0;
  while (stopped_at(stop)) {
    SCOPED_TRACE(stop);
    check();
    ++stop;
    ASSERT_LT(stop, 300);
  }
  EXPECT_GT(stop, 40);
  EXPECT_GT(check(), 0U);
}

TEST_F(LakeCrashTest, KilledAtAnyMoment) {
  base::Prng prng(20'261'121);
  std::uint64_t held = 0;
  for (int round = 0; round < 30; ++round) {
    testing::kill_while(
        [&](auto ready) {
          auto sink = make_sink();
          auto checkpoint = sink->open();
          if (!checkpoint) ::_exit(1);
          ready();
          for (std::uint64_t next = checkpoint->rows;;) {
            const std::uint64_t count = 1 + prng.below(300);
            if (deliver_numbered(*sink, next, count, 5).kind != Verdict::Kind::kAcked) ::_exit(1);
            next += count;
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
