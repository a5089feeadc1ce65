// SPDX-License-Identifier: Apache-2.0
// See batch.h. COLD.
#include "shipper/batch/batch.h"

#include <fmt/format.h>

#include <utility>

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

void Batch::reuse() {
  Batch empty;
  empty.text = std::move(text);
  empty.text.reuse();
  empty.tables = std::move(tables);
  for (RowBlock& rows : empty.tables) rows.reuse();
  *this = std::move(empty);
}

std::uint64_t Batch::row_count() const noexcept {
  std::uint64_t count = 0;
  for (const RowBlock& rows : tables) count += rows.row_count;
  return count;
}

std::string Batch::token() const {
  std::string places;
  for (const Range& range : ranges) {
    places += fmt::format("{}:{}-{};", to_text(range.segment), range.from, range.to);
  }
  return fmt::format("{:016x}", base::hash64(places));
}

}  // namespace pixel::shipper
