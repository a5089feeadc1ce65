// SPDX-License-Identifier: Apache-2.0
// See chunk_lines.h.
#include "shipper/decode/chunk_lines.h"

namespace pixel::shipper {
void ChunkLines::decode(const logfmt::SegmentId& segment, std::uint64_t offset,
                        std::string_view text) {
  segment_ = segment;
  offset_ = offset;
  text_ = text;
  bad_lines_.clear();
  if (kind() == logfmt::SegmentKind::kEvents) return decode_events();
  table_.decode(text);
  for (const logfmt::BadLineRef& bad : table_.bad_lines()) {
    bad_lines_.push_back({bad.begin, bad.end, logfmt::bad_line_name(bad.reason)});
  }
}

void ChunkLines::decode_events() {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text_.size();) {
    const std::size_t newline = text_.find('\n', at);
    if (newline == std::string_view::npos) break;
    const std::string_view line = text_.substr(at, newline - at);
    const auto begin = static_cast<std::uint32_t>(at);
    const auto end = static_cast<std::uint32_t>(newline);
    at = newline + 1;
    if (line.empty() || line.front() == '#') continue;
    if (count == events_.size()) events_.emplace_back();
    PlacedEvent& placed = events_[count];
    if (const char* reason = parse_event_line(line, placed.event)) {
      bad_lines_.push_back({begin, end, reason});
      continue;
    }
    placed.begin = begin;
    placed.end = end;
    ++count;
  }
  events_.resize(count);
}

std::string_view ChunkLines::line(std::size_t number) const noexcept {
  const std::uint32_t from = begin(number);
  const std::uint32_t to =
      kind() == logfmt::SegmentKind::kAccess ? table_.lines()[number].end : events_[number].end;
  return text_.substr(from, to - from);
}

}  // namespace pixel::shipper
