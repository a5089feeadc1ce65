// SPDX-License-Identifier: Apache-2.0
// See values.h.
#include "shipper/decode/values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/clock.h"
#include "base/page_read.h"

namespace pixel::shipper {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;

// The number of exactly the digits text[at, at + count); negative where one is not a digit.
int digits_at(std::string_view text, std::size_t at, std::size_t count) noexcept {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    const int digit = text[i] - '0';
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

bool is_leap(int year) noexcept { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in_month(int year, int month) noexcept {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

// ".123" -> 123000; negative where it is no fraction of 1 to 9 digits.
std::int64_t fraction_us(std::string_view text) noexcept {
  if (text.size() < 2 || text.size() > 10 || text.front() != '.') return -1;
  std::int64_t us = 0;
  for (std::size_t i = 1; i <= 6; ++i) {
    const int digit = i < text.size() ? text[i] - '0' : 0;
    if (digit < 0 || digit > 9) return -1;
    us = us * 10 + digit;
  }
  for (std::size_t i = 7; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
  }
  return us;
}

constexpr std::size_t kShortDigits = 8;

// All digits of a short number in one word, the last one in its highest byte; then pairs, fours and
// eights of them are added up. Negative where a byte is no digit. REQUIRES: lies_in_one_page.
inline std::int64_t parse_short(std::string_view text) noexcept {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t word = 0;
  std::memcpy(&word, text.data(), kShortDigits);
  const std::size_t shift = 8 * (kShortDigits - text.size());
  constexpr std::uint64_t each = 0x0101010101010101;
  // A byte below '0' borrows from the next, but is itself above 9 then, and shows.
  std::uint64_t digits = (word << shift) - (each * '0' << shift);
  const std::uint64_t above_nine = (digits + each * (0x7F - 9)) | digits;
  if ((above_nine & each * 0x80) != 0) return -1;
  digits = digits * 10 + (digits >> 8);
  constexpr std::uint64_t every_fourth = 0x000000FF000000FF;
  constexpr std::uint64_t first_pairs = 100 + (std::uint64_t{1'000'000} << 32);
  constexpr std::uint64_t second_pairs = 1 + (std::uint64_t{10'000} << 32);
  digits = (digits & every_fourth) * first_pairs + (digits >> 16 & every_fourth) * second_pairs;
  return static_cast<std::int64_t>(digits >> 32);
}

std::optional<std::int64_t> parse_unix_time(std::string_view text) noexcept {
  const auto number = parse_integer(text);
  if (!number || *number < 0) return std::nullopt;
  constexpr std::int64_t milliseconds_from = 100'000'000'000;
  constexpr std::int64_t milliseconds_to = 100'000'000'000'000;
  if (*number < milliseconds_from) return *number * kSecondUs;
  if (*number < milliseconds_to) return *number * 1000;
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  if (text.size() - 1 < kShortDigits && base::lies_in_one_page(text.data(), kShortDigits)) {
    const std::int64_t number = parse_short(text);
    if (number >= 0) [[likely]]
      return number;
  }
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 19) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (digit > 9) return std::nullopt;
    value = value * 10 + digit;
  }
  const std::uint64_t limit = static_cast<std::uint64_t>(INT64_MAX) + (negative ? 1 : 0);
  if (value > limit) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - value : value);
}

std::optional<double> parse_double(std::string_view text) noexcept {
  // The usual "0.123": exact in 53 bits, no need of the general algorithm.
  const std::size_t dot = text.size() - std::min<std::size_t>(text.size(), 4);
  if (dot >= 1 && dot <= 9 && text[dot] == '.') {
    const int whole = digits_at(text, 0, dot);
    const int thousandths = digits_at(text, dot + 1, 3);
    if (whole >= 0 && thousandths >= 0) return (whole * 1000.0 + thousandths) / 1000.0;
  }
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<bool> parse_boolean(std::string_view text) noexcept {
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off") return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_date_time(std::string_view date, std::string_view time) noexcept {
  if (date.size() != 10 || time.size() != 8) return std::nullopt;
  if (date[4] != '-' || date[7] != '-' || time[2] != ':' || time[5] != ':') return std::nullopt;
  base::CivilTime civil{};
  civil.year = digits_at(date, 0, 4);
  civil.month = digits_at(date, 5, 2);
  civil.day = digits_at(date, 8, 2);
  civil.hour = digits_at(time, 0, 2);
  civil.minute = digits_at(time, 3, 2);
  civil.second = digits_at(time, 6, 2);
  if (civil.year < 0 || civil.month < 1 || civil.month > 12 || civil.day < 1) return std::nullopt;
  if (civil.day > days_in_month(civil.year, civil.month)) return std::nullopt;
  if (civil.hour < 0 || civil.hour > 23 || civil.minute < 0 || civil.minute > 59) {
    return std::nullopt;
  }
  if (civil.second < 0 || civil.second > 60) return std::nullopt;
  return base::unix_from_civil(civil) * kSecondUs;
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept {
  if (text.size() < 19) return parse_unix_time(text);
  if (text[10] != 'T' && text[10] != ' ') return std::nullopt;
  const auto seconds = parse_date_time(text.substr(0, 10), text.substr(11, 8));
  if (!seconds) return std::nullopt;
  text.remove_prefix(19);
  if (text.ends_with('Z')) text.remove_suffix(1);
  if (text.empty()) return seconds;
  const std::int64_t us = fraction_us(text);
  if (us < 0) return std::nullopt;
  return *seconds + us;
}

bool write_uuid(std::string_view text, char* out) noexcept {
  constexpr std::size_t digits_count = 32;
  const bool has_dashes = text.size() == digits_count + 4;
  if (!has_dashes && text.size() != digits_count) return false;
  std::size_t at = 0;
  for (std::size_t i = 0; i < digits_count; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) {
      if (has_dashes && text[at++] != '-') return false;
      *out++ = '-';
    }
    const char c = text[at++];
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c | 0x20) : c;
    if (!(lower >= '0' && lower <= '9') && !(lower >= 'a' && lower <= 'f')) return false;
    *out++ = lower;
  }
  return true;
}

bool is_ip_address(std::string_view text) noexcept {
  char copy[INET6_ADDRSTRLEN] = {};
  if (text.empty() || text.size() >= sizeof copy) return false;
  std::memcpy(copy, text.data(), text.size());
  if (std::strlen(copy) != text.size()) return false;
  in6_addr address{};
  const int family = text.find(':') == std::string_view::npos ? AF_INET : AF_INET6;
  return ::inet_pton(family, copy, &address) == 1;
}

}  // namespace pixel::shipper
