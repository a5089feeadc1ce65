// SPDX-License-Identifier: Apache-2.0
// A process that appends with keeper and sealer running is killed with SIGKILL at a random moment:
// every acknowledged line is in sealed/ after recovery, once, whole, in order.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "base/prng.h"
#include "edge/log/line_facts.h"
#include "edge/log/recovery.h"
#include "logfmt/line_decode.h"
#include "tests/unit/edge/log/log_fixture.h"

namespace pixel::edge {
namespace {

// Lines whose answers would have been given; outlives the child.
class Acknowledged {
 public:
  Acknowledged() {
    void* const memory =
        ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(memory, MAP_FAILED);
    count_ = new (memory) std::atomic<std::uint64_t>(0);
  }
  ~Acknowledged() { ::munmap(count_, 4096); }
  Acknowledged(const Acknowledged&) = delete;
  Acknowledged& operator=(const Acknowledged&) = delete;
  std::atomic<std::uint64_t>& count() { return *count_; }

 private:
  std::atomic<std::uint64_t>* count_;
};

class CrashTest : public LogTest {
 protected:
  // The child: batches of lines, then their acknowledgement, for ever.
  [[noreturn]] void append_for_ever(std::atomic<std::uint64_t>& acknowledged) {
    make_life(1);
    make_keeper();
    if (!keeper_->start().ok()) ::_exit(4);
    base::Prng prng(acknowledged.load() + static_cast<std::uint64_t>(::getpid()));
    std::int64_t now = kNoon;
    while (true) {
      const std::uint64_t batch = 1 + prng.below(16);
      for (std::uint64_t i = 0; i < batch; ++i) lane().write(now, prng.below(1200));
      acknowledged.store(lane().writer.next_sequence(), std::memory_order_release);
      if (prng.chance(1, 200)) now += 61;
      lane().writer.tick(now);
    }
  }

  // What sealed/ holds must be the sequence 0, 1, 2, ... without gap; returns its length.
  std::uint64_t check_sealed() {
    std::uint64_t next = 0;
    for (const SealedSegment& sealed : read_sealed(spool_)) {
      EXPECT_EQ(sealed.manifest.first_sequence, next);
      logfmt::LineTable table;
      table.decode(sealed.text);
      EXPECT_EQ(table.bad_lines().size(), 0U);
      EXPECT_EQ(table.lines().size(), sealed.manifest.lines);
      for (const logfmt::LineRef& line : table.lines()) {
        const auto id = cipher().decode(table.field(line, logfmt::Field::kRequestId));
        if (!id || id->sequence != next) {
          ADD_FAILURE() << "expected sequence " << next;
          return next;
        }
        ++next;
      }
    }
    return next;
  }
};

TEST_F(CrashTest, KilledAnywhereLosesNoAcknowledgedLine) {
  base::Prng prng(20261120);
  std::uint64_t lines = 0;
  for (int kill = 0; kill < 25; ++kill) {
    std::filesystem::remove_all(spool_.root);
    Acknowledged acknowledged;
    const pid_t child = ::fork();
    if (child == 0) append_for_ever(acknowledged.count());
    while (acknowledged.count().load() == 0) ::usleep(100);
    ::usleep(static_cast<useconds_t>(prng.below(15'000)));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    const auto report = recover_spool({spool_, "TEST", &cipher(), {}});
    ASSERT_TRUE(report.ok());
    EXPECT_THAT(report->problems, ::testing::IsEmpty());
    const std::uint64_t found = check_sealed();
    EXPECT_GE(found, acknowledged.count().load()) << "lost lines, kill " << kill;
    EXPECT_TRUE(names_in(spool_.active()).empty());
    lines += found;
  }
  RecordProperty("lines", std::to_string(lines));
  EXPECT_GT(lines, 1000U);
}

}  // namespace
}  // namespace pixel::edge
