// SPDX-License-Identifier: Apache-2.0
// See clock.h. Calendar by counting days in 400-year eras that begin on March 1st, so that the
// leap day is the last of a year.
#include "base/clock.h"

#include <fmt/format.h>

namespace pixel::base {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kEraDays = 146'097;           // 400 years.
constexpr std::int64_t kDaysToMarchYear0 = 719'468;  // From 0000-03-01 to 1970-01-01.

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

}  // namespace

CivilTime civil_from_unix(std::int64_t unix_seconds) noexcept {
  const std::int64_t days = floor_div(unix_seconds, kDaySeconds);
  const std::int64_t rest = unix_seconds - days * kDaySeconds;
  const std::int64_t shifted = days + kDaysToMarchYear0;
  const std::int64_t era = floor_div(shifted, kEraDays);
  const std::int64_t day_of_era = shifted - era * kEraDays;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t march_month = (5 * day_of_year + 2) / 153;
  CivilTime civil{};
  civil.day = static_cast<int>(day_of_year - (153 * march_month + 2) / 5 + 1);
  civil.month = static_cast<int>(march_month < 10 ? march_month + 3 : march_month - 9);
  civil.year = static_cast<int>(year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0));
  civil.hour = static_cast<int>(rest / 3'600);
  civil.minute = static_cast<int>(rest / 60 % 60);
  civil.second = static_cast<int>(rest % 60);
  civil.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  return civil;
}

std::int64_t unix_from_civil(const CivilTime& civil) noexcept {
  const std::int64_t year = civil.year - (civil.month <= 2 ? 1 : 0);
  const std::int64_t era = floor_div(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t march_month = (civil.month + 9) % 12;
  const std::int64_t day_of_year = (153 * march_month + 2) / 5 + civil.day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  const std::int64_t days = era * kEraDays + day_of_era - kDaysToMarchYear0;
  return days * kDaySeconds + civil.hour * 3'600 + civil.minute * 60 + civil.second;
}

std::string format_iso8601(std::int64_t unix_seconds) {
  const CivilTime c = civil_from_unix(unix_seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour,
                     c.minute, c.second);
}

}  // namespace pixel::base
