// SPDX-License-Identifier: Apache-2.0
// The control page: layout in the file, ownership by lock, and files that are none.
#include "logfmt/control_page.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "base/file.h"

namespace pixel::logfmt {
namespace {

namespace fs = std::filesystem;

class ControlPageTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "control_page.XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ / "0001-673F3C2A.control";
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write_file(const std::string& bytes) {
    // Without base::write_file_atomic's fsync: it is called for every cut.
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }
  std::string open_error() {
    const auto page = ControlPage::open(path_);
    return page ? std::string("no error") : page.error().message;
  }

  fs::path folder_;
  fs::path path_;
};

TEST_F(ControlPageTest, WhatIsStoredIsSeen) {
  auto made = ControlPage::create(path_, 1, 0x673F3C2A, 3);
  ASSERT_TRUE(made.ok()) << made.error().message;
  ControlPage page = std::move(made).value();
  ControlSlot& slot = page.slot(2);
  slot.segment_index.store(7);
  slot.position.store(123'456, std::memory_order_release);
  slot.lines.store(99);
  slot.answers.store(98);
  slot.unlogged.store(1);
  slot.refused.store(2);
  slot.heartbeat_ns.store(3);

  auto opened = ControlPage::open(path_);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened->header().node, 1);
  EXPECT_EQ(opened->header().boot, 0x673F3C2AU);
  EXPECT_EQ(opened->header().worker_count, 3);
  EXPECT_EQ(opened->header().version, kControlVersion);
  EXPECT_EQ(opened->header().lanes_per_worker, 1);
  EXPECT_EQ(opened->header().pid, static_cast<std::uint32_t>(::getpid()));
  EXPECT_GT(opened->header().started_at, 1'700'000'000);
  ASSERT_EQ(opened->slots().size(), 3U);
  EXPECT_EQ(opened->slots()[0].position.load(), 0U);
  EXPECT_EQ(opened->slots()[2].segment_index.load(), 7U);
  EXPECT_EQ(opened->slots()[2].position.load(std::memory_order_acquire), 123'456U);
  slot.position.store(123'999, std::memory_order_release);
  EXPECT_EQ(opened->slots()[2].position.load(std::memory_order_acquire), 123'999U)
      << "it is shared";
}

TEST_F(ControlPageTest, LayoutOfTheFile) {
  auto page = ControlPage::create(path_, 0x0102, 0x673F3C2A, 2);
  ASSERT_TRUE(page.ok());
  page->slot(1).position.store(0x1122334455667788);
  const auto bytes = base::read_file(path_);
  ASSERT_TRUE(bytes.ok());
  ASSERT_EQ(bytes->size(), 128U * 3);
  EXPECT_EQ(bytes->substr(0, 8), "PIXCTL01");
  EXPECT_EQ(bytes->substr(8, 4), std::string("\x02\0\0\0", 4));
  EXPECT_EQ(bytes->substr(12, 4), std::string("\x2A\x3C\x3F\x67", 4));
  EXPECT_EQ(bytes->substr(16, 2), std::string("\x02\x01", 2));
  EXPECT_EQ(bytes->substr(18, 2), std::string("\x02\0", 2));
  EXPECT_EQ(bytes->substr(32, 4), std::string("\x01\0\0\0", 4));
  EXPECT_EQ(bytes->substr(256 + 8, 8), "\x88\x77\x66\x55\x44\x33\x22\x11");
}

TEST_F(ControlPageTest, EventsLanesComeAfterTheAccessLanes) {
  auto page = ControlPage::create(path_, 1, 9, 3, 2);
  ASSERT_TRUE(page.ok()) << page.error().message;
  page->slot(SegmentKind::kAccess, 1).lines.store(11);
  page->slot(SegmentKind::kEvents, 1).lines.store(22);
  EXPECT_EQ(&page->slot(1), &page->slot(SegmentKind::kAccess, 1));
  const auto bytes = base::read_file(path_);
  ASSERT_EQ(bytes->size(), 128U * 7);
  EXPECT_EQ(bytes->substr(32, 2), std::string("\x02\0", 2));
  EXPECT_EQ((*bytes)[128 * 2 + 16], 11);
  EXPECT_EQ((*bytes)[128 * 5 + 16], 22);

  const auto opened = ControlPage::open(path_);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened->slots().size(), 3U);
  EXPECT_EQ(opened->slots(SegmentKind::kEvents).size(), 3U);
  const auto lines_of = [&](const LaneId& lane) -> std::int64_t {
    const ControlSlot* const slot = opened->find_slot(lane);
    return slot == nullptr ? -1 : static_cast<std::int64_t>(slot->lines.load());
  };
  EXPECT_EQ(lines_of({SegmentKind::kAccess, 1, 9, 1}), 11);
  EXPECT_EQ(lines_of({SegmentKind::kEvents, 1, 9, 1}), 22);
  EXPECT_EQ(lines_of({SegmentKind::kEvents, 1, 9, 2}), 0);
  EXPECT_EQ(lines_of({SegmentKind::kEvents, 1, 9, 3}), -1) << "no such worker";
  EXPECT_EQ(lines_of({SegmentKind::kAccess, 1, 8, 1}), -1) << "another boot";
  EXPECT_EQ(lines_of({SegmentKind::kAccess, 2, 9, 1}), -1) << "another node";
}

TEST_F(ControlPageTest, APageWithoutEventsLanesHasNoSlotsForThem) {
  const auto page = ControlPage::create(path_, 1, 9, 3);
  ASSERT_TRUE(page.ok());
  EXPECT_TRUE(page->slots(SegmentKind::kEvents).empty());
  EXPECT_EQ(page->find_slot({SegmentKind::kEvents, 1, 9, 0}), nullptr);
}

// As the program before this one wrote it.
TEST_F(ControlPageTest, ReadsVersionOne) {
  { ASSERT_TRUE(ControlPage::create(path_, 1, 9, 2).ok()); }
  std::string bytes = *base::read_file(path_);
  bytes[8] = 1;
  bytes[32] = 0;
  bytes[128 * 2 + 16] = 5;
  write_file(bytes);
  const auto page = ControlPage::open(path_);
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_EQ(page->slots().size(), 2U);
  EXPECT_EQ(page->slots()[1].lines.load(), 5U);
  EXPECT_TRUE(page->slots(SegmentKind::kEvents).empty());
}

TEST_F(ControlPageTest, NeverReplacesAFile) {
  write_file("somebody's");
  const auto page = ControlPage::create(path_, 1, 1, 1);
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().message, "cannot create " + path_.string() + ": File exists");
  EXPECT_EQ(*base::read_file(path_), "somebody's");
}

TEST_F(ControlPageTest, OwnerIsGoneWhenItsPageIsClosed) {
  std::optional<ControlPage> owner(ControlPage::create(path_, 1, 1, 1).value());
  const auto reader = ControlPage::open(path_);
  const auto second = ControlPage::open(path_);
  ASSERT_TRUE(reader.ok() && second.ok());
  EXPECT_FALSE(reader->owner_is_gone());
  EXPECT_FALSE(second->owner_is_gone());
  ControlPage moved = std::move(*owner);
  owner.reset();
  EXPECT_FALSE(reader->owner_is_gone()) << "the lock moves with the page";
  { const ControlPage ended = std::move(moved); }
  EXPECT_TRUE(reader->owner_is_gone());
  EXPECT_TRUE(second->owner_is_gone()) << "asking leaves no lock behind";
}

TEST_F(ControlPageTest, OwnerIsGoneWhenKilled) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto page = ControlPage::create(path_, 1, 1, 1);
    if (page) page->slot(0).lines.store(42);
    const char sign = page ? 'y' : 'n';
    if (::write(ready[1], &sign, 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char sign = 0;
  ASSERT_EQ(::read(ready[0], &sign, 1), 1);
  ASSERT_EQ(sign, 'y');
  const auto reader = ControlPage::open(path_);
  ASSERT_TRUE(reader.ok());
  EXPECT_FALSE(reader->owner_is_gone());
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(reader->owner_is_gone());
  EXPECT_EQ(reader->slots()[0].lines.load(), 42U) << "what was stored outlives the process";
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(ControlPageTest, FilesThatAreNoControlPage) {
  EXPECT_EQ(open_error(), "cannot open " + path_.string() + ": No such file or directory");
  const std::string name = path_.string() + " is not a control page: ";
  write_file("");
  EXPECT_EQ(open_error(), name + "it has 0 bytes");
  write_file(std::string(255, '\0'));
  EXPECT_EQ(open_error(), name + "it has 255 bytes");
  write_file(std::string(256, '\0'));
  EXPECT_EQ(open_error(), name + "its magic number is another");
  write_file(std::string(128 * 131'072, '\0'));
  EXPECT_EQ(open_error(), name + "it has 16777216 bytes");
  fs::remove(path_);
  fs::create_directory(path_);
  EXPECT_EQ(open_error(), name + "not a regular file");
}

TEST_F(ControlPageTest, CorruptHeaders) {
  { ASSERT_TRUE(ControlPage::create(path_, 1, 1, 2).ok()); }
  const std::string good = *base::read_file(path_);
  const std::string name = path_.string() + " is not a control page: ";
  const auto error_with = [&](std::size_t at, char byte) {
    std::string bytes = good;
    bytes[at] = byte;
    write_file(bytes);
    return open_error();
  };
  EXPECT_EQ(error_with(0, 'X'), name + "its magic number is another");
  EXPECT_EQ(error_with(8, 3), name + "format version 3, this program reads 1 to 2");
  EXPECT_EQ(error_with(8, 0), name + "format version 0, this program reads 1 to 2");
  EXPECT_EQ(error_with(18, 0), name + "384 bytes do not fit 0 workers with 1 lanes");
  EXPECT_EQ(error_with(18, 3), name + "384 bytes do not fit 3 workers with 1 lanes");
  EXPECT_EQ(error_with(32, 0), name + "384 bytes do not fit 2 workers with 0 lanes");
  EXPECT_EQ(error_with(32, 2), name + "384 bytes do not fit 2 workers with 2 lanes");
  EXPECT_EQ(error_with(32, 3), name + "384 bytes do not fit 2 workers with 3 lanes");
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes) {
    write_file(good.substr(0, bytes));
    EXPECT_NE(open_error(), "no error") << bytes;
  }
  write_file(good + '\0');
  EXPECT_EQ(open_error(), name + "385 bytes do not fit 2 workers with 1 lanes");
}

// Invariant 2, seen through a mapping of its own while a worker counts.
TEST_F(ControlPageTest, ReadersNeverSeeMoreAnswersThanLines) {
  auto page = ControlPage::create(path_, 1, 1, 1);
  const auto reader = ControlPage::open(path_);
  ASSERT_TRUE(page.ok() && reader.ok());
  std::thread worker([&] {
    ControlSlot& slot = page->slot(0);
    for (std::uint64_t i = 1; i <= 50'000; ++i) {
      slot.lines.store(i, std::memory_order_release);
      slot.answers.store(i, std::memory_order_release);
    }
  });
  const ControlSlot& slot = reader->slots()[0];
  std::uint64_t answers = 0;
  while (answers < 50'000) {
    answers = slot.answers.load(std::memory_order_acquire);
    ASSERT_LE(answers, slot.lines.load(std::memory_order_acquire));
  }
  worker.join();
}

}  // namespace
}  // namespace pixel::logfmt
