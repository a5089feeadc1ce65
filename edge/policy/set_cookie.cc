// SPDX-License-Identifier: Apache-2.0
// HOT: see set_cookie.h.
#include "edge/policy/set_cookie.h"

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "edge/policy/text.h"

namespace pixel::edge {
namespace {

constexpr char kDays[] = "SunMonTueWedThuFriSat";
constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view kPattern = "Thu, 01 Jan 1970 00:00:00 GMT";
static_assert(kPattern.size() == kHttpDateBytes);
constexpr std::int64_t kYear9999Ends = 253'402'300'799;

void write_two_digits(char* out, int number) noexcept {
  out[0] = static_cast<char>('0' + number / 10 % 10);
  out[1] = static_cast<char>('0' + number % 10);
}

}  // namespace

std::string_view HttpDate::at(std::int64_t unix_seconds) noexcept {
  unix_seconds = std::clamp<std::int64_t>(unix_seconds, 0, kYear9999Ends);
  if (unix_seconds == unix_seconds_) return {text_, kHttpDateBytes};
  unix_seconds_ = unix_seconds;
  const base::CivilTime time = base::civil_from_unix(unix_seconds);
  std::memcpy(text_, kPattern.data(), kHttpDateBytes);
  std::memcpy(text_, kDays + 3 * time.weekday, 3);
  write_two_digits(text_ + 5, time.day);
  std::memcpy(text_ + 8, kMonths + 3 * (time.month - 1), 3);
  write_two_digits(text_ + 12, time.year / 100);
  write_two_digits(text_ + 14, time.year % 100);
  write_two_digits(text_ + 17, time.hour);
  write_two_digits(text_ + 20, time.minute);
  write_two_digits(text_ + 23, time.second);
  return {text_, kHttpDateBytes};
}

char* write_cookie(const CookieLine& line, std::string_view id, std::string_view expires,
                   std::size_t end, char* out) noexcept {
  out = policy_text::append(out, line.begin);
  out = policy_text::append(out, id);
  out = policy_text::append(out, line.life);
  out = policy_text::append(out, expires);
  return policy_text::append(out, line.ends[end]);
}

char* write_expired_cookie(const CookieLine& line, std::size_t end, char* out) noexcept {
  out = policy_text::append(out, line.begin);
  out = policy_text::append(out, "; Max-Age=0; Expires=");
  out = policy_text::append(out, kPattern);
  return policy_text::append(out, line.ends[end]);
}

}  // namespace pixel::edge
