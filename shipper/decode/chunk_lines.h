// SPDX-License-Identifier: Apache-2.0
// The lines of one chunk of a segment, of either kind, numbered: what all tables read from. One
// sink's thread; borrows the text; keeps its memory between chunks.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "logfmt/line_decode.h"
#include "logfmt/segment_name.h"
#include "shipper/decode/event_lines.h"

namespace pixel::shipper {

class ChunkLines {
 public:
  /// A line that is none, whatever a table wants.
  struct BadLine {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::string_view reason;  // Lives for ever.
  };

  /// `text` (whole lines; its first byte lies at `offset` of `segment`) must outlive the use.
  void decode(const logfmt::SegmentId& segment, std::uint64_t offset, std::string_view text);

  logfmt::SegmentKind kind() const noexcept { return logfmt::line_kind(segment_.lane.kind); }
  const logfmt::SegmentId& segment() const noexcept { return segment_; }
  /// Good lines; they are numbered from 0.
  std::size_t count() const noexcept {
    return kind() == logfmt::SegmentKind::kAccess ? table_.lines().size() : events_.size();
  }
  std::span<const BadLine> bad_lines() const noexcept { return bad_lines_; }
  /// The line without its newline, and where it lies in its segment.
  std::string_view line(std::size_t number) const noexcept;
  std::uint64_t offset(std::size_t number) const noexcept { return offset_ + begin(number); }
  std::string_view text() const noexcept { return text_; }
  std::uint64_t text_offset() const noexcept { return offset_; }

  /// REQUIRES: access lines.
  const logfmt::LineTable& table() const noexcept { return table_; }
  /// No byte above 127: nothing to validate in a text that lies here as it is. REQUIRES: the same.
  bool is_plain() const noexcept { return table_.is_ascii(); }
  std::string_view field(std::size_t number, logfmt::Field field) const noexcept {
    return table_.field(table_.lines()[number], field);
  }
  /// REQUIRES: events.
  const EventLine& event(std::size_t number) const noexcept { return events_[number].event; }

 private:
  struct PlacedEvent {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    EventLine event;
  };
  void decode_events();
  std::uint32_t begin(std::size_t number) const noexcept {
    return kind() == logfmt::SegmentKind::kAccess ? table_.lines()[number].begin
                                                  : events_[number].begin;
  }

  logfmt::SegmentId segment_;
  std::uint64_t offset_ = 0;
  std::string_view text_;
  logfmt::LineTable table_;
  std::vector<PlacedEvent> events_;
  std::vector<BadLine> bad_lines_;
};

}  // namespace pixel::shipper
