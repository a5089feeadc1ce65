// SPDX-License-Identifier: Apache-2.0
// Where published text ends, and what recovery makes of torn segments.
#include "logfmt/segment_scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/prng.h"
#include "guarded_text.h"
#include "logfmt/format.h"
#include "logfmt/line_decode.h"
#include "sample_line.h"

namespace pixel::logfmt {
namespace {

std::string nul(std::size_t bytes) { return std::string(bytes, '\0'); }

std::string line(std::uint64_t sequence) {
  LineInput input = sample_input();
  input.sequence.sequence = sequence;
  return encode(input) + '\n';
}

std::string lines(std::size_t count) {
  std::string text(kAccessHeader);
  for (std::uint64_t i = 0; i < count; ++i) text += line(i);
  return text;
}

TEST(PublishedBytes, Cases) {
  EXPECT_EQ(published_bytes({}), 0U);
  EXPECT_EQ(published_bytes("abc"), 0U);
  EXPECT_EQ(published_bytes("\n"), 1U);
  EXPECT_EQ(published_bytes("abc\n"), 4U);
  EXPECT_EQ(published_bytes("abc\nde"), 4U);
  EXPECT_EQ(published_bytes("abc\nde\n" + nul(9)), 7U);
  EXPECT_EQ(published_bytes("abc\nde" + nul(9)), 4U);
  EXPECT_EQ(published_bytes(nul(9)), 0U);
  EXPECT_EQ(published_bytes("abc\nd" + nul(1) + "e\n"), 4U)
      << "the newline is visible before the body";
  EXPECT_EQ(published_bytes(nul(1) + "e\n"), 0U);
}

TEST(PublishedBytes, EveryCutBeforeAGuardPage) {
  const std::string text = lines(3) + nul(200);
  GuardedText guarded(text.size());
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::string_view prefix = guarded.set(std::string_view(text).substr(0, cut));
    const std::size_t newline = prefix.rfind('\n');
    ASSERT_EQ(published_bytes(prefix), newline == std::string_view::npos ? 0 : newline + 1);
  }
}

// A writer that is stopped at any byte, whatever order its body was copied in.
TEST(PublishedBytes, ALineIsSeenOnlyWhole) {
  const std::string before = lines(1);
  const std::string last = line(9);
  base::Prng prng(1);
  for (int round = 0; round < 300; ++round) {
    std::string text = before + last;
    const std::size_t missing = prng.below(last.size());
    text[before.size() + missing] = '\0';
    EXPECT_EQ(published_bytes(text + nul(50)), before.size());
  }
  EXPECT_EQ(published_bytes(before + last + nul(50)), before.size() + last.size());
}

TEST(Recovery, WholeSegment) {
  const std::string text = lines(5);
  for (const std::size_t rest : {0U, 1U, 7U, 8U, 4096U}) {
    const RecoveryScan scan = scan_for_recovery(text + nul(rest));
    EXPECT_EQ(scan.published_end, text.size());
    EXPECT_EQ(scan.torn_tail_bytes, 0U);
    EXPECT_TRUE(scan.holes.empty());
  }
}

TEST(Recovery, NothingWritten) {
  for (const std::string& text : {std::string(), nul(1), nul(5000)}) {
    const RecoveryScan scan = scan_for_recovery(text);
    EXPECT_EQ(scan.published_end, 0U);
    EXPECT_EQ(scan.torn_tail_bytes, 0U);
    EXPECT_TRUE(scan.holes.empty());
  }
}

TEST(Recovery, KilledAtEveryByteOfTheLastLine) {
  const std::string before = lines(2);
  const std::string last = line(2);
  for (std::size_t cut = 0; cut < last.size(); ++cut) {
    const RecoveryScan scan = scan_for_recovery(before + last.substr(0, cut) + nul(1000));
    ASSERT_EQ(scan.published_end, before.size());
    ASSERT_EQ(scan.torn_tail_bytes, cut);
    ASSERT_TRUE(scan.holes.empty());
  }
}

TEST(Recovery, KilledInsideAMemcpyThatRunsBackwards) {
  const std::string before = lines(2);
  const RecoveryScan scan =
      scan_for_recovery(before + "2026" + nul(100) + "tail of the line" + nul(50));
  EXPECT_EQ(scan.published_end, before.size());
  EXPECT_EQ(scan.torn_tail_bytes, 4U + 16U);
  EXPECT_TRUE(scan.holes.empty());
}

// The whole lines that must survive when [begin, end) of the text is lost.
std::vector<std::string> survivors(const std::string& text, std::size_t begin, std::size_t end) {
  std::vector<std::string> kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = text.find('\n', at) + 1;
    if ((next <= begin || at >= end) && text[at] != '#') kept.push_back(text.substr(at, next - at));
    at = next;
  }
  return kept;
}

std::vector<std::string> rows(const std::string& text) {
  LineTable table;
  table.decode(text);
  EXPECT_TRUE(table.bad_lines().empty());
  std::vector<std::string> found;
  for (const LineRef& row : table.lines()) {
    found.push_back(text.substr(row.begin, row.end - row.begin + 1));
  }
  return found;
}

// Scan, fill, cut: what a keeper does at start.
std::string recover(std::string segment) {
  const RecoveryScan scan = scan_for_recovery(segment);
  std::uint64_t last_end = 0;
  for (const TornRange& hole : scan.holes) {
    EXPECT_LT(hole.begin, hole.end);
    EXPECT_GE(hole.begin, last_end);
    EXPECT_LE(hole.end, scan.published_end);
    last_end = hole.end;
    fill_hole(segment.data(), hole);
  }
  segment.resize(scan.published_end);
  return segment;
}

