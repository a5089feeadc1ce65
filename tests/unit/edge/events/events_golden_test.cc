// SPDX-License-Identifier: Apache-2.0
// The events lane's golden segment: today's writer writes the same bytes, and they read as they
// always did. See tests/golden/README.md for the update command.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/file.h"
#include "base/hash.h"
#include "edge/events/envelope.h"
#include "logfmt/event_line.h"
#include "logfmt/format.h"
#include "logfmt/manifest.h"
#include "logfmt/request_id.h"
#include "logfmt/segment_scan.h"

namespace pixel::edge {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = "tests/golden/v1";
const logfmt::SegmentId kSegment{{logfmt::SegmentKind::kEvents, 1, 0x673F3C2A, 3}, 2};
constexpr std::int64_t kTime = 1'795'200'720;  // 2026-11-20T18:52:00Z
constexpr std::uint64_t kFirstSequence = 40;

fs::path golden_path(logfmt::SealedName::Type type) {
  return kFolder / logfmt::sealed_file_name({"PIXELEDGE", "2026-11-20-18", kSegment, type});
}

std::string golden(logfmt::SealedName::Type type) {
  const auto content = base::read_file(golden_path(type));
  EXPECT_TRUE(content.ok()) << content.error().message;
  return content ? *content : std::string();
}

// The id of an access line of tests/golden/v1's access segment.
std::string request_id(std::uint64_t sequence) {
  const logfmt::RequestIdCipher cipher({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  std::string id(22, '\0');
  cipher.encode({1, 3, 0x673F3C2A, sequence}, id.data());
  return id;
}

std::string line(const EnvelopeContext& context, const Record& record, std::uint32_t number,
                 std::uint64_t sequence) {
  std::string text(envelope_bytes_max(context, record, number), '\0');
  text.resize(encode_envelope(context, record, number, sequence, text.data()));
  return text + '\n';
}

// A batch of three (JSON, one too large, one that is no object), a beacon of text, one of bytes,
// and one whose user agent is every byte there is.
std::string make_segment() {
  const std::string first = request_id(100);
  const std::string second = request_id(101);
  EnvelopeContext batch;
  batch.request_id = first;
  batch.unix_seconds = kTime;
  batch.client_address = "203.0.113.7";
  batch.host = "pixel.example.com";
  batch.path = "/v1/batch";
  batch.query = "source=web&x=%22";
  batch.content_type = "application/json; charset=\"utf-8\"";
  batch.visitor = "2f6d";
  batch.user_agent = "Mozilla/5.0";
  batch.referer = "https://www.example.com/shop";
  std::string text =
      line(batch, {RecordFault::kNone, RecordForm::kJson, R"({"a":[1,"x y"]})"}, 0, kFirstSequence);
  text += line(batch, {RecordFault::kTooLarge, RecordForm::kText, "{\"b\":\"\n"}, 1,
               kFirstSequence + 1);
  text += line(batch, {RecordFault::kNotObject, RecordForm::kText, "7"}, 2, kFirstSequence + 2);
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  EnvelopeContext beacon;
  beacon.request_id = second;
  beacon.unix_seconds = kTime + 1;
  beacon.client_address = "2001:db8::7";
  beacon.path = "/collect";
  text += line(beacon, {RecordFault::kNone, RecordForm::kText, "gr\xC3\xBC\xC3\x9F \"Gott\""}, 0,
               kFirstSequence + 3);
  text +=
      line(beacon, {RecordFault::kNone, RecordForm::kBinary, every_byte}, 0, kFirstSequence + 4);
  beacon.user_agent = every_byte;
  text += line(beacon, {RecordFault::kNone, RecordForm::kJson, "{}"}, 0, kFirstSequence + 5);
  return text;
}

logfmt::Manifest make_manifest(const std::string& segment) {
  logfmt::Manifest manifest;
  manifest.segment = kSegment;
  manifest.file = golden_path(logfmt::SealedName::Type::kData).filename();
  manifest.lines = 6;
  manifest.bytes = segment.size();
  manifest.first_sequence = kFirstSequence;
  manifest.last_sequence = kFirstSequence + 5;
  manifest.xxh3_128 = base::hash128_hex(segment);
  manifest.reason = logfmt::SealReason::kAge;
  manifest.sealed_at = kTime + 60;
  return manifest;
}

TEST(EventsGolden, TodaysWriterWritesTheSameBytes) {
  static_assert(logfmt::kFormatVersion == 1,
                "a new version gets a folder of its own; v1 is only read then");
  const std::string segment = make_segment();
  const std::string manifest = to_json(make_manifest(segment));
  if (std::getenv("PIXEL_UPDATE_GOLDEN") != nullptr) {
    const auto put = [](logfmt::SealedName::Type type, const std::string& text) {
      ASSERT_TRUE(base::write_file_atomic(golden_path(type), text).ok());
    };
    put(logfmt::SealedName::Type::kData, segment);
    put(logfmt::SealedName::Type::kManifest, manifest);
  }
  EXPECT_EQ(golden(logfmt::SealedName::Type::kData), segment);
  EXPECT_EQ(golden(logfmt::SealedName::Type::kManifest), manifest);
}

TEST(EventsGolden, ReadsAsExpected) {
  const std::string segment = golden(logfmt::SealedName::Type::kData);
  const auto manifest = logfmt::parse_manifest(golden(logfmt::SealedName::Type::kManifest));
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  EXPECT_EQ(manifest->bytes, segment.size());
  EXPECT_EQ(manifest->xxh3_128, base::hash128_hex(segment));
  EXPECT_EQ(logfmt::published_bytes(segment), segment.size());
  std::uint64_t sequence = manifest->first_sequence;
  std::string_view rest = segment;
  while (!rest.empty()) {
    const std::string_view text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(text.size() + 1);
    const auto head = logfmt::parse_event_head(text);
    ASSERT_TRUE(head) << text;
    EXPECT_EQ(head->sequence, sequence++);
    const auto object = nlohmann::json::parse(text, nullptr, false);
    ASSERT_TRUE(object.is_object()) << text;
    EXPECT_EQ(object["id"], head->request_id);
    EXPECT_EQ(object["seq"], head->sequence);
    EXPECT_TRUE(object.contains("record"));
  }
  EXPECT_EQ(sequence, manifest->last_sequence + 1);
}

}  // namespace
}  // namespace pixel::edge
