// SPDX-License-Identifier: Apache-2.0
// What a dead process left: sealed, cut, filled, booked; the living and the foreign left alone; and
// killed at every step, the end is the same.
#include "edge/log/recovery.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "edge/log/books.h"
#include "edge/log/seal.h"
#include "edge/log/segment_file.h"
#include "tests/unit/edge/log/log_fixture.h"

namespace pixel::edge {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace fs = std::filesystem;

constexpr logfmt::LaneId kLane{logfmt::SegmentKind::kAccess, kNode, kBoot, 0};
constexpr std::size_t kSegmentBytes = 64 * 1024;

// Header and lines [first, first + count).
std::string text_of(std::uint64_t first, std::uint64_t count, const logfmt::LaneId& lane = kLane) {
  std::string text(logfmt::kAccessHeader);
  for (std::uint64_t i = 0; i < count; ++i) text += make_line(lane, first + i, kNoon) + "\n";
  return text;
}

std::string padded(std::string text) {
  text.resize(kSegmentBytes, '\0');
  return text;
}

struct RecoveryTest : public ::testing::Test {
  RecoveryTest() { EXPECT_TRUE(create_spool(spool).ok()); }

  void put(std::uint32_t index, const std::string& text, const logfmt::LaneId& lane = kLane) const {
    const fs::path path = spool.active() / logfmt::active_file_name({lane, index});
    ASSERT_TRUE(base::write_file_atomic(path, text).ok());
  }
  // A control page whose owner is gone as soon as this returns.
  void put_page(std::uint64_t lines, std::uint64_t answers) const {
    auto page = make_page();
    page.slot(0).lines.store(lines);
    page.slot(0).answers.store(answers);
  }
  logfmt::ControlPage make_page() const {
    auto page = logfmt::ControlPage::create(page_path(), kNode, kBoot, 1);
    EXPECT_TRUE(page.ok());
    return std::move(page).value();
  }
  fs::path page_path() const { return spool.active() / logfmt::control_file_name(kNode, kBoot); }
  fs::path ledger_path() const {
    return spool.sealed() / logfmt::boot_ledger_file_name(kNode, kBoot);
  }
  RecoveryOptions options() const { return {spool, "TEST", &cipher(), {}}; }
  RecoveryReport recover() const {
    auto report = recover_spool(options());
    EXPECT_TRUE(report.ok());
    return *report;
  }

