// SPDX-License-Identifier: Apache-2.0
// Decoded rows by column: what every sink reads. Filled once per batch by the decoder.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "logfmt/format.h"
#include "logfmt/segment_name.h"
#include "shipper/decode/text_arena.h"

namespace pixel::shipper {

enum class ColumnType : std::uint8_t {
  kVarchar,
  kInteger,  // 64 bits.
  kDouble,
  kBoolean,
  kTimestamp,  // Microseconds since 1970-01-01T00:00:00Z.
};
std::string_view column_type_name(ColumnType type) noexcept;

/// Where a column's value comes from.
enum class ColumnSource : std::uint8_t {
  kField,        // A field of the line.
  kQuery,        // A parameter of the query string, decoded.
  kRequestTime,  // Fields date and time as one timestamp.
  kSegment,      // Lineage: the segment's text id.
  kOffset,       // Lineage: the line's first byte in its segment.
};

struct ColumnSpec {
  std::string name;  // Lower case letters, digits, '_'; unique in its table.
  ColumnType type = ColumnType::kVarchar;
  ColumnSource source = ColumnSource::kField;
  logfmt::Field field{};        // kField.
  std::string parameter;        // kQuery.
  bool null_on_error = false;   // A value that does not fit: NULL, not the dead letter.
  bool percent_decode = false;  // kField: decode %XX once.
};

/// One value. `data` of a text points into its RowBlock's arena. Texts are valid UTF-8 without NUL.
struct Cell {
  bool null = true;
  std::uint32_t size = 0;  // kVarchar.
  union {
    const char* data = nullptr;  // kVarchar.
    std::int64_t integer;        // kInteger, kBoolean (0 or 1), kTimestamp.
    double real;                 // kDouble.
  };
  std::string_view text() const noexcept { return {data, size}; }
};

/// Rows by column. All columns have row_count cells. Valid as long as its Batch.
struct RowBlock {
  std::vector<std::vector<Cell>> columns;  // In the order of the specs.
  std::size_t row_count = 0;
  TextArena text;  // Holds the lines and what was decoded from them.
};

/// A line that did not become a row, with everything needed to look at it again.
struct DeadLetter {
  logfmt::SegmentId segment;
  std::uint64_t offset = 0;
  std::string reason;  // "column sc_bytes: not an integer: 'x'", or the name of a BadLine.
  std::string line;    // Without its newline.
};

}  // namespace pixel::shipper
