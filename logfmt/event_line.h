// SPDX-License-Identifier: Apache-2.0
// The head of a line of an events segment: which request it belongs to, and its place in its lane.
// COLD: readers. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pixel::logfmt {

struct EventHead {
  std::string_view request_id;    // A view into the line: the id of its access line.
  std::uint32_t number = 0;       // Of the record in its request, from 0.
  std::uint64_t sequence = 0;     // Of the line in its lane, from 0 without gap.
  std::int64_t unix_seconds = 0;  // When the request was logged.
};

/// Reads the first four members, which stand at the begin of each line in this order and spelling:
/// {"id":"...","n":0,"seq":12,"time":"2026-11-20T18:52:00Z". Nothing where they do not.
std::optional<EventHead> parse_event_head(std::string_view line) noexcept;

}  // namespace pixel::logfmt
