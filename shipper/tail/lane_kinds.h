// SPDX-License-Identifier: Apache-2.0
// Which kinds of lanes somebody wants: of a sink, those that its tables are made of. Pure.
#pragma once

#include "logfmt/segment_name.h"

namespace pixel::shipper {

struct LaneKinds {
  bool access = true;
  bool events = true;

  constexpr bool has(logfmt::SegmentKind kind) const noexcept {
    return logfmt::line_kind(kind) == logfmt::SegmentKind::kAccess ? access : events;
  }
  void add(logfmt::SegmentKind kind) noexcept {
    (logfmt::line_kind(kind) == logfmt::SegmentKind::kAccess ? access : events) = true;
  }
};
inline constexpr LaneKinds kAllLanes{true, true};
inline constexpr LaneKinds kNoLanes{false, false};

}  // namespace pixel::shipper
