// SPDX-License-Identifier: Apache-2.0
// Full disks, on small real file systems: lines are refused, never lost; no signal, no crash; all
// goes on when space returns. Needs root (mount); says so and skips otherwise.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "edge/log/recovery.h"
#include "tests/unit/edge/log/log_fixture.h"

namespace pixel::edge {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

// A file system of `mebibytes`, mounted in a folder of its own while this lives.
class SmallDisk {
 public:
  SmallDisk(const std::string& type, int mebibytes) {
    if (type == "tmpfs") {
      const std::string data = "size=" + std::to_string(mebibytes) + "m";
      mounted_ = ::mount("none", path().c_str(), "tmpfs", 0, data.c_str()) == 0;
      if (!mounted_) why_not_ = std::string("mount tmpfs: ") + std::strerror(errno);
    } else {
      mount_image(type, mebibytes);
    }
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  fs::path path() const { return mount_point_.path(); }
  const std::string& why_not() const { return why_not_; }

 private:
  void mount_image(const std::string& type, int mebibytes) {
    const std::string image = (image_folder_.path() / "image").string();
    const std::string commands = "truncate -s " + std::to_string(mebibytes) + "M " + image +
                                 " && mkfs." + type + " -q -F -b 4096 -m 0 -O ^has_journal " +
                                 image + " && mount -o loop " + image + " " + path().string();
    mounted_ = std::system(("(" + commands + ") >/dev/null 2>&1").c_str()) == 0;
    if (!mounted_) why_not_ = "mkfs." + type + " or mount -o loop did not work here";
  }

  TempFolder image_folder_;
  TempFolder mount_point_;
  bool mounted_ = false;
  std::string why_not_;
};

// Takes all space there is; gives it back on destruction.
class Ballast {
 public:
  Ballast(fs::path path, std::uint64_t bytes) : path_(std::move(path)) {
    const std::string block(64 * 1024, 'b');
    const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    for (std::uint64_t done = 0; done < bytes; done += block.size()) {
      if (::write(fd, block.data(), block.size()) <= 0) break;
    }
    ::close(fd);
  }
  ~Ballast() { ::unlink(path_.c_str()); }
  Ballast(const Ballast&) = delete;
  Ballast& operator=(const Ballast&) = delete;

 private:
  fs::path path_;
};

class FullDisk : public ::testing::TestWithParam<const char*> {
 protected:
  FullDisk() : disk_(GetParam(), 16) {}
  void SetUp() override {
    if (!disk_.why_not().empty()) GTEST_SKIP() << "needs root and mount: " << disk_.why_not();
  }
  SmallDisk disk_;
};

// Gives the fixture's steps to a test of another fixture.
struct Life : public LogTest {
  explicit Life(const fs::path& root) : LogTest(root) {
    make_life(1);
    make_keeper();
  }
  void TestBody() override {}
  using LogTest::keeper_;
  using LogTest::lane;
  using LogTest::spool_;

