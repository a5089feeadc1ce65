// SPDX-License-Identifier: Apache-2.0
// COLD: see segment_books.h.
#include "tools/pixel_log/segment_books.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"

namespace pixel::logs {
namespace {

// Of many alike defects in one segment, the first ones name the place and the rest only count.
constexpr std::uint64_t kNamedMax = 5;

std::uint64_t line_number(std::string_view text, std::uint32_t begin) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(begin);
  return static_cast<std::uint64_t>(std::count(text.begin(), end, '\n')) + 1;
}

std::string range_text(std::uint64_t first, std::uint64_t last) {
  return first == last ? fmt::format("sequence {}", first)
                       : fmt::format("sequences {} to {}", first, last);
}

// Follows one segment's sequence numbers.
class SequenceCheck {
 public:
  SequenceCheck(const logfmt::RequestIdCipher& cipher, SegmentBooks& books,
                std::vector<Defect>& defects)
      : cipher_(cipher), books_(books), defects_(defects), where_(to_text(books.segment)) {}

  void line(const logfmt::LineTable& table, const logfmt::LineRef& line) {
    const auto id = table.field(line, logfmt::Field::kRequestId);
    const auto plain = cipher_.decode(id);
    const logfmt::LaneId& lane = books_.segment.lane;
    if (!plain || plain->node != lane.node || plain->boot != lane.boot ||
        plain->worker != lane.worker) {
      return add(DefectKind::kMismatch, foreign_count_++, 1, table, line,
                 fmt::format("request id {} is not of this lane, or the key is another", id));
    }
    sequence(plain->sequence, table, line);
  }

 private:
  void sequence(std::uint64_t found, const logfmt::LineTable& table, const logfmt::LineRef& line) {
    if (!books_.first_sequence) {
      books_.first_sequence = found;
    } else if (found <= *books_.last_sequence) {
      add(DefectKind::kDuplicate, books_.duplicate_lines++, 1, table, line,
          fmt::format("sequence {} comes again", found));
      return;
    } else if (found != *books_.last_sequence + 1) {
      const std::uint64_t missing = found - *books_.last_sequence - 1;
      add(DefectKind::kGap, gap_count_++, missing, table, line,
          fmt::format("{} missing before it", range_text(*books_.last_sequence + 1, found - 1)));
      books_.gap_lines += missing;
    }
    books_.last_sequence = found;
  }

  void add(DefectKind kind, std::uint64_t alike_before, std::uint64_t amount,
           const logfmt::LineTable& table, const logfmt::LineRef& line, std::string_view what) {
    if (alike_before < kNamedMax) {
      defects_.push_back({kind, where_,
                          fmt::format("line {}: {}", line_number(table.text(), line.begin), what),
                          amount});
      return;
    }
    const auto last_alike = std::find_if(
        defects_.rbegin(), defects_.rend(),
        [&](const Defect& defect) { return defect.where == where_ && defect.kind == kind; });
    last_alike->amount += amount;
    if (alike_before == kNamedMax) last_alike->what += " (and more)";
  }

  const logfmt::RequestIdCipher& cipher_;
  SegmentBooks& books_;
  std::vector<Defect>& defects_;
  std::string where_;
  std::uint64_t foreign_count_ = 0;
  std::uint64_t gap_count_ = 0;
};

void report_torn(const logfmt::LineTable& table, SegmentBooks& books,
                 std::vector<Defect>& defects) {
  books.torn_lines = table.bad_lines().size();
  if (table.bad_lines().empty()) return;
  const logfmt::BadLineRef& first = table.bad_lines().front();
  defects.push_back(
      {DefectKind::kTorn, to_text(books.segment),
       fmt::format("{} torn lines, the first is line {} ({})", books.torn_lines,
                   line_number(table.text(), first.begin), logfmt::bad_line_name(first.reason)),
       books.torn_lines});
}

void count_events(std::string_view text, SegmentBooks& books) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    if (text[0] != '#' && end > 0) ++books.lines;
    text.remove_prefix(end + 1);
  }
}

// Recovery fills holes of a power loss: what they held shows in the numbers alone.
void count_manifest_gap(SegmentBooks& books, std::vector<Defect>& defects) {
  const logfmt::Manifest& manifest = *books.manifest;
  const std::uint64_t span = manifest.last_sequence - manifest.first_sequence + 1;
  if (span <= manifest.lines) return;
  books.gap_lines = span - manifest.lines;
  defects.push_back({DefectKind::kGap, to_text(books.segment),
                     fmt::format("{} lines missing between {} and {} ({} holes filled by recovery)",
                                 books.gap_lines, manifest.first_sequence, manifest.last_sequence,
                                 manifest.holes),
                     books.gap_lines});
}

}  // namespace

void count_lines(std::string_view text, const logfmt::RequestIdCipher* cipher, SegmentBooks& books,
                 std::vector<Defect>& defects, const VisitLine& visit) {
  books.has_data = true;
  books.bytes = text.size();
  if (books.segment.lane.kind == logfmt::SegmentKind::kEvents) return count_events(text, books);
  logfmt::LineTable table;
  table.decode(text);
  books.lines = table.lines().size() + table.bad_lines().size();
  report_torn(table, books, defects);
  if (cipher != nullptr) {
    SequenceCheck check(*cipher, books, defects);
    for (const logfmt::LineRef& line : table.lines()) check.line(table, line);
  }
  if (!visit) return;
  for (const logfmt::LineRef& line : table.lines()) visit(table, line);
}

void compare_with_manifest(std::string_view text, SegmentBooks& books,
                           std::vector<Defect>& defects) {
  const logfmt::Manifest& manifest = *books.manifest;
  const auto differ = [&](std::string_view name, auto says, auto has, std::uint64_t amount) {
    if (says == has) return;
    defects.push_back({DefectKind::kMismatch, to_text(books.segment),
                       fmt::format("{}: the manifest says {}, the file has {}", name, says, has),
                       amount});
  };
  const std::uint64_t lines_apart =
      std::max(manifest.lines, books.lines) - std::min(manifest.lines, books.lines);
  differ("bytes", manifest.bytes, books.bytes, 0);
  differ("lines", manifest.lines, books.lines, lines_apart);
  differ("xxh3_128", manifest.xxh3_128, base::hash128_hex(text), 0);
  if (manifest.lines == 0) return;
  if (!books.first_sequence) {
    books.first_sequence = manifest.first_sequence;
    books.last_sequence = manifest.last_sequence;
    return count_manifest_gap(books, defects);
  }
  differ("first_sequence", manifest.first_sequence, *books.first_sequence, 0);
  differ("last_sequence", manifest.last_sequence, *books.last_sequence, 0);
}

void take_manifest(SegmentBooks& books, std::vector<Defect>& defects) {
  const logfmt::Manifest& manifest = *books.manifest;
  books.lines = manifest.lines;
  books.bytes = manifest.bytes;
  if (manifest.lines == 0) return;
  books.first_sequence = manifest.first_sequence;
  books.last_sequence = manifest.last_sequence;
  count_manifest_gap(books, defects);
}

}  // namespace pixel::logs
