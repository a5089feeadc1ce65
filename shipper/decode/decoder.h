// SPDX-License-Identifier: Apache-2.0
// Lines -> typed cells, column by column. One sink's thread; keeps scratch memory between calls,
// allocates nothing per row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/decode/chunk_lines.h"
#include "shipper/decode/row_block.h"
#include "shipper/decode/value_pass.h"

namespace pixel::shipper {

class Decoder {
 public:
  /// REQUIRES: fewer than 65,535 columns.
  explicit Decoder(std::vector<ColumnSpec> columns);

  const std::vector<ColumnSpec>& columns() const noexcept { return columns_; }

  /// Writes the value of column c of line selection[i] to cells[c][i]. "-" is NULL, or the column's
  /// default. Texts lie in the chunk's text or in `arena`.
  void decode(const ChunkLines& chunk, std::span<const std::uint32_t> selection,
              std::span<Cell* const> cells, TextArena& arena);

  /// Of the last decode(): did a value not fit a column whose lines are dead letters then?
  bool has_failures() const noexcept { return has_failures_; }
  bool has_failed(std::size_t place) const noexcept { return failed_[place] != kFine; }
  /// The column's place. REQUIRES: has_failed(place).
  std::size_t failed_column(std::size_t place) const noexcept { return failed_[place]; }
  /// "column sc_bytes: not an integer: 'x'", of a line whose column failed.
  std::string failure_reason(const ChunkLines& chunk, std::size_t line, std::size_t column);

 private:
  static constexpr std::uint16_t kFine = UINT16_MAX;
  struct Call {
    const ChunkLines& chunk;
    std::span<const std::uint32_t> selection;
    std::span<Cell* const> cells;
    TextArena& arena;
  };

  void decode_column(const Call& call, std::size_t column);
  void decode_field(const Call& call, std::size_t column);
  void decode_text_field(const Call& call, std::size_t column);
  void decode_integer_field(const Call& call, std::size_t column);
  void decode_time(const Call& call, std::size_t column);
  void decode_member(const Call& call, std::size_t column);
  void decode_request_id(const Call& call, std::size_t column);
  void decode_pass(const Call& call, ValuePass& pass);
  void decode_slot(const Call& call, const ValuePass& pass, const ValuePass::Slot& slot,
                   std::size_t place);
  void put_failed(std::size_t column, std::size_t place, Cell& cell);
  std::string_view shown_value(const ChunkLines& chunk, std::size_t line, std::size_t column);

  std::vector<ColumnSpec> columns_;
  std::vector<ValuePass> passes_;
  std::vector<Cell> defaults_;  // By column, of one call.
  std::vector<std::uint16_t> failed_;
  bool has_failures_ = false;
  TextArena shown_;  // Of failure_reason.
};

}  // namespace pixel::shipper
