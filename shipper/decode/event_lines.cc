// SPDX-License-Identifier: Apache-2.0
// See event_lines.h.
#include "shipper/decode/event_lines.h"

#include "logfmt/line_decode.h"
#include "shipper/decode/json_text.h"

namespace pixel::shipper {
namespace {

constexpr std::array<std::string_view, kEventMemberCount> kNames{
    "id",   "n",       "seq",        "time",    "client", "host",  "path",     "query",
    "type", "visitor", "user_agent", "referer", "cut",    "fault", "encoding", "record"};

}  // namespace

std::string_view event_member_name(EventMember member) noexcept {
  return kNames[static_cast<std::size_t>(member)];
}

const char* parse_event_line(std::string_view line, EventLine& event) noexcept {
  if (line.size() > logfmt::kLineBytesMax) return "event: longer than a line may be";
  const auto head = logfmt::parse_event_head(line);
  if (!head) return "event: does not begin with id, n, seq and time";
  if (!is_json(line)) return "event: not one JSON object in UTF-8";
  event.head = *head;
  event.members.fill({});
  // In their order: the next name is nearly always the one looked for.
  std::size_t next = 0;
  for_each_json_member(line, [&](std::string_view key, std::string_view value) {
    for (std::size_t i = 0; i < kEventMemberCount; ++i) {
      const std::size_t at = (next + i) % kEventMemberCount;
      if (kNames[at] != key) continue;
      if (event.members[at].data() == nullptr) event.members[at] = value;
      next = at + 1;
      return;
    }
  });
  if (event.member(EventMember::kRecord).data() == nullptr) return "event: has no record";
  return nullptr;
}

}  // namespace pixel::shipper