  TempFolder folder;
  Spool spool{folder.path()};
};

TEST_F(RecoveryTest, AnEmptySpoolHasNothingToDo) {
  const RecoveryReport report = recover();
  EXPECT_EQ(report.sealed_segments + report.discarded_segments + report.boots, 0U);
  EXPECT_THAT(report.problems, IsEmpty());
}

TEST_F(RecoveryTest, SealsWholeLinesAndCutsTheTorn) {
  put_page(4, 3);
  put(0, padded(text_of(0, 4) + make_line(kLane, 4, kNoon).substr(0, 50)));
  put(1, padded(std::string(logfmt::kAccessHeader)));
  put(2, padded(""));
  const RecoveryReport report = recover();
  EXPECT_EQ(report.sealed_segments, 1U);
  EXPECT_EQ(report.discarded_segments, 2U);
  EXPECT_EQ(report.lines, 4U);
  EXPECT_EQ(report.torn_tail_bytes, 50U);
  EXPECT_EQ(report.boots, 1U);
  EXPECT_THAT(report.problems, IsEmpty());
  const auto sealed = read_sealed(spool);
  ASSERT_THAT(sealed, SizeIs(1));
  EXPECT_EQ(sealed[0].text, text_of(0, 4));
  EXPECT_EQ(sealed[0].manifest.reason, logfmt::SealReason::kRecovered);
  EXPECT_EQ(sealed[0].manifest.torn_tail_bytes, 50U);
  EXPECT_EQ(sealed[0].manifest.last_sequence, 3U);
  EXPECT_TRUE(sealed[0].manifest.file.starts_with("TEST.2026-11-20-12."));
  EXPECT_THAT(names_in(spool.active()), IsEmpty());
  const auto ledger = logfmt::parse_boot_ledger(*base::read_file(ledger_path()));
  ASSERT_TRUE(ledger.ok());
  EXPECT_EQ(ledger->lines, 4U);
  EXPECT_EQ(ledger->answers, 3U);
  EXPECT_FALSE(ledger->clean);
}

// After a power loss: a page missing inside, with the lines cut on both sides of it.
std::string with_hole(std::uint64_t* hole_lines) {
  std::string text = text_of(10, 60);
  std::fill(text.begin() + 4096, text.begin() + 8192, '\0');
  *hole_lines = 0;
  return text;
}

TEST_F(RecoveryTest, FillsHolesAndDecodesTheSequenceBeyondThem) {
  std::uint64_t lost = 0;
  put(3, padded(with_hole(&lost)));
  const RecoveryReport report = recover();
  EXPECT_EQ(report.holes, 1U);
  EXPECT_GE(report.hole_bytes, 4096U);
  const auto sealed = read_sealed(spool);
  ASSERT_THAT(sealed, SizeIs(1));
  EXPECT_EQ(sealed[0].manifest.holes, 1U);
  EXPECT_EQ(sealed[0].manifest.first_sequence, 10U);
  EXPECT_EQ(sealed[0].manifest.last_sequence, 69U);
  EXPECT_LT(sealed[0].manifest.lines, 60U);
  EXPECT_EQ(sealed[0].text.size(), text_of(10, 60).size());
}

TEST_F(RecoveryTest, WithoutAReadableIdTheSequenceFollowsTheEarlierSegments) {
  logfmt::LaneId other = kLane;
  other.boot = 99;  // The ids inside say another boot.
  put(4, padded(text_of(0, 5)));
  put(5, padded(text_of(0, 3, other)));
  recover();
  const auto sealed = read_sealed(spool);
  ASSERT_THAT(sealed, SizeIs(2));
  EXPECT_EQ(sealed[1].manifest.first_sequence, 5U);
  EXPECT_EQ(sealed[1].manifest.last_sequence, 7U);
}

TEST_F(RecoveryTest, CompletesASealThatWasCutShortBeforeItsRename) {
  put(0, text_of(0, 3));
  logfmt::Manifest manifest;
  manifest.segment = {kLane, 0};
  manifest.lines = 3;
  manifest.last_sequence = 2;
  manifest.bytes = text_of(0, 3).size();
  manifest.xxh3_128 = base::hash128_hex(text_of(0, 3));
  manifest.reason = logfmt::SealReason::kAge;
  const fs::path path =
      sealed_path(spool, "TEST", kNoon, manifest.segment, logfmt::SealedName::Type::kManifest);
  manifest.file =
      sealed_path(spool, "TEST", kNoon, manifest.segment, logfmt::SealedName::Type::kData)
          .filename();
  ASSERT_TRUE(base::write_file_atomic(path, to_json(manifest)).ok());
  EXPECT_EQ(recover().sealed_segments, 1U);
  const auto sealed = read_sealed(spool);
  ASSERT_THAT(sealed, SizeIs(1));
  EXPECT_EQ(sealed[0].manifest.reason, logfmt::SealReason::kAge);
}

TEST_F(RecoveryTest, ReplacesAManifestThatDoesNotFit) {
  put(0, padded(text_of(0, 3)));
  const logfmt::SegmentId id{kLane, 0};
  const fs::path old_name =
      sealed_path(spool, "OLDNAME", kNoon, id, logfmt::SealedName::Type::kManifest);
  const fs::path path = sealed_path(spool, "TEST", kNoon, id, logfmt::SealedName::Type::kManifest);
  ASSERT_TRUE(base::write_file_atomic(old_name, "{}").ok());
  ASSERT_TRUE(base::write_file_atomic(path, "{}").ok());
  recover();
  EXPECT_THAT(read_sealed(spool), SizeIs(1));
  EXPECT_FALSE(fs::exists(old_name));
}

TEST_F(RecoveryTest, NeverTouchesTheFilesOfALivingOwner) {
  const auto page = make_page();
  put(0, padded(text_of(0, 3)));
  const std::string ours =
      "TEST.2026-11-20-12." + logfmt::to_text(logfmt::SegmentId{kLane, 9}) + ".manifest.tmp";
  ASSERT_TRUE(base::write_file_atomic(spool.sealed() / ours, "x").ok());
  const RecoveryReport report = recover();
  EXPECT_EQ(report.sealed_segments + report.discarded_segments + report.boots, 0U);
  EXPECT_EQ(base::read_file(spool.active() / logfmt::active_file_name({kLane, 0}))->size(),
            kSegmentBytes);
  EXPECT_THAT(names_in(spool.active()), SizeIs(2));
  EXPECT_THAT(names_in(spool.sealed()), ElementsAre(ours));
}

TEST_F(RecoveryTest, RemovesHalfWrittenFilesOfTheDead) {
  const std::string stem = "TEST.2026-11-20-12." + logfmt::to_text(logfmt::SegmentId{kLane, 9});
  const auto ledger = logfmt::boot_ledger_file_name(kNode, kBoot);
  for (const std::string& name : {stem + ".manifest.tmp", ledger + ".tmp", std::string("a.tmp")}) {
    ASSERT_TRUE(base::write_file_atomic(spool.sealed() / name, "x").ok());
  }
  recover();
  EXPECT_THAT(names_in(spool.sealed()), ElementsAre("a.tmp"));  // Not ours.
}

TEST_F(RecoveryTest, RemovesSegmentsThatNeverGotTheirName) {
  put_page(0, 0);
  const std::string unnamed = logfmt::active_file_name({kLane, 3}) + std::string(kUnnamedSuffix);
  ASSERT_TRUE(base::write_file_atomic(spool.active() / unnamed, padded("")).ok());
  recover();
  EXPECT_THAT(names_in(spool.active()), IsEmpty());
}

TEST_F(RecoveryTest, LeavesTheUnnamedSegmentsOfALivingOwner) {
  const auto page = make_page();
  const std::string unnamed = logfmt::active_file_name({kLane, 3}) + std::string(kUnnamedSuffix);
  ASSERT_TRUE(base::write_file_atomic(spool.active() / unnamed, padded("")).ok());
  recover();
  EXPECT_THAT(names_in(spool.active()), Contains(unnamed));
}

TEST_F(RecoveryTest, LeavesAnotherFormatVersionAlone) {
  put_page(3, 3);
  put(0, padded(text_of(0, 3)));
  const std::uint32_t version = 99;
  const auto fd = base::open_file(page_path(), O_RDWR);
  ASSERT_EQ(::pwrite(fd->get(), &version, sizeof version, 8), 4);
  const RecoveryReport report = recover();
  EXPECT_THAT(report.problems, ElementsAre(HasSubstr("its segments are left alone")));
  EXPECT_THAT(names_in(spool.active()), SizeIs(2));
  EXPECT_THAT(names_in(spool.sealed()), IsEmpty());
}

TEST_F(RecoveryTest, ADamagedPageLosesNoLine) {
  ASSERT_TRUE(base::write_file_atomic(page_path(), std::string(256, '\0')).ok());
  put(0, padded(text_of(0, 3)));
  const RecoveryReport report = recover();
  EXPECT_THAT(report.problems, ElementsAre(HasSubstr("its lines are not lost")));
  EXPECT_EQ(report.lines, 3U);
  EXPECT_THAT(names_in(spool.active()), IsEmpty());
  EXPECT_FALSE(fs::exists(ledger_path()));
}

TEST_F(RecoveryTest, APageThatWasNeverFilledIsJustRemoved) {
  ASSERT_TRUE(base::write_file_atomic(page_path(), "").ok());
  EXPECT_THAT(recover().problems, IsEmpty());
  EXPECT_THAT(names_in(spool.active()), IsEmpty());
}

TEST_F(RecoveryTest, KeepsBooksThatTheProcessClosedItself) {
  put_page(9, 9);
  logfmt::BootLedger books;
  books.node = kNode;
  books.boot = kBoot;
  books.clean = true;
  ASSERT_TRUE(base::write_file_atomic(ledger_path(), to_json(books)).ok());
  recover();
  EXPECT_TRUE(logfmt::parse_boot_ledger(*base::read_file(ledger_path()))->clean);
  EXPECT_FALSE(fs::exists(page_path()));
}

TEST_F(RecoveryTest, TroubleWithOneFileLeavesTheOthersFine) {
  fs::create_directories(spool.active() / logfmt::active_file_name({kLane, 0}));
  put(1, padded(text_of(0, 3)));
  const RecoveryReport report = recover();
  EXPECT_THAT(report.problems, SizeIs(1));
  EXPECT_EQ(report.sealed_segments, 1U);
}

// Runs recovery in a child that ends without warning at step `last_step`; true if it got through.
bool recover_until(const RecoveryOptions& given, int last_step) {
  const pid_t child = ::fork();
  if (child == 0) {
    RecoveryOptions options = given;
    int step = 0;
    options.after_step = [&] {
      if (++step == last_step) ::_exit(3);
    };
    ::_exit(recover_spool(options).ok() ? 0 : 4);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) != 4);
  return WEXITSTATUS(status) == 0;
}

