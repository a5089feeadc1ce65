// SPDX-License-Identifier: Apache-2.0
#include "logfmt/manifest.h"

#include <gtest/gtest.h>

#include <string>

#include "base/file.h"

namespace pixel::logfmt {
namespace {

Manifest sample() {
  Manifest manifest;
  manifest.segment = {{SegmentKind::kAccess, 1, 0x673F3C2A, 3}, 7};
  manifest.file = "PIXELEDGE.2026-11-20-18.A0001673F3C2A00300000007.log";
  manifest.lines = 3;
  manifest.bytes = 2048;
  manifest.first_sequence = 100;
  manifest.last_sequence = 102;
  manifest.xxh3_128 = "0123456789abcdef0123456789abcdef";
  manifest.reason = SealReason::kHour;
  manifest.sealed_at = 1'795'200'720;
  manifest.torn_tail_bytes = 1;
  manifest.holes = 2;
  manifest.hole_bytes = 8192;
  return manifest;
}

constexpr const char* kSampleJson = R"({
  "format_version": 1,
  "segment": "A0001673F3C2A00300000007",
  "file": "PIXELEDGE.2026-11-20-18.A0001673F3C2A00300000007.log",
  "lines": 3,
  "bytes": 2048,
  "first_sequence": 100,
  "last_sequence": 102,
  "xxh3_128": "0123456789abcdef0123456789abcdef",
  "reason": "hour",
  "sealed_at": 1795200720,
  "torn_tail_bytes": 1,
  "holes": 2,
  "hole_bytes": 8192
}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string error_of(const std::string& json) {
  const auto parsed = parse_manifest(json);
  return parsed ? std::string("no error") : parsed.error().message;
}

std::string error_with(const std::string& from, const std::string& to) {
  return error_of(replaced(kSampleJson, from, to));
}

TEST(Manifest, WritesItsKeysInOrder) { EXPECT_EQ(to_json(sample()), kSampleJson); }

TEST(Manifest, GoesRound) {
  Manifest manifest = sample();
  for (const auto reason : {SealReason::kSize, SealReason::kAge, SealReason::kHour,
                            SealReason::kShutdown, SealReason::kRecovered}) {
    manifest.reason = reason;
    manifest.lines = UINT64_MAX;
    const auto parsed = parse_manifest(to_json(manifest));
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(to_json(*parsed), to_json(manifest));
    EXPECT_EQ(parsed->reason, reason);
    EXPECT_EQ(parsed->segment, manifest.segment);
  }
}

TEST(Manifest, ErrorsNameTheKey) {
  EXPECT_EQ(error_of(""), "manifest: not valid JSON");
  EXPECT_EQ(error_of("{"), "manifest: not valid JSON");
  EXPECT_EQ(error_of("[]"), "manifest: expected a JSON object, found array");
  EXPECT_EQ(error_of("{}"),
            "manifest: format_version: expected an unsigned integer, found nothing");
  EXPECT_EQ(error_with("\"format_version\": 1", "\"format_version\": 2"),
            "manifest: format_version 2: this program reads 1 to 1");
  EXPECT_EQ(error_with("\"lines\": 3", "\"lines\": \"3\""),
            "manifest: lines: expected an unsigned integer, found string");
  EXPECT_EQ(error_with("\"lines\": 3", "\"lines\": -3"),
            "manifest: lines: expected an unsigned integer, found number");
  EXPECT_EQ(error_with("\"lines\": 3", "\"lines\": 3.5"),
            "manifest: lines: expected an unsigned integer, found number");
  EXPECT_EQ(error_with("\"lines\": 3", "\"lines\": 18446744073709551616"),
            "manifest: lines: expected an unsigned integer, found number");
  EXPECT_EQ(error_with("\"holes\": 2,", ""),
            "manifest: holes: expected an unsigned integer, found nothing");
  EXPECT_EQ(error_with("A0001673F3C2A00300000007\"", "A0001\""),
            "manifest: segment: expected 24 characters of a segment's name, found string");
  EXPECT_EQ(error_with("0123456789abcdef0", "0"),
            "manifest: xxh3_128: expected 32 lower case hexadecimal digits, found string");
  EXPECT_EQ(error_with("\"hour\"", "\"moon\""),
            "manifest: reason: expected size, age, hour, shutdown or recovered, found string");
  EXPECT_EQ(error_with("\"file\": \"", "\"file\": \"../"),
            "manifest: file: expected a file name without directory, found string");
  EXPECT_EQ(error_with("\"last_sequence\": 102", "\"last_sequence\": 99"),
            "manifest: last_sequence: expected a number not below first_sequence, found number");
}

TEST(Manifest, UnknownKeysAreLeftAlone) {
  EXPECT_TRUE(parse_manifest(replaced(kSampleJson, "{", "{\"later\": [1],")).ok());
}

TEST(Manifest, EveryCutIsAnErrorAndNoCrash) {
  const std::string json = kSampleJson;
  for (std::size_t cut = 0; cut + 2 < json.size(); ++cut) {
    EXPECT_FALSE(parse_manifest(json.substr(0, cut)).ok()) << cut;
  }
}

TEST(Manifest, BytesThatAreNoTextDoNotThrow) {
  Manifest manifest = sample();
  manifest.file = "\xFF\xFE";
  EXPECT_TRUE(parse_manifest(to_json(manifest)).ok());
  EXPECT_FALSE(parse_manifest("\xFF\xFE").ok());
  EXPECT_FALSE(parse_manifest(std::string(100'000, '[')).ok());
}

TEST(BootLedger, GoesRound) {
  const BootLedger ledger{1, 0x673F3C2A, 1'000, 999, 5, 7, true, 300, 2};
  const std::string json = to_json(ledger);
  EXPECT_EQ(json, R"({
  "format_version": 1,
  "node": 1,
  "boot": 1732197418,
  "lines": 1000,
  "answers": 999,
  "unlogged": 5,
  "refused": 7,
  "clean": true,
  "events": 300,
  "events_unlogged": 2
}
)");
  const auto parsed = parse_boot_ledger(json);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(to_json(*parsed), json);
}

TEST(BootLedger, OfAProgramWithoutEventsLanes) {
  const auto json = base::read_file("tests/golden/v1/0001-673F3C2A.boot");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->find("events"), std::string::npos);
  const auto parsed = parse_boot_ledger(*json);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->lines, 1'000U);
  EXPECT_TRUE(parsed->clean);
  EXPECT_EQ(parsed->events, 0U);
  EXPECT_EQ(parsed->events_unlogged, 0U);
}

TEST(BootLedger, Errors) {
  const std::string json = to_json(BootLedger{});
  const auto error = [&](const std::string& from, const std::string& to) {
    const auto parsed = parse_boot_ledger(replaced(json, from, to));
    return parsed ? std::string("no error") : parsed.error().message;
  };
  EXPECT_EQ(error("\"node\": 0", "\"node\": 65536"),
            "boot ledger: node: expected an integer from 0 to 65535, found number");
  EXPECT_EQ(error("false", "0"), "boot ledger: clean: expected true or false, found number");
  EXPECT_EQ(error("\"events\": 0", "\"events\": \"0\""),
            "boot ledger: events: expected an unsigned integer, found string");
  EXPECT_EQ(error("\"refused\": 0,", ""),
            "boot ledger: refused: expected an unsigned integer, found nothing");
}

TEST(BootLedger, FileName) {
  EXPECT_EQ(boot_ledger_file_name(1, 0x673F3C2A), "0001-673F3C2A.boot");
  EXPECT_TRUE(is_boot_ledger_file_name("0001-673F3C2A.boot"));
  for (const char* name : {"", ".boot", "0001-673F3C2A", "0001-673F3C2A.boot.tmp",
                           "0001-673f3c2a.boot", "0001.673F3C2A.boot", "1-673F3C2A.boot"}) {
    EXPECT_FALSE(is_boot_ledger_file_name(name)) << name;
  }
}

TEST(SealReason, NamesAreStable) {
  EXPECT_EQ(seal_reason_name(SealReason::kSize), "size");
  EXPECT_EQ(seal_reason_name(SealReason::kAge), "age");
  EXPECT_EQ(seal_reason_name(SealReason::kHour), "hour");
  EXPECT_EQ(seal_reason_name(SealReason::kShutdown), "shutdown");
  EXPECT_EQ(seal_reason_name(SealReason::kRecovered), "recovered");
}

}  // namespace
}  // namespace pixel::logfmt
