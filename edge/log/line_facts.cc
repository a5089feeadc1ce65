// SPDX-License-Identifier: Apache-2.0
// COLD: see line_facts.h.
#include "edge/log/line_facts.h"

#include "base/clock.h"
#include "logfmt/event_line.h"
#include "logfmt/format.h"

namespace pixel::edge {
namespace {

std::string_view field_of(std::string_view line, logfmt::Field field) {
  for (auto skipped = static_cast<std::size_t>(field); skipped > 0; --skipped) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) return {};
    line.remove_prefix(tab + 1);
  }
  return line.substr(0, line.find('\t'));
}

std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// "2026-11-20" and "18:52:00".
std::optional<std::int64_t> time_of(std::string_view line, logfmt::SegmentKind kind) {
  if (kind == logfmt::SegmentKind::kEvents) {
    const auto head = logfmt::parse_event_head(line);
    return head ? std::optional(head->unix_seconds) : std::nullopt;
  }
  const std::string_view date = field_of(line, logfmt::Field::kDate);
  const std::string_view time = field_of(line, logfmt::Field::kTime);
  if (date.size() != 10 || time.size() != 8) return std::nullopt;
  const auto year = number_at(date, 0, 4);
  const auto month = number_at(date, 5, 2);
  const auto day = number_at(date, 8, 2);
  const auto hour = number_at(time, 0, 2);
  const auto minute = number_at(time, 3, 2);
  const auto second = number_at(time, 6, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (*month < 1 || *month > 12 || *day < 1 || *day > 31 || *hour > 23) return std::nullopt;
  return base::unix_from_civil({*year, *month, *day, *hour, *minute, *second, 0});
}

std::optional<std::uint64_t> sequence_of(std::string_view line, const logfmt::LaneId& lane,
                                         const logfmt::RequestIdCipher* cipher) {
  if (lane.kind == logfmt::SegmentKind::kEvents) {
    const auto head = logfmt::parse_event_head(line);
    return head ? std::optional(head->sequence) : std::nullopt;
  }
  if (cipher == nullptr) return std::nullopt;
  const auto plain = cipher->decode(field_of(line, logfmt::Field::kRequestId));
  if (!plain || plain->node != lane.node || plain->boot != lane.boot) return std::nullopt;
  if (plain->worker != lane.worker) return std::nullopt;
  return plain->sequence;
}

}  // namespace

LineFacts read_line_facts(std::string_view text, const logfmt::LaneId& lane,
                          const logfmt::RequestIdCipher* cipher) {
  LineFacts facts;
  std::string_view last;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty() || line.front() == '#') continue;
    if (facts.lines++ == 0) {
      facts.first_sequence = sequence_of(line, lane, cipher);
      facts.first_line_at = time_of(line, lane.kind);
    }
    last = line;
  }
  if (facts.lines > 0) facts.last_sequence = sequence_of(last, lane, cipher);
  return facts;
}

}  // namespace pixel::edge