// sealed/ by name; manifests without their time.
std::map<std::string, std::string> outcome(const Spool& spool) {
  std::map<std::string, std::string> files;
  for (const std::string& name : names_in(spool.sealed())) {
    std::string text = *base::read_file(spool.sealed() / name);
    if (auto manifest = logfmt::parse_manifest(text)) {
      manifest->sealed_at = 0;
      text = to_json(*manifest);
    }
    files[name] = text;
  }
  return files;
}

void fill_with_everything(const RecoveryTest& test) {
  std::uint64_t lost = 0;
  test.put_page(200, 190);
  test.put(0, padded(text_of(0, 10)));
  test.put(1, padded(with_hole(&lost) + make_line(kLane, 70, kNoon).substr(0, 99)));
  test.put(2, padded(text_of(70, 5) + "x"));
  test.put(3, padded(""));
}

TEST_F(RecoveryTest, KilledAtAnyStepEndsTheSame) {
  struct Reference : public RecoveryTest {
    void TestBody() override {}
  } reference;
  fill_with_everything(reference);
  reference.recover();
  const auto expected = outcome(reference.spool);
  EXPECT_THAT(expected, SizeIs(7));  // Three segments, their manifests, the ledger.
  int steps = 0;
  for (bool done = false; !done;) {
    ++steps;
    Reference life;
    fill_with_everything(life);
    done = recover_until(life.options(), steps);
    // The next start is killed too, one step further than nothing; then one that lives.
    if (!done) recover_until(life.options(), 1);
    life.recover();
    EXPECT_EQ(outcome(life.spool), expected) << "killed at step " << steps;
    EXPECT_THAT(names_in(life.spool.active()), IsEmpty());
  }
  EXPECT_GT(steps, 15);
}

TEST_F(RecoveryTest, KilledAgainAndAgainEndsTheSame) {
  fill_with_everything(*this);
  for (int i = 0; i < 40 && !recover_until(options(), 2); ++i) {
  }
  recover();
  EXPECT_THAT(read_sealed(spool), SizeIs(3));
  EXPECT_TRUE(fs::exists(ledger_path()));
  EXPECT_THAT(names_in(spool.active()), IsEmpty());
}

}  // namespace
}  // namespace pixel::edge
