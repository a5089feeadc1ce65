// SPDX-License-Identifier: Apache-2.0
// A line of an events segment as views of its members. One sink's thread; no allocation per line.
// The members and their order are logfmt/FORMAT.md's, section 2.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "logfmt/event_line.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {

struct EventLine {
  logfmt::EventHead head;
  /// Raw JSON values by EventMember; data() is null where the member is absent.
  std::array<std::string_view, kEventMemberCount> members;

  std::string_view member(EventMember which) const noexcept {
    return members[static_cast<std::size_t>(which)];
  }
};

/// Why a line is no event; dead letters carry these. Null: it is one.
const char* parse_event_line(std::string_view line, EventLine& event) noexcept;

/// The name of a member as the line spells it ("type", not content_type).
std::string_view event_member_name(EventMember member) noexcept;

}  // namespace pixel::shipper
