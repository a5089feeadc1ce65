// SPDX-License-Identifier: Apache-2.0
// Files of each format version stay readable: tests/golden/v1/ holds a sealed segment, its manifest
// and what is in them. See tests/golden/README.md for the update command.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/hash.h"
#include "logfmt/escape.h"
#include "logfmt/format.h"
#include "logfmt/line_decode.h"
#include "logfmt/manifest.h"
#include "logfmt/segment_scan.h"
#include "sample_line.h"

namespace pixel::logfmt {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = "tests/golden/v1";
const SegmentId kSegment{{SegmentKind::kAccess, 1, 0x673F3C2A, 3}, 7};

bool updating() { return std::getenv("PIXEL_UPDATE_GOLDEN") != nullptr; }

std::string data_name() {
  return sealed_file_name({"PIXELEDGE", "2026-11-20-18", kSegment, SealedName::Type::kData});
}
std::string manifest_name() {
  return sealed_file_name({"PIXELEDGE", "2026-11-20-18", kSegment, SealedName::Type::kManifest});
}

std::string golden(const std::string& name) {
  const auto content = base::read_file(kFolder / name);
  EXPECT_TRUE(content.ok()) << content.error().message;
  return content ? *content : std::string();
}

// Four requests: a browser's, one with each byte value in its user agent, one that broke off, one
// of the next second; between the last two a hole of 700 bytes.
std::string make_segment() {
  std::string text(kAccessHeader);
  const auto add = [&text](LineInput input, std::uint64_t sequence) {
    input.sequence.sequence = sequence;
    text += encode(input) + '\n';
  };
  add(sample_input(), 100);
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  LineInput odd = sample_input();
  odd.user_agent = every_byte;
  odd.forwarded_for = "2001:db8::7";
  odd.cookie = "session=\"a b\"";
  add(odd, 101);
  LineInput broken;
  broken.when = odd.when;
  broken.edge_location = "FRA1";
  broken.client_address = "2001:db8::1";
  broken.result_type = "Error";
  broken.sequence = odd.sequence;
  broken.protocol = "http";
  broken.response_result_type = "Error";
  broken.detailed_result_type = "ClientCommError";
  add(broken, 102);
  const std::size_t hole = text.size();
  text += std::string(700, '\0');
  fill_hole(text.data(), {hole, text.size()});
  LineInput later = sample_input();
  const DateTimeText when = format_date_time(kSampleTime + 1);
  later.when = &when;
  later.time_taken_us = 61'234'567;
  later.content_length = -1;
  add(later, 105);
  return text;
}

Manifest make_manifest(const std::string& segment) {
  Manifest manifest;
  manifest.segment = kSegment;
  manifest.file = data_name();
  manifest.lines = 4;
  manifest.bytes = segment.size();
  manifest.first_sequence = 100;
  manifest.last_sequence = 105;
  manifest.xxh3_128 = base::hash128_hex(segment);
  manifest.reason = SealReason::kRecovered;
  manifest.sealed_at = kSampleTime + 60;
  manifest.torn_tail_bytes = 17;
  manifest.holes = 1;
  manifest.hole_bytes = 700;
  return manifest;
}

// Each row's fields by name, as they lie in the file, and what its id decodes to.
std::string describe(std::string_view segment) {
  LineTable table;
  table.decode(segment);
  std::string text;
  for (const LineRef& line : table.lines()) {
    const auto id = sample_cipher().decode(table.field(line, Field::kRequestId));
    text += "line at " + std::to_string(line.begin) + "\n";
    for (std::size_t i = 0; i < kFieldCount; ++i) {
      const auto field = static_cast<Field>(i);
      text += "  " + std::string(field_name(field)) + ": " + std::string(table.field(line, field)) +
              "\n";
    }
    if (!id) continue;
    text += "  id: node " + std::to_string(id->node) + " worker " + std::to_string(id->worker) +
            " boot " + std::to_string(id->boot) + " sequence " + std::to_string(id->sequence) +
            "\n";
  }
  text += "bad lines: " + std::to_string(table.bad_lines().size()) + "\n";
  text += "comment lines: " + std::to_string(table.comment_lines()) + "\n";
  return text;
}

TEST(Golden, TodaysWriterWritesTheSameBytes) {
  static_assert(kFormatVersion == 1,
                "a new version gets a folder of its own; v1 is only read then");
  const std::string segment = make_segment();
  if (updating()) {
    ASSERT_TRUE(base::write_file_atomic(kFolder / data_name(), segment).ok());
    ASSERT_TRUE(
        base::write_file_atomic(kFolder / manifest_name(), to_json(make_manifest(segment))).ok());
    ASSERT_TRUE(base::write_file_atomic(kFolder / "expected.txt", describe(segment)).ok());
  }
  EXPECT_EQ(golden(data_name()), segment);
  EXPECT_EQ(golden(manifest_name()), to_json(make_manifest(segment)));
}

TEST(Golden, SegmentReadsAsExpected) {
  EXPECT_EQ(describe(golden(data_name())), golden("expected.txt"));
}

TEST(Golden, ManifestFitsItsSegment) {
  const std::string segment = golden(data_name());
  const auto manifest = parse_manifest(golden(manifest_name()));
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  EXPECT_EQ(manifest->segment, kSegment);
  EXPECT_EQ(manifest->bytes, segment.size());
  EXPECT_EQ(manifest->xxh3_128, base::hash128_hex(segment));
  LineTable table;
  table.decode(segment);
  ASSERT_EQ(manifest->lines, table.lines().size());
  const auto sequence = [&](const LineRef& line) {
    return sample_cipher().decode(table.field(line, Field::kRequestId))->sequence;
  };
  EXPECT_EQ(manifest->first_sequence, sequence(table.lines().front()));
  EXPECT_EQ(manifest->last_sequence, sequence(table.lines().back()));
}

TEST(Golden, SealedSegmentNeedsNoRecovery) {
  const std::string segment = golden(data_name());
  const RecoveryScan scan = scan_for_recovery(segment);
  EXPECT_EQ(scan.published_end, segment.size());
  EXPECT_TRUE(scan.holes.empty());
  EXPECT_EQ(published_bytes(segment), segment.size());
}

}  // namespace
}  // namespace pixel::logfmt
