// SPDX-License-Identifier: Apache-2.0
// What recovery needs to know of the lines in a cleaned segment text. COLD; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "logfmt/request_id.h"
#include "logfmt/segment_name.h"

namespace pixel::edge {

struct LineFacts {
  std::uint64_t lines = 0;  // Without those that begin with '#'.
  /// Decoded from the request id of the first and the last line, nothing where the id is of another
  /// key or lane; of events lines their "seq".
  std::optional<std::uint64_t> first_sequence;
  std::optional<std::uint64_t> last_sequence;
  /// Unix seconds of the first line's date and time fields; nothing where they are none.
  std::optional<std::int64_t> first_line_at;
};

/// `text` ends with a newline or is empty. `cipher` may be null: no sequences of access lines then.
LineFacts read_line_facts(std::string_view text, const logfmt::LaneId& lane,
                          const logfmt::RequestIdCipher* cipher);

}  // namespace pixel::edge
