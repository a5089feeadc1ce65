// SPDX-License-Identifier: Apache-2.0
// COLD: see event_line.h.
#include "logfmt/event_line.h"

#include <charconv>

#include "base/clock.h"

namespace pixel::logfmt {
namespace {

constexpr std::size_t kIdBytes = 22;
constexpr std::string_view kTimeShape = "0000-00-00T00:00:00Z";  // A digit for each 0.

bool take(std::string_view& text, std::string_view expected) noexcept {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

// A JSON number without sign, fraction or leading zero.
template <typename Number>
bool take_number(std::string_view& text, Number& number) noexcept {
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || (text[0] == '0' && next != text.data() + 1)) return false;
  text.remove_prefix(static_cast<std::size_t>(next - text.data()));
  return true;
}

int digits_at(std::string_view text, std::size_t at, std::size_t count) noexcept {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) value = value * 10 + (text[i] - '0');
  return value;
}

std::optional<std::int64_t> parse_time(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kTimeShape.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kTimeShape[i] == '0' ? !is_digit : text[i] != kTimeShape[i]) return std::nullopt;
  }
  base::CivilTime civil{};
  civil.year = digits_at(text, 0, 4);
  civil.month = digits_at(text, 5, 2);
  civil.day = digits_at(text, 8, 2);
  civil.hour = digits_at(text, 11, 2);
  civil.minute = digits_at(text, 14, 2);
  civil.second = digits_at(text, 17, 2);
  if (civil.month < 1 || civil.month > 12 || civil.day < 1 || civil.day > 31) return std::nullopt;
  if (civil.hour > 23 || civil.minute > 59 || civil.second > 60) return std::nullopt;
  return base::unix_from_civil(civil);
}

}  // namespace

std::optional<EventHead> parse_event_head(std::string_view line) noexcept {
  EventHead head;
  if (!take(line, "{\"id\":\"") || line.size() < kIdBytes) return std::nullopt;
  head.request_id = line.substr(0, kIdBytes);
  if (head.request_id.find_first_of("\"\\") != std::string_view::npos) return std::nullopt;
  line.remove_prefix(kIdBytes);
  if (!take(line, "\",\"n\":") || !take_number(line, head.number)) return std::nullopt;
  if (!take(line, ",\"seq\":") || !take_number(line, head.sequence)) return std::nullopt;
  if (!take(line, ",\"time\":\"") || line.size() <= kTimeShape.size()) return std::nullopt;
  const auto seconds = parse_time(line);
  if (!seconds || line[kTimeShape.size()] != '"') return std::nullopt;
  head.unix_seconds = *seconds;
  return head;
}

}  // namespace pixel::logfmt
