// SPDX-License-Identifier: Apache-2.0
#include "logfmt/segment_name.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/prng.h"

namespace pixel::logfmt {
namespace {

const SegmentId kSegment{{SegmentKind::kAccess, 1, 0x673F3C2A, 3}, 7};
constexpr const char* kText = "A0001673F3C2A00300000007";

TEST(SegmentName, ActiveFile) {
  EXPECT_EQ(to_text(kSegment.lane), "A0001673F3C2A003");
  EXPECT_EQ(to_text(kSegment), kText);
  EXPECT_EQ(active_file_name(kSegment), std::string(kText) + ".seg");
  EXPECT_EQ(active_file_name_text(kSegment).text, active_file_name(kSegment));
  EXPECT_EQ(parse_active_file_name("A0001673F3C2A00300000007.seg"), kSegment);
}

TEST(SegmentName, RefusesOtherActiveFiles) {
  for (const char* name : {"", ".seg", "A0001673F3C2A00300000007", "A0001673F3C2A0030000007.seg",
                           "A0001673F3C2A003000000071.seg", "B0001673F3C2A00300000007.seg",
                           "a0001673F3C2A00300000007.seg", "A0001673f3c2a00300000007.seg",
                           "A0001673F3C2A0030000000G.seg", "A0001673F3C2A00300000007.seg.tmp",
                           "A0001673F3C2A003+0000007.seg", "A0001673F3C2A003 0000007.seg"}) {
    EXPECT_FALSE(parse_active_file_name(name)) << name;
  }
}

TEST(SegmentName, EveryNumberGoesRound) {
  base::Prng prng(5);
  for (int i = 0; i < 2'000; ++i) {
    const SegmentId id{
        {prng.chance(1, 2) ? SegmentKind::kAccess : SegmentKind::kEvents,
         static_cast<std::uint16_t>(prng.next()), static_cast<std::uint32_t>(prng.next()),
         static_cast<std::uint16_t>(prng.below(4096))},
        static_cast<std::uint32_t>(prng.next())};
    EXPECT_EQ(to_text(id).size(), kSegmentTextBytes);
    EXPECT_EQ(parse_segment(to_text(id)), id);
    EXPECT_EQ(to_text(id.lane).size(), kLaneTextBytes);
    EXPECT_EQ(parse_lane(to_text(id.lane)), id.lane);
  }
}

TEST(SegmentName, TextOrderIsIdOrder) {
  base::Prng prng(6);
  std::vector<SegmentId> ids;
  for (int i = 0; i < 500; ++i) {
    ids.push_back({{prng.chance(1, 2) ? SegmentKind::kAccess : SegmentKind::kEvents,
                    static_cast<std::uint16_t>(prng.below(3)),
                    static_cast<std::uint32_t>(prng.below(40) << 25),
                    static_cast<std::uint16_t>(prng.below(20))},
                   static_cast<std::uint32_t>(prng.below(0x1000))});
  }
  auto by_text = ids;
  std::sort(ids.begin(), ids.end());
  std::sort(by_text.begin(), by_text.end(),
            [](const SegmentId& a, const SegmentId& b) { return to_text(a) < to_text(b); });
  EXPECT_EQ(ids, by_text);
}

TEST(SegmentName, SealedFilesOfBothKinds) {
  SealedName name{"PIXELEDGE", "2026-11-20-18", kSegment, SealedName::Type::kData};
  EXPECT_EQ(sealed_file_name(name), "PIXELEDGE.2026-11-20-18.A0001673F3C2A00300000007.log");
  name.type = SealedName::Type::kCompressedData;
  EXPECT_EQ(sealed_file_name(name), "PIXELEDGE.2026-11-20-18.A0001673F3C2A00300000007.log.gz");
  name.type = SealedName::Type::kManifest;
  EXPECT_EQ(sealed_file_name(name), "PIXELEDGE.2026-11-20-18.A0001673F3C2A00300000007.manifest");
  name.segment.lane.kind = SegmentKind::kEvents;
  name.type = SealedName::Type::kData;
  EXPECT_EQ(sealed_file_name(name), "PIXELEDGE.2026-11-20-18.E0001673F3C2A00300000007.ndjson");
  name.type = SealedName::Type::kCompressedData;
  EXPECT_EQ(sealed_file_name(name), "PIXELEDGE.2026-11-20-18.E0001673F3C2A00300000007.ndjson.gz");
}

TEST(SegmentName, SealedNamesGoRound) {
  for (const char* distribution : {"PIXELEDGE", "a", "E2.with.dots", "x-y_z"}) {
    for (const auto kind : {SegmentKind::kAccess, SegmentKind::kEvents}) {
      for (const auto type : {SealedName::Type::kData, SealedName::Type::kCompressedData,
                              SealedName::Type::kManifest}) {
        SealedName name{distribution, "2024-02-29-00", kSegment, type};
        name.segment.lane.kind = kind;
        const auto parsed = parse_sealed_file_name(sealed_file_name(name));
        ASSERT_TRUE(parsed.has_value()) << sealed_file_name(name);
        EXPECT_EQ(parsed->distribution, distribution);
        EXPECT_EQ(parsed->hour, name.hour);
        EXPECT_EQ(parsed->segment, name.segment);
        EXPECT_EQ(parsed->type, type);
      }
    }
  }
}

TEST(SegmentName, RefusesOtherSealedFiles) {
  const std::string rest = std::string(".") + kText;
  for (const std::string& name : {std::string(),
                                  std::string(".log"),
                                  "P.2026-11-20-18" + rest,
                                  "P.2026-11-20-18" + rest + ".txt",
                                  ".2026-11-20-18" + rest + ".log",
                                  "P.2026-11-20-24" + rest + ".log",
                                  "P.2026-13-20-18" + rest + ".log",
                                  "P.2026-02-30-18" + rest + ".log",
                                  "P.2025-02-29-18" + rest + ".log",
                                  "P.2026-00-01-18" + rest + ".log",
                                  "P.2026-11-2018" + rest + ".log",
                                  "P.2026-11-20 18" + rest + ".log",
                                  "P.+026-11-20-18" + rest + ".log",
                                  "P.2026-11-20-18" + rest + ".ndjson",
                                  "P.2026-11-20-18" + rest + ".log.gz.gz",
                                  "P.2026-11-20-18" + rest + ".manifest.gz",
                                  "a/P.2026-11-20-18" + rest + ".log",
                                  "P2026-11-20-18" + rest + ".log",
                                  "P.2026-11-20-18" + rest.substr(1) + ".log",
                                  "P.2026-11-20-18." + rest + ".log"}) {
    EXPECT_FALSE(parse_sealed_file_name(name)) << name;
  }
}

TEST(SegmentName, HourText) {
  EXPECT_EQ(hour_text(0), "1970-01-01-00");
  EXPECT_EQ(hour_text(1'795'200'720), "2026-11-20-18");
  EXPECT_EQ(hour_text(1'795'203'599), "2026-11-20-19");
  EXPECT_EQ(hour_text(-1), "1969-12-31-23");
}

TEST(SegmentName, ControlFile) {
  EXPECT_EQ(control_file_name(1, 0x673F3C2A), "0001-673F3C2A.control");
  const auto parsed = parse_control_file_name("00FF-0000000B.control");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->node, 255);
  EXPECT_EQ(parsed->boot, 11U);
  for (const char* name :
       {"", ".control", "0001-673F3C2A", "0001_673F3C2A.control", "001-673F3C2A.control",
        "0001-673f3c2a.control", "00001-673F3C2A.control", "0001-673F3C2A.control.tmp"}) {
    EXPECT_FALSE(parse_control_file_name(name)) << name;
  }
}

}  // namespace
}  // namespace pixel::logfmt
