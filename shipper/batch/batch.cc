// SPDX-License-Identifier: Apache-2.0
// See batch.h. COLD.
#include "shipper/batch/batch.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace pixel::shipper {

std::string_view flush_reason_name(FlushReason reason) noexcept {
  switch (reason) {
    case FlushReason::kRows:
      return "rows";
    case FlushReason::kBytes:
      return "bytes";
    case FlushReason::kAge:
      return "age";
    case FlushReason::kDrain:
      return "drain";
  }
  return "unknown";
}

std::string Batch::token() const {
  std::string text;
  for (const Range& range : ranges) {
    text += fmt::format("{}:{}-{};", to_text(range.segment), range.from, range.to);
  }
  return fmt::format("{:016x}", base::hash64(text));
}

}  // namespace pixel::shipper
