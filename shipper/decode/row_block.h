// SPDX-License-Identifier: Apache-2.0
// Decoded rows by column: what every sink reads. Filled once per batch by the decoder.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "logfmt/format.h"
#include "logfmt/segment_name.h"
#include "shipper/decode/json_text.h"
#include "shipper/decode/text_arena.h"

namespace pixel::shipper {

enum class ColumnType : std::uint8_t {
  kVarchar,
  kInteger,  // 64 bits.
  kDouble,
  kBoolean,
  kTimestamp,  // Microseconds since 1970-01-01T00:00:00Z.
  kUuid,       // Text of 36 characters, lower case.
  kInet,       // Text: an IPv4 or IPv6 address, valid.
  kJson,       // Text: one JSON value, valid.
};
std::string_view column_type_name(ColumnType type) noexcept;

/// True where cells hold text.
constexpr bool is_text(ColumnType type) noexcept {
  return type == ColumnType::kVarchar || type >= ColumnType::kUuid;
}

/// Where a column's value comes from.
enum class ColumnSource : std::uint8_t {
  kField,        // A field of the line.
  kQuery,        // A parameter of the query string, decoded.
  kRequestTime,  // Fields date and time as one timestamp; of an event its own.
  kSegment,      // Lineage: the segment's text id.
  kOffset,       // Lineage: the line's first byte in its segment.
  kRequestId,    // Lineage: x-edge-request-id; of an event that of its request.
  kCookie,       // A cookie of field 13, decoded.
  kMember,       // A member of an event's line.
};

/// The members of an event's line, in its order (logfmt/FORMAT.md, section 2).
enum class EventMember : std::uint8_t {
  kId,
  kNumber,
  kSequence,
  kTime,
  kClient,
  kHost,
  kPath,
  kQuery,
  kContentType,
  kVisitor,
  kUserAgent,
  kReferer,
  kCut,
  kFault,
  kEncoding,
  kRecord,
};
inline constexpr std::size_t kEventMemberCount = 16;

/// How often a field's %XX is undone. CloudFront's logs of 2014 to 2018 have user agents, and some
/// other fields, encoded twice; the edge and today's CloudFront encode once.
enum class DecodeMode : std::uint8_t {
  kOnce,
  kTwice,
  kAuto,  // Twice where every '%' of the value begins a "%25XX", else once.
};

/// What a value that does not fit its column does.
enum class OnError : std::uint8_t { kDeadLetter, kNull, kDefault };

/// What stands for a value that is absent. The type is the column's.
struct DefaultValue {
  bool is_set = false;
  std::int64_t integer = 0;  // kInteger, kBoolean, kTimestamp.
  double real = 0;
  std::string text;
};

struct ColumnSpec {
  std::string name;  // Lower case letters, digits, '_'; unique in its table.
  ColumnType type = ColumnType::kVarchar;
  ColumnSource source = ColumnSource::kField;
  logfmt::Field field{};        // kField.
  std::string parameter;        // kQuery, kCookie: its name.
  EventMember member{};         // kMember.
  bool has_path = false;        // kQuery, kCookie, kMember: the text is JSON, and the value is
  JsonPath path;                // what lies at this path in it.
  bool percent_decode = false;  // kField: decode %XX.
  DecodeMode decode_mode = DecodeMode::kOnce;
  OnError on_error = OnError::kDeadLetter;
  DefaultValue default_value;
};

class RowRules;

/// One table as a sink stores it.
struct TableSpec {
  std::string name;                                           // Spelled like a column.
  logfmt::SegmentKind source = logfmt::SegmentKind::kAccess;  // The lanes its rows come from.
  std::vector<ColumnSpec> columns;
  std::shared_ptr<const RowRules> rules = nullptr;  // Null: every line is a row as decoded.

  /// The column's place, or columns.size().
  std::size_t find(ColumnSource wanted) const noexcept {
    std::size_t i = 0;
    while (i < columns.size() && columns[i].source != wanted) ++i;
    return i;
  }
};

/// One value. `data` of a text points into its RowBlock's arena. Texts are valid UTF-8 without NUL.
struct Cell {
  bool null = true;
  std::uint32_t size = 0;  // Of a text.
  union {
    const char* data = nullptr;  // Of a text.
    std::int64_t integer;        // kInteger, kBoolean (0 or 1), kTimestamp.
    double real;                 // kDouble.
  };
  std::string_view text() const noexcept { return {data, size}; }
};

/// resize() leaves new cells as the memory was: a decoder writes each of them, and to clear them
/// first cost 4 % of a batch of JSON lines. Cells are trivial to copy and destroy, so memory is
/// enough to make them (C++20, implicit-lifetime types).
template <class T>
struct UnfilledAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UnfilledAllocator<U>;
  };
  template <class U>
  void construct(U*) noexcept {
    static_assert(std::is_trivially_copyable_v<U>);
  }
  template <class U, class... Arguments>
  void construct(U* place, Arguments&&... arguments) {
    std::construct_at(place, std::forward<Arguments>(arguments)...);
  }
};
using CellColumn = std::vector<Cell, UnfilledAllocator<Cell>>;

/// Rows of one table by column. All columns have row_count cells. Valid as long as its Batch.
struct RowBlock {
  std::vector<CellColumn> columns;  // In the order of the specs.
  std::size_t row_count = 0;
  TextArena text;  // Holds what was decoded; other texts lie in the batch's lines.

  /// Gives up all rows, and keeps the memory: for rows that go from hand to hand in small pieces.
  void clear() {
    for (CellColumn& column : columns) column.clear();
    text.reuse();
    row_count = 0;
  }

  /// Gives up all rows, and keeps the memory of columns that were at least half full.
  void reuse() {
    for (CellColumn& column : columns) {
      if (column.capacity() / 2 > column.size()) column = CellColumn();
      column.clear();
    }
    text.reuse();
    row_count = 0;
  }
};

/// A line that did not become a row, with everything needed to look at it again.
struct DeadLetter {
  logfmt::SegmentId segment;
  std::uint64_t offset = 0;
  std::string reason;   // "column sc_bytes: not an integer: 'x'", or the name of a BadLine.
  std::string line;     // Without its newline.
  std::string table{};  // That refused the line's row; "" where the line became no row at all.
};

}  // namespace pixel::shipper
