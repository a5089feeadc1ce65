// SPDX-License-Identifier: Apache-2.0
// COLD: see segment_books.h.
#include "tools/pixel_log/segment_books.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "tools/pixel_log/event_books.h"
#include "tools/pixel_log/sequence_check.h"

namespace pixel::logs {
namespace {

// Follows one access segment's ids.
class IdCheck {
 public:
  IdCheck(const logfmt::RequestIdCipher& cipher, SegmentBooks& books, std::vector<Defect>& defects)
      : cipher_(cipher), lane_(books.segment.lane), sequences_(books, defects) {}

  void line(const logfmt::LineTable& table, const logfmt::LineRef& line) {
    const auto id = table.field(line, logfmt::Field::kRequestId);
    const auto plain = cipher_.decode(id);
    if (!plain || plain->node != lane_.node || plain->boot != lane_.boot ||
        plain->worker != lane_.worker) {
      const auto what = fmt::format("request id {} is not of this lane, or the key is another", id);
      return sequences_.mismatch(what, table.text(), line.begin);
    }
    sequences_.follow(plain->sequence, table.text(), line.begin);
  }

 private:
  const logfmt::RequestIdCipher& cipher_;
  const logfmt::LaneId lane_;
  SequenceCheck sequences_;
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
  if (books.segment.lane.kind == logfmt::SegmentKind::kEvents) {
    return count_events(text, cipher, books, defects);
  }
  logfmt::LineTable table;
  table.decode(text);
  books.lines = table.lines().size() + table.bad_lines().size();
  report_torn(table, books, defects);
  if (cipher != nullptr) {
    IdCheck check(*cipher, books, defects);
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