  // Until there is no place and none comes for a while.
  std::uint64_t write_until_refused() {
    std::uint64_t written = 0;
    for (int refused = 0; refused < 100;) {
      if (lane().write(kNoon, 900)) {
        ++written;
        refused = 0;
      } else {
        ++refused;
        ::usleep(2000);
      }
    }
    return written;
  }
};

void expect_unbroken(const Spool& spool, std::uint64_t lines) {
  std::uint64_t next = 0;
  for (const SealedSegment& sealed : read_sealed(spool)) {
    EXPECT_EQ(sealed.manifest.first_sequence, next);
    next = sealed.manifest.last_sequence + 1;
  }
  EXPECT_EQ(next, lines);
}

TEST_P(FullDisk, RefusesLinesAndGoesOnWhenSpaceReturns) {
  Life life(disk_.path());
  std::uint64_t written = 0;
  {
    const Ballast ballast(disk_.path() / "ballast", 7 * kMiB);
    ASSERT_TRUE(life.keeper_->start().ok());
    life.lane().writer.tick(kNoon);
    written = life.write_until_refused();
    EXPECT_GT(written, 2000U);
    const KeeperStatus status = life.keeper_->status();
    EXPECT_FALSE(status.lanes[0].has_room);
    EXPECT_GT(status.allocate_errors, 0U);
    EXPECT_THAT(status.last_allocate_error, HasSubstr("No space left on device"));
    EXPECT_LT(status.free_bytes, kMiB + kReservedBytes);
    EXPECT_EQ(status.pretouch_errors, 0U);
    EXPECT_EQ(status.seal_errors, 0U);  // The reserve has place for manifests.
  }
  EXPECT_TRUE(eventually([&] { return life.keeper_->status().lanes[0].has_room; }));
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(eventually([&] { return life.lane().write(kNoon, 900); }));
  }
  life.lane().writer.finish();
  life.keeper_->stop();
  expect_unbroken(life.spool_, written + 100);
}

TEST_P(FullDisk, StartsWithoutPlaceAndServesOnceThereIsSome) {
  Life life(disk_.path());
  {
    const Ballast ballast(disk_.path() / "ballast", 64 * kMiB);
    ASSERT_TRUE(life.keeper_->start().ok());  // Not fatal: it may pass.
    life.lane().writer.tick(kNoon);
    EXPECT_FALSE(life.lane().write(kNoon));
    EXPECT_FALSE(life.keeper_->status().lanes[0].has_room);
  }
  EXPECT_TRUE(eventually([&] { return life.lane().write(kNoon); }));
  life.lane().writer.finish();
  life.keeper_->stop();
  expect_unbroken(life.spool_, 1);
}

TEST_P(FullDisk, SealsByTryingAgainWhenEvenTheReserveIsGone) {
  Life life(disk_.path());
  ASSERT_TRUE(life.keeper_->start().ok());
  life.lane().writer.tick(kNoon);
  // A segment that frees nothing when it is cut.
  while (life.lane().writer.next_sequence() < 1050) ASSERT_TRUE(life.lane().write(kNoon, 700));
  {
    const Ballast ballast(disk_.path() / "ballast", 64 * kMiB);
    ASSERT_TRUE(eventually([&] {
      return life.lane().write(kNoon, 700) && life.keeper_->status().seal_errors > 0;
    })) << "the disk was not full enough";
    EXPECT_THAT(life.keeper_->status().last_seal_error, HasSubstr("No space left on device"));
  }
  EXPECT_TRUE(eventually([&] { return life.keeper_->status().sealed_segments > 0; }));
  const std::uint64_t lines = life.lane().writer.next_sequence();
  life.lane().writer.finish();
  life.keeper_->stop();
  EXPECT_EQ(life.keeper_->status().abandoned_segments, 0U);
  expect_unbroken(life.spool_, lines);
}

TEST_P(FullDisk, RecoversOnAFullDisk) {
  const Spool spool{disk_.path()};
  ASSERT_TRUE(create_spool(spool).ok());
  const logfmt::LaneId lane{logfmt::SegmentKind::kAccess, kNode, kBoot, 0};
  std::string text(logfmt::kAccessHeader);
  std::uint64_t lines = 0;
  while (lines < 100) text += make_line(lane, lines++, kNoon) + "\n";
  const auto put = [&](std::uint32_t index, const std::string& bytes) {
    const fs::path path = spool.active() / logfmt::active_file_name({lane, index});
    ASSERT_TRUE(base::write_file_atomic(path, bytes).ok());
  };
  put(0, text);  // Cutting it frees nothing; the standby segments do.
  put(1, std::string(kMiB, '\0'));
  put(2, std::string(kMiB, '\0'));
  const Ballast ballast(disk_.path() / "ballast", 64 * kMiB);
  const auto report = recover_spool({spool, "TEST", &cipher(), {}});
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_EQ(report->discarded_segments, 2U);
  expect_unbroken(spool, lines);
}

INSTANTIATE_TEST_SUITE_P(FileSystems, FullDisk, ::testing::Values("tmpfs", "ext4"),
                         [](const auto& which) { return std::string(which.param); });

}  // namespace
}  // namespace pixel::edge