TEST(Recovery, ALostRangeAnywhereCostsTheLinesItTouches) {
  const std::string text = lines(4);
  for (std::size_t begin = 0; begin < text.size(); begin += 3) {
    for (const std::size_t bytes : {1U, 2U, 9U, 64U, 512U, 900U}) {
      if (begin + bytes > text.size()) continue;
      std::string torn = text;
      std::fill_n(torn.begin() + static_cast<std::ptrdiff_t>(begin), bytes, '\0');
      const std::string recovered = recover(torn + nul(100));
      ASSERT_EQ(rows(recovered), survivors(text, begin, begin + bytes)) << begin << ' ' << bytes;
    }
  }
}

TEST(Recovery, PositionsOfLaterLinesDoNotMove) {
  std::string torn = lines(6);
  const std::size_t at = torn.find(line(4));
  std::fill_n(torn.begin() + 1200, 300, '\0');
  const std::string recovered = recover(torn);
  EXPECT_EQ(recovered.size(), torn.size());
  EXPECT_EQ(recovered.find(line(4)), at);
}

TEST(Recovery, IsIdempotent) {
  std::string torn = lines(6);
  std::fill_n(torn.begin() + 1000, 200, '\0');
  const std::string once = recover(torn + "2026-11" + nul(500));
  EXPECT_EQ(recover(once), once);
  EXPECT_TRUE(scan_for_recovery(once).holes.empty());
}

TEST(Recovery, TheRestOfALineIsNotALine) {
  // Cut inside the date: 32 tabs are left.
  const std::string whole = line(1);
  for (std::size_t lost = 1; lost < 12; ++lost) {
    const std::string text = lines(1) + nul(lost) + whole.substr(lost) + line(2);
    EXPECT_EQ(rows(recover(text)), (std::vector<std::string>{line(0), line(2)})) << lost;
  }
}

TEST(Recovery, AWholeLineAfterALostPageStays) {
  const std::string text = lines(1) + nul(4096) + line(1) + nul(10) + line(2) + nul(10);
  EXPECT_EQ(rows(recover(text)), (std::vector<std::string>{line(0), line(1), line(2)}));
  EXPECT_EQ(scan_for_recovery(text).holes.size(), 2U);
}

TEST(Recovery, LostHeader) {
  const std::string text = nul(4096) + "rest of a line\n" + line(1) + nul(3);
  const RecoveryScan scan = scan_for_recovery(text);
  ASSERT_EQ(scan.holes.size(), 1U);
  EXPECT_EQ(scan.holes[0].begin, 0U);
  EXPECT_EQ(scan.holes[0].end, 4096U + 15U);
  EXPECT_EQ(rows(recover(text)), (std::vector<std::string>{line(1)}));
}

TEST(Recovery, TornTextAfterTheLastWholeLineIsTheTail) {
  const std::string text = lines(2) + nul(100) + "rest of a line\n" + nul(100) + "more";
  const RecoveryScan scan = scan_for_recovery(text);
  EXPECT_EQ(scan.published_end, lines(2).size());
  EXPECT_TRUE(scan.holes.empty());
  EXPECT_EQ(scan.torn_tail_bytes, 15U + 4U);
}

TEST(Recovery, EventsSegment) {
  const std::string a = R"({"id":"a","record":{"x":"{\"y\":1}"}})"
                        "\n";
  const std::string b = R"({"id":"b","record":{}})"
                        "\n";
  const std::string c = R"({"id":"c","record":{"deep":{"z":[1,2]}}})"
                        "\n";
  for (std::size_t lost = 1; lost < a.size(); ++lost) {
    const std::string text = b + nul(lost) + a.substr(lost) + c + nul(8);
    const std::string recovered = recover(text);
    EXPECT_EQ(recovered.size(), b.size() + a.size() + c.size());
    EXPECT_EQ(recovered.substr(recovered.size() - c.size()), c);
    EXPECT_EQ(recovered.substr(b.size(), 1), lost == 1 && a.size() == 1 ? "\n" : "#") << lost;
  }
  const std::string kept = recover(b + nul(50) + a + c);
  EXPECT_EQ(kept.substr(kept.size() - a.size() - c.size()), a + c);
}

TEST(FillHole, EverySizeIsSkippedByReaders) {
  for (std::size_t bytes = 1; bytes < 9'000; bytes += bytes < 20 ? 1 : 509) {
    std::string text = line(0) + nul(bytes) + line(1);
    fill_hole(text.data(), {line(0).size(), line(0).size() + bytes});
    EXPECT_EQ(rows(text), (std::vector<std::string>{line(0), line(1)})) << bytes;
  }
}

TEST(FillHole, Bytes) {
  std::string text = "abcdefgh";
  fill_hole(text.data(), {3, 3});
  EXPECT_EQ(text, "abcdefgh");
  fill_hole(text.data(), {7, 8});
  EXPECT_EQ(text, "abcdefg\n");
  fill_hole(text.data(), {5, 7});
  EXPECT_EQ(text, "abcde#\n\n");
  fill_hole(text.data(), {1, 5});
  EXPECT_EQ(text, "a#--\n#\n\n");
  std::string big(kFillerLineBytes + 1, 'x');
  fill_hole(big.data(), {0, big.size()});
  EXPECT_EQ(big, "#" + std::string(kFillerLineBytes - 2, '-') + "\n\n");
}

}  // namespace
}  // namespace pixel::logfmt
