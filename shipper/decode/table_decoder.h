// SPDX-License-Identifier: Apache-2.0
// Lines -> rows of all tables of a sink. One sink's thread; no allocation per row.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "logfmt/segment_name.h"
#include "shipper/decode/chunk_lines.h"
#include "shipper/decode/decoder.h"
#include "shipper/decode/row_block.h"
#include "shipper/decode/row_rules.h"

namespace pixel::shipper {

/// What became of the lines of one call. lines = delivered + filtered + dead_lettered.
struct DecodeCounts {
  std::uint64_t lines = 0;
  std::uint64_t delivered = 0;         // Became a row, of one table at least.
  std::uint64_t filtered = 0;          // No table wanted it.
  std::uint64_t dead_lettered = 0;     // A table wanted it, or it is no line, and none has it.
  std::int64_t oldest_request_us = 0;  // Of the rows; 0 when there are none.
};

void add(DecodeCounts& sum, const DecodeCounts& counts) noexcept;

class TableDecoder {
 public:
  /// REQUIRES: names of tables, and of columns within one, are unique.
  explicit TableDecoder(const std::vector<TableSpec>& tables);

  /// Appends the rows of each table to its block, in the order of the tables, and to `dead_letters`
  /// each line that a table wanted and could not take: also where another table has a row of it.
  /// `text`: whole lines, which must live as long as the blocks; its first byte lies at `offset` of
  /// `segment`.
  DecodeCounts decode(const logfmt::SegmentId& segment, std::uint64_t offset, std::string_view text,
                      std::vector<RowBlock>& tables, std::vector<DeadLetter>& dead_letters);

  /// Whole lines from the front of `text`, as many as are best decoded at once; all of it where no
  /// newline follows.
  static std::string_view front_piece(std::string_view text) noexcept;

  /// Gives every table its block and every block its columns, also where there is no row.
  void shape(std::vector<RowBlock>& tables) const;

 private:
  struct Table {
    std::string name;
    logfmt::SegmentKind source;
    std::size_t column_count;         // Of the sink's; the decoder may have more.
    std::size_t time_column;          // Or column_count.
    std::unique_ptr<RowStage> stage;  // Null: every line is a row as it is.
    Decoder decoder;
    std::vector<CellColumn> scratch;  // Of the columns that only the rules need.
  };
  enum class Fate : std::uint8_t { kFiltered, kFailed, kDelivered };

  DecodeCounts decode_piece(const logfmt::SegmentId& segment, std::uint64_t offset,
                            std::string_view text, std::vector<RowBlock>& tables,
                            std::vector<DeadLetter>& dead_letters);
  void decode_table(Table& table, RowBlock& rows);
  void drop_failed(Table& table);
  void compact();
  void fail_line(const Table& table, std::uint32_t line, std::string reason);
  DecodeCounts settle(const std::vector<RowBlock>& tables, std::vector<DeadLetter>& dead_letters);

  std::vector<Table> tables_;
  ChunkLines chunk_;
  // Of one call.
  std::vector<Fate> fates_;  // By line.
  std::vector<LineFailure> failures_;
  std::int64_t oldest_us_ = 0;
  // Of one table.
  std::vector<std::uint32_t> selection_;
  std::vector<Cell*> cells_;
  std::vector<std::uint8_t> keep_;
  std::vector<LineFailure> table_failures_;
};

}  // namespace pixel::shipper
