// SPDX-License-Identifier: Apache-2.0
#include "shipper/deliver/dead_letter.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "shipper/deliver/retry.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

const DeadLetter kLetter{{{logfmt::SegmentKind::kAccess, 1, 100, 0}, 7},
                         471,
                         "column sc_bytes: not an integer: 'x\"'",
                         std::string("a\tb\\\0\xFFz", 7)};

TEST(DeadLetter, EveryByteOfTheLineCanBeRead) {
  EXPECT_EQ(to_json_line(kLetter),
            "{\"segment\":\"" + to_text(kLetter.segment) +
                "\",\"offset\":471,\"reason\":\"column sc_bytes: not an integer: 'x\\\"'\","
                "\"line\":\"a\\u0009b\\\\\\u0000\\u00ffz\"}\n");
}

TEST(DeadLetter, ReadsBackExactlyTheBytesThatItWrote) {
  DeadLetter of_table = kLetter;
  of_table.table = "requests";
  for (int byte = 0; byte < 256; ++byte) of_table.line += static_cast<char>(byte);
  for (const DeadLetter& letter : {kLetter, of_table, DeadLetter{}}) {
    const auto read = parse_dead_letter(to_json_line(letter));
    ASSERT_TRUE(read.ok()) << to_json_line(letter);
    EXPECT_EQ(read->segment, letter.segment);
    EXPECT_EQ(read->offset, letter.offset);
    EXPECT_EQ(read->table, letter.table);
    EXPECT_EQ(read->reason, letter.reason);
    EXPECT_EQ(read->line, letter.line);
  }
}

TEST(DeadLetter, EveryPrefixIsRefused) {
  const std::string text = to_json_line(kLetter);
  for (std::size_t bytes = 0; bytes + 1 < text.size(); ++bytes) {
    EXPECT_FALSE(parse_dead_letter(text.substr(0, bytes)).ok()) << bytes;
  }
  EXPECT_FALSE(parse_dead_letter(text + "x").ok());
}

TEST(DeadLetterFile, CutsWhatTheCheckpointDoesNotKnow) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "sub" / "dead_letters.jsonl";
  DeadLetterFile file(path);
  ASSERT_TRUE(file.open(0).ok());
  const auto once = file.append({&kLetter, 1});
  ASSERT_TRUE(once.ok());
  ASSERT_TRUE(file.append({&kLetter, 1}).ok());
  EXPECT_EQ(std::filesystem::file_size(path), 2 * *once);
  DeadLetterFile again(path);
  ASSERT_TRUE(again.open(*once).ok());
  EXPECT_EQ(std::filesystem::file_size(path), *once);
  EXPECT_EQ(again.append({&kLetter, 1}).value(), 2 * *once);
  EXPECT_EQ(base::read_file(path).value(), to_json_line(kLetter) + to_json_line(kLetter));
}

TEST(DeadLetterFile, FileThatWasMovedAwayBeginsAnew) {
  TemporaryDirectory directory;
  DeadLetterFile file(directory.path() / "d.jsonl");
  ASSERT_TRUE(file.open(1000).ok());
  EXPECT_EQ(file.append({&kLetter, 1}).value(), to_json_line(kLetter).size());
  EXPECT_EQ(file.append({}).value(), to_json_line(kLetter).size());
}

TEST(Retry, PausesGrowToTheCapWithFullJitter) {
  const RetryLimits limits{.first_ns = 100 * base::kMillisecondNs, .cap_ns = base::kSecondNs};
  base::Prng prng(7);
  for (std::uint64_t failures = 1; failures < 200; ++failures) {
    const std::uint64_t most = failures > 4 ? limits.cap_ns : limits.first_ns << (failures - 1);
    std::uint64_t longest = 0;
    for (int i = 0; i < 50; ++i) {
      const auto delay = retry_delay_ns(limits, failures, prng);
      EXPECT_GE(delay, base::kMillisecondNs);
      EXPECT_LE(delay, most);
      longest = std::max(longest, delay);
    }
    EXPECT_GT(longest, most / 2);
  }
}

}  // namespace
}  // namespace pixel::shipper
