// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace pixel::base {
namespace {

TEST(Units, BytesWithTheirUnits) {
  EXPECT_EQ(parse_bytes("0"), 0U);
  EXPECT_EQ(parse_bytes("0B"), 0U);
  EXPECT_EQ(parse_bytes("512B"), 512U);
  EXPECT_EQ(parse_bytes("64KiB"), 65'536U);
  EXPECT_EQ(parse_bytes("64MiB"), 67'108'864U);
  EXPECT_EQ(parse_bytes("2GiB"), 2'147'483'648U);
  EXPECT_EQ(parse_bytes("3KB"), 3'000U);
  EXPECT_EQ(parse_bytes("3MB"), 3'000'000U);
  EXPECT_EQ(parse_bytes("3GB"), 3'000'000'000U);
  EXPECT_EQ(parse_bytes("18446744073709551615B"), UINT64_MAX);
}

TEST(Units, DurationsWithTheirUnits) {
  EXPECT_EQ(parse_duration_ns("0"), 0U);
  EXPECT_EQ(parse_duration_ns("7ns"), 7U);
  EXPECT_EQ(parse_duration_ns("250us"), 250'000U);
  EXPECT_EQ(parse_duration_ns("20ms"), 20'000'000U);
  EXPECT_EQ(parse_duration_ns("60s"), 60'000'000'000U);
  EXPECT_EQ(parse_duration_ns("5m"), 300'000'000'000U);
  EXPECT_EQ(parse_duration_ns("24h"), 86'400'000'000'000U);
  EXPECT_EQ(parse_duration_ns("30d"), 2'592'000'000'000'000U);
}

TEST(Units, RefusesEverythingElse) {
  for (const char* text :
       {"", "1", "64", "B", "MiB", "-1B", "+1B", " 1B", "1 B", "1B ", "1.5MiB", "1mib", "1kB",
        "1Bx", "0x1B", "1TiB", "18446744073709551616B", "18014398509481984KiB"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
  for (const char* text : {"", "1", "s", "-1s", "+1s", "1 s", " 1s", "1S", "1sec", "1min", "1.5s",
                           "18446744073709551616ns", "213504d", "5124096h"}) {
    EXPECT_FALSE(parse_duration_ns(text)) << text;
  }
  EXPECT_TRUE(parse_duration_ns("213503d"));
}

TEST(Units, FormatIsShortAndExact) {
  EXPECT_EQ(format_bytes(0), "0");
  EXPECT_EQ(format_bytes(1), "1B");
  EXPECT_EQ(format_bytes(1'000), "1KB");
  EXPECT_EQ(format_bytes(1'024), "1KiB");
  EXPECT_EQ(format_bytes(67'108'864), "64MiB");
  EXPECT_EQ(format_bytes(67'108'865), "67108865B");
  EXPECT_EQ(format_duration_ns(0), "0");
  EXPECT_EQ(format_duration_ns(60 * kSecondNs), "1m");
  EXPECT_EQ(format_duration_ns(90 * kSecondNs), "90s");
  EXPECT_EQ(format_duration_ns(1'500 * kMillisecondNs), "1500ms");
  EXPECT_EQ(format_duration_ns(86'400 * kSecondNs), "1d");
  EXPECT_EQ(format_duration_ns(1), "1ns");
}

TEST(Units, WhatIsFormattedReadsBack) {
  Prng prng(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t value = (prng.next() >> prng.below(64)) * (i % 2 == 0 ? 1 : 1'000);
    EXPECT_EQ(parse_bytes(format_bytes(value)), value);
    EXPECT_EQ(parse_duration_ns(format_duration_ns(value)), value);
  }
  EXPECT_EQ(parse_bytes(format_bytes(UINT64_MAX)), UINT64_MAX);
}

}  // namespace
}  // namespace pixel::base
