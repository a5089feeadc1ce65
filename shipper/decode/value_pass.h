// SPDX-License-Identifier: Apache-2.0
// The query parameters, or the cookies, of a line that some columns want, found in one pass over
// its text. One sink's thread; no allocation per line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/decode/chunk_lines.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {

class ValuePass {
 public:
  ValuePass(ColumnSource source, DecodeMode mode) : source_(source), mode_(mode) {}

  ColumnSource source() const noexcept { return source_; }
  DecodeMode mode() const noexcept { return mode_; }

  /// One name and the columns that it fills.
  struct Slot {
    std::string name;
    std::vector<std::size_t> columns;
    std::string_view raw;  // Of the line read last; data() null where absent.
  };
  /// Adds a column to the slot of its name.
  void add(std::size_t column, const std::string& name);
  const std::vector<Slot>& slots() const noexcept { return slots_; }

  /// Finds all slots' values in a line. The log's encoding is undone first: what is looked at is
  /// what the client sent. Of parameters and cookies with the same name the first counts.
  void read(const ChunkLines& chunk, std::size_t line, TextArena& arena);

  /// What a raw value says: a parameter as a form value, a cookie with its %XX undone.
  std::string_view decoded(const Slot& slot, TextArena& arena) const;

 private:
  void read_query(std::string_view query, TextArena& arena);
  void read_cookies(std::string_view header);

  ColumnSource source_;
  DecodeMode mode_;
  std::vector<Slot> slots_;
};

}  // namespace pixel::shipper
