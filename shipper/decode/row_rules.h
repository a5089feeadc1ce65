// SPDX-License-Identifier: Apache-2.0
// What happens to a table's rows beside decoding: which lines it takes, and what is done to the
// decoded values. The seam that shipper/transform fills: decode knows no expression and no verb.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/decode/chunk_lines.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {

/// A line that a table could not take, and why.
struct LineFailure {
  std::uint32_t line = 0;  // Its number in the chunk.
  std::string reason;
};

/// The rules at work for one table of one sink. Its thread's; keeps scratch memory.
class RowStage {
 public:
  virtual ~RowStage() = default;

  /// Leaves those lines in `selection` (numbers in `chunk`, ascending) that the table wants. A line
  /// of which nobody can tell, because a value does not fit, goes to `failures` instead.
  virtual void select(const ChunkLines& chunk, std::vector<std::uint32_t>& selection,
                      std::vector<LineFailure>& failures) = 0;

  /// Works on `keep.size()` decoded rows: cells[c][i] is column c (in the order of
  /// RowRules::inputs) of row i. Clears keep[i] of rows that are not wanted after all.
  virtual void change(std::span<Cell* const> cells, std::span<std::uint8_t> keep,
                      TextArena& arena) = 0;
};

/// Checked rules; never change, shared by threads.
class RowRules {
 public:
  virtual ~RowRules() = default;
  /// The columns to decode: those of the table first, in its order, then those that only the rules
  /// need.
  virtual const std::vector<ColumnSpec>& inputs() const = 0;
  virtual std::unique_ptr<RowStage> start() const = 0;
  /// The same text for rules that do the same.
  virtual std::string_view description() const = 0;
};

}  // namespace pixel::shipper
