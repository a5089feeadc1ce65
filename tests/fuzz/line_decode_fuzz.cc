// SPDX-License-Identifier: Apache-2.0
// Any text: the vector variants index it as the plain one does; the rows, bad lines and comments of
// a LineTable give the text back; a scan for recovery leaves text that needs none.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "logfmt/line_decode.h"
#include "logfmt/line_decode_simd.h"
#include "logfmt/segment_scan.h"

namespace pixel::logfmt {
namespace {

struct Indexed {
  std::vector<std::uint32_t> positions;
  std::vector<std::uint32_t> ends;
  bool is_ascii = true;
  bool operator==(const Indexed&) const = default;
};

Indexed run(IndexFunction function, std::string_view text) {
  Indexed result;
  result.positions.resize(text.size() + kIndexSlackEntries);
  result.ends.resize(text.size() + 1);
  SeparatorIndex index{result.positions.data(), result.ends.data()};
  function(text, 5, index);
  result.positions.resize(index.position_count);
  result.ends.resize(index.end_count);
  result.is_ascii = index.is_ascii;
  return result;
}

void check_variants(std::string_view text) {
  const Indexed expected = run(index_scalar, text);
  CHECK(run(best_index_function(), text) == expected);
#if PIXEL_X86_64
  CHECK(run(index_sse2, text) == expected);
  if (base::cpu_has_avx2()) CHECK(run(index_avx2, text) == expected);
  if (base::cpu_has_avx512()) CHECK(run(index_avx512, text) == expected);
#endif
}

// The line again from its fields.
std::string joined(const LineTable& table, const LineRef& line) {
  std::string text;
  for (std::uint32_t i = 0; i < line.field_count; ++i) {
    if (i > 0) text += '\t';
    text += table.field(line, static_cast<Field>(i));
  }
  return text;
}

void check_table(std::string_view text) {
  LineTable table;
  table.decode(text);
  const std::string_view whole = table.text();
  std::size_t rows_bytes = 0;
  for (const LineRef& line : table.lines()) {
    const std::string_view bytes = whole.substr(line.begin, line.end - line.begin);
    CHECK(joined(table, line) == bytes);
    CHECK(line.field_count == kFieldCount || line.field_count == kOldFieldCount);
    CHECK(bytes.find_first_of(std::string_view("\n\0", 2)) == std::string_view::npos);
    rows_bytes += bytes.size() + 1;
  }
  for (const BadLineRef& bad : table.bad_lines()) {
    CHECK(whole[bad.end] == '\n');
    rows_bytes += bad.end - bad.begin + 1;
  }
  const auto newlines = static_cast<std::size_t>(std::count(whole.begin(), whole.end(), '\n'));
  CHECK(table.lines().size() + table.bad_lines().size() + table.comment_lines() == newlines);
  CHECK(rows_bytes <= whole.size());
}

void check_recovery(std::string_view text) {
  std::string segment(text);
  const std::size_t published = published_bytes(segment);
  const RecoveryScan scan = scan_for_recovery(segment);
  CHECK(scan.published_end >= published);
  std::uint64_t end = 0;
  for (const TornRange& hole : scan.holes) {
    CHECK(end <= hole.begin && hole.begin < hole.end && hole.end <= scan.published_end);
    fill_hole(segment.data(), hole);
    end = hole.end;
  }
  segment.resize(scan.published_end);
  const RecoveryScan again = scan_for_recovery(segment);
  CHECK(again.published_end == segment.size() && again.holes.empty());
  CHECK(again.torn_tail_bytes == 0);
}

}  // namespace
}  // namespace pixel::logfmt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  pixel::logfmt::check_variants(text);
  pixel::logfmt::check_table(text);
  pixel::logfmt::check_recovery(text);
  return 0;
}
