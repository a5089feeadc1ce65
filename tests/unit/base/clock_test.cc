// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <gtest/gtest.h>

#include <ctime>

#include "base/prng.h"

namespace pixel::base {
namespace {

void expect_like_libc(std::int64_t second) {
  const auto libc_second = static_cast<std::time_t>(second);
  std::tm expected{};
  ASSERT_NE(::gmtime_r(&libc_second, &expected), nullptr);
  const CivilTime civil = civil_from_unix(second);
  ASSERT_EQ(civil.year, expected.tm_year + 1900) << second;
  ASSERT_EQ(civil.month, expected.tm_mon + 1) << second;
  ASSERT_EQ(civil.day, expected.tm_mday) << second;
  ASSERT_EQ(civil.hour, expected.tm_hour) << second;
  ASSERT_EQ(civil.minute, expected.tm_min) << second;
  ASSERT_EQ(civil.second, expected.tm_sec) << second;
  ASSERT_EQ(civil.weekday, expected.tm_wday) << second;
  ASSERT_EQ(unix_from_civil(civil), second);
}

std::int64_t seconds_of(int year, int month, int day) {
  std::tm date{};
  date.tm_year = year - 1900;
  date.tm_mon = month - 1;
  date.tm_mday = day;
  return ::timegm(&date);
}

TEST(Clock, EveryDayFrom1900To2200) {
  const std::int64_t end = seconds_of(2200, 12, 31);
  std::int64_t days = 0;
  for (std::int64_t second = seconds_of(1900, 1, 1); second <= end; second += 86'400, ++days) {
    ASSERT_NO_FATAL_FAILURE(expect_like_libc(second));
    ASSERT_NO_FATAL_FAILURE(expect_like_libc(second + 86'399));
  }
  EXPECT_EQ(days, 109'938) << "301 years, 73 of them leap years";
}

TEST(Clock, RandomSecondsOfTenThousandYears) {
  Prng prng(2);
  const std::int64_t first = seconds_of(-3000, 1, 1);
  const auto range = static_cast<std::uint64_t>(seconds_of(9999, 12, 31) - first);
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_NO_FATAL_FAILURE(expect_like_libc(first + static_cast<std::int64_t>(prng.below(range))));
  }
}

TEST(Clock, Iso8601) {
  EXPECT_EQ(format_iso8601(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_iso8601(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_iso8601(951'782'400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(format_iso8601(1'795'200'720), "2026-11-20T18:52:00Z");
}

TEST(Clock, Runs) {
  const std::uint64_t before = monotonic_ns();
  EXPECT_GE(monotonic_ns(), before);
  const auto now = static_cast<std::int64_t>(realtime_ns() / 1'000'000'000);
  EXPECT_LE(std::abs(now - static_cast<std::int64_t>(std::time(nullptr))), 1);
}

}  // namespace
}  // namespace pixel::base
