// SPDX-License-Identifier: Apache-2.0
// The two clocks and UTC calendar arithmetic. No time zone, no locale.
#pragma once

#include <ctime>

#include <cstdint>
#include <string>

namespace pixel::base {

/// CLOCK_MONOTONIC in nanoseconds: for ages and timeouts.
inline std::uint64_t monotonic_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

/// CLOCK_REALTIME in nanoseconds since 1970-01-01T00:00:00Z: for what is written down.
inline std::uint64_t realtime_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

/// A UTC calendar time. month and day count from 1; weekday 0 is Sunday.
struct CivilTime {
  int year;
  int month;
  int day;
  int hour;
  int minute;
  int second;
  int weekday;
};

/// The proleptic Gregorian calendar time of `unix_seconds`.
CivilTime civil_from_unix(std::int64_t unix_seconds) noexcept;

/// The inverse of civil_from_unix; `weekday` is not read.
std::int64_t unix_from_civil(const CivilTime& civil) noexcept;

/// "2026-11-20T18:52:00Z". COLD.
std::string format_iso8601(std::int64_t unix_seconds);

}  // namespace pixel::base
