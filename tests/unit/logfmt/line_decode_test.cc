// SPDX-License-Identifier: Apache-2.0
// Lines -> rows: whole, cut, bad and odd lines; and each vector variant of the index against the
// plain one, up to a guard page.
#include "logfmt/line_decode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/prng.h"
#include "guarded_text.h"
#include "logfmt/line_decode_simd.h"
#include "sample_line.h"

namespace pixel::logfmt {
namespace {

struct Variant {
  const char* name;
  IndexFunction run;
};

std::vector<Variant> variants() {
  std::vector<Variant> list{{"chosen", best_index_function()}};
#if PIXEL_X86_64
  list.push_back({"sse2", index_sse2});
  if (base::cpu_has_avx2()) list.push_back({"avx2", index_avx2});
  if (base::cpu_has_avx512()) list.push_back({"avx512", index_avx512});
#endif
  return list;
}

struct Indexed {
  std::vector<std::uint32_t> positions;
  std::vector<std::uint32_t> ends;
  bool is_ascii = true;
  bool operator==(const Indexed&) const = default;
};

Indexed run(IndexFunction function, std::string_view text, std::uint32_t base) {
  Indexed result;
  result.positions.resize(text.size() + kIndexSlackEntries);
  result.ends.resize(text.size() + 1);
  SeparatorIndex index{result.positions.data(), result.ends.data()};
  function(text, base, index);
  result.positions.resize(index.position_count);
  result.ends.resize(index.end_count);
  result.is_ascii = index.is_ascii;
  return result;
}

std::string random_text(base::Prng& prng, std::size_t bytes) {
  std::string text(bytes, 'x');
  const std::uint64_t separator_in_16 = prng.below(17);
  for (char& c : text) {
    c = prng.chance(separator_in_16, 16) ? "\t\t\n\0\x8A\x0B"[prng.below(6)]
                                         : static_cast<char>(prng.below(256));
  }
  return text;
}

std::string join(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) line += (line.empty() ? "" : "\t") + field;
  return line + '\n';
}

std::string line_of(std::size_t field_count, const std::string& mark = "f") {
  std::vector<std::string> fields;
  for (std::size_t i = 0; i < field_count; ++i) fields.push_back(mark + std::to_string(i));
  return join(fields);
}

// What LineTable must say, by a plain split.
struct Expected {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::pair<std::string, BadLine>> bad;
  std::uint64_t comments = 0;
};

Expected decode_plainly(std::string_view text) {
  Expected expected;
  while (text.find('\n') != std::string_view::npos) {
    const std::string line(text.substr(0, text.find('\n')));
    text.remove_prefix(line.size() + 1);
    const auto tabs = static_cast<std::size_t>(std::count(line.begin(), line.end(), '\t'));
    if (line.find('\0') != std::string::npos) {
      expected.bad.emplace_back(line, BadLine::kControlByte);
    } else if (line.empty() || line[0] == '#') {
      ++expected.comments;
    } else if (line.size() > kLineBytesMax) {
      expected.bad.emplace_back(line, BadLine::kTooLong);
    } else if (tabs != 32 && tabs != 25) {
      expected.bad.emplace_back(line, tabs > 32 ? BadLine::kTooManyFields : BadLine::kTooFewFields);
    } else {
      std::vector<std::string> fields(1);
      for (const char c : line) {
        if (c == '\t') {
          fields.emplace_back();
        } else {
          fields.back() += c;
        }
      }
      fields.resize(kFieldCount, "-");
      expected.rows.push_back(std::move(fields));
    }
  }
  return expected;
}

void expect_decodes_as(LineTable& table, std::string_view text, const Expected& expected) {
  table.decode(text);
  ASSERT_EQ(table.lines().size(), expected.rows.size());
  for (std::size_t i = 0; i < expected.rows.size(); ++i) {
    for (std::size_t f = 0; f < kFieldCount; ++f) {
      ASSERT_EQ(table.field(table.lines()[i], static_cast<Field>(f)), expected.rows[i][f]);
    }
  }
  ASSERT_EQ(table.bad_lines().size(), expected.bad.size());
  for (std::size_t i = 0; i < expected.bad.size(); ++i) {
    const BadLineRef& bad = table.bad_lines()[i];
    ASSERT_EQ(table.text().substr(bad.begin, bad.end - bad.begin), expected.bad[i].first);
    ASSERT_EQ(bad.reason, expected.bad[i].second);
  }
  ASSERT_EQ(table.comment_lines(), expected.comments);
}

TEST(SeparatorIndex, VariantsAgreeOnEveryLengthBeforeAGuardPage) {
  base::Prng prng(11);
  GuardedText guarded(512);
  for (std::size_t bytes = 0; bytes <= 300; ++bytes) {
    for (int round = 0; round < 20; ++round) {
      const std::string text = random_text(prng, bytes);
      const Indexed expected = run(index_scalar, text, 1'000);
      const std::string_view copy = guarded.set(text);
      for (const Variant& variant : variants()) {
        ASSERT_EQ(run(variant.run, copy, 1'000), expected) << variant.name << ' ' << bytes;
      }
    }
  }
}

TEST(SeparatorIndex, EveryByteValueInEveryPlace) {
  for (const Variant& variant : variants()) {
    for (std::size_t place = 0; place < 64; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(64, 'x');
        text[place] = static_cast<char>(byte);
        const bool separator = byte == '\t' || byte == '\n' || byte == 0;
        const Indexed found = run(variant.run, text, 0);
        ASSERT_EQ(found.positions.size(), separator ? 1U : 0U) << variant.name << ' ' << byte;
        ASSERT_EQ(found.ends.size(), separator && byte != '\t' ? 1U : 0U);
        ASSERT_EQ(found.is_ascii, byte < 128) << variant.name << ' ' << place << ' ' << byte;
        if (separator) {
          ASSERT_EQ(found.positions[0], place);
        }
      }
    }
  }
}

TEST(SeparatorIndex, NothingButSeparators) {
  const std::string text(1'000, '\n');
  for (const Variant& variant : variants()) {
    const Indexed found = run(variant.run, text, 7);
    ASSERT_EQ(found.positions.size(), 1'000U) << variant.name;
    ASSERT_EQ(found.ends.size(), 1'000U);
    for (std::uint32_t i = 0; i < 1'000; ++i) {
      ASSERT_EQ(found.positions[i], i + 7);
      ASSERT_EQ(found.ends[i], i);
    }
  }
}

TEST(SeparatorIndex, PublicFunctionWritesPositionsOfLongTexts) {
  base::Prng prng(5);
  const std::string text = random_text(prng, 20'001);
  std::vector<std::uint32_t> found(text.size() + 64);
  found.resize(index_separators(text, found.data()));
  EXPECT_EQ(found, run(index_scalar, text, 0).positions);
}

TEST(LineTable, FieldsOfAnEncodedLine) {
  const std::string text = std::string(kAccessHeader) + encode(sample_input()) + '\n';
  LineTable table;
  table.decode(text);
  ASSERT_EQ(table.lines().size(), 1U);
  EXPECT_EQ(table.comment_lines(), 2U);
  const LineRef& line = table.lines()[0];
  EXPECT_EQ(table.field(line, Field::kDate), "2026-11-20");
  EXPECT_EQ(table.field(line, Field::kRequestId), sample_request_id());
  EXPECT_EQ(table.field(line, Field::kContentLength), "43");
  EXPECT_EQ(table.field(line, Field::kRangeEnd), "-");
  EXPECT_EQ(table.text().substr(line.begin, line.end - line.begin), encode(sample_input()));
}

TEST(LineTable, EmptyText) {
  LineTable table;
  table.decode("");
  EXPECT_TRUE(table.lines().empty());
  table.decode({});
  EXPECT_TRUE(table.bad_lines().empty());
}

TEST(LineTable, OldLinesHave26FieldsAndDashes) {
  const std::string text = line_of(26);
  LineTable table;
  table.decode(text);
  ASSERT_EQ(table.lines().size(), 1U);
  EXPECT_EQ(table.field(table.lines()[0], Field::kFleEncryptedFields), "f25");
  EXPECT_EQ(table.field(table.lines()[0], Field::kClientPort), "-");
  EXPECT_EQ(table.field(table.lines()[0], Field::kRangeEnd), "-");
}

TEST(LineTable, EveryFieldCount) {
  LineTable table;
  for (std::size_t count = 1; count < 80; ++count) {
    // A wrong line must not disturb its neighbours.
    const std::string text = line_of(33, "a") + line_of(count, "b") + line_of(33, "c");
    expect_decodes_as(table, text, decode_plainly(text));
    EXPECT_EQ(table.lines().size(), count == 33 || count == 26 ? 3U : 2U);
  }
}

TEST(LineTable, EmptyFields) {
  const std::string text = std::string(32, '\t') + '\n' + std::string(32, '\t') + '\n';
  LineTable table;
  expect_decodes_as(table, text, decode_plainly(text));
  EXPECT_EQ(table.lines().size(), 2U);
}

TEST(LineTable, CommentsAndEmptyLinesAreCounted) {
  const std::string text = "#-----\n\n" + line_of(33) + "#" + line_of(33) + "\n#\n" + line_of(33);
  LineTable table;
  expect_decodes_as(table, text, decode_plainly(text));
  EXPECT_EQ(table.comment_lines(), 5U);
  EXPECT_EQ(table.lines().size(), 2U);
}

TEST(LineTable, ANulSpoilsItsLineOnly) {
  for (const std::size_t at : {0U, 1U, 5U, 40U}) {
    std::string torn = line_of(33);
    torn[at] = '\0';
    const std::string text = line_of(33) + torn + line_of(33);
    LineTable table;
    expect_decodes_as(table, text, decode_plainly(text));
    ASSERT_EQ(table.bad_lines().size(), 1U);
    EXPECT_EQ(table.bad_lines()[0].reason, BadLine::kControlByte);
    EXPECT_EQ(table.lines().size(), 2U);
  }
}

TEST(LineTable, TheLongestLine) {
  LineTable table;
  const std::string rest = line_of(33).substr(2);
  for (const std::size_t extra : {0U, 1U}) {
    const std::string first(kLineBytesMax - rest.size() + 1 + extra, 'x');
    const std::string text = line_of(33) + first + rest + line_of(26);
    expect_decodes_as(table, text, decode_plainly(text));
    EXPECT_EQ(table.bad_lines().size(), extra);
  }
}

TEST(LineTable, TextOfManyPiecesAndReuse) {
  LineTable table;
  std::string text(kAccessHeader);
  for (int i = 0; i < 1'000; ++i) {
    text += line_of(i % 97 == 0 ? 26 : 33, "value-" + std::to_string(i) + "-");
    if (i % 131 == 0) text += line_of(12) + "#comment\n";
  }
  expect_decodes_as(table, text, decode_plainly(text));
  expect_decodes_as(table, line_of(33), decode_plainly(line_of(33)));
  expect_decodes_as(table, text, decode_plainly(text));
}

TEST(LineTable, EveryCutBeforeAGuardPage) {
  const std::string text = std::string(kAccessHeader) + encode(sample_input()) + '\n' +
                           line_of(26) + line_of(5) + encode(sample_input()) + '\n' + line_of(34);
  GuardedText guarded(text.size());
  LineTable table;
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::string_view prefix = guarded.set(std::string_view(text).substr(0, cut));
    ASSERT_NO_FATAL_FAILURE(expect_decodes_as(table, prefix, decode_plainly(prefix)));
    // From any place on, as a reader that starts in the middle would see it.
    const std::string_view suffix = guarded.set(std::string_view(text).substr(cut));
    ASSERT_NO_FATAL_FAILURE(expect_decodes_as(table, suffix, decode_plainly(suffix)));
  }
}

TEST(LineTable, RandomTexts) {
  base::Prng prng(23);
  LineTable table;
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    for (std::uint64_t i = prng.below(8); i > 0; --i) {
      text += prng.chance(1, 4) ? random_text(prng, prng.below(90)) : line_of(24 + prng.below(11));
    }
    ASSERT_NO_FATAL_FAILURE(expect_decodes_as(table, text, decode_plainly(text)));
  }
}

TEST(BadLine, NamesAreStable) {
  EXPECT_EQ(bad_line_name(BadLine::kTooFewFields), "too_few_fields");
  EXPECT_EQ(bad_line_name(BadLine::kTooManyFields), "too_many_fields");
  EXPECT_EQ(bad_line_name(BadLine::kControlByte), "control_byte");
  EXPECT_EQ(bad_line_name(BadLine::kTooLong), "too_long");
}

}  // namespace
}  // namespace pixel::logfmt
