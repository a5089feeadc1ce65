// SPDX-License-Identifier: Apache-2.0
// What the names of expressions and transforms mean: columns of the table, and what a line has by
// itself ("sc_status", "param.x", "cookie.x", "json.a.b"). COLD (at load time).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {

/// A name's meaning: which cells, and of which type.
struct NamedCells {
  std::size_t input = 0;
  ColumnType type = ColumnType::kVarchar;
};

/// A JSON path as it is written: "$", "$.a.b", "$.items[0].id", "$['odd key']". The error's offset
/// is a byte of `text`.
struct PathError {
  std::size_t offset = 0;
  std::string message;
};
base::Result<JsonPath, PathError> parse_json_path(std::string_view text);

/// What a line of this kind has under this name beside a table's columns; nothing where it has
/// none. "param.x", "cookie.x" and "json.a.b" are texts.
std::optional<ColumnSpec> raw_column(logfmt::SegmentKind source, DecodeMode mode,
                                     std::string_view name);

/// Names over a list of columns that grows by what is asked for.
class Names {
 public:
  virtual ~Names() = default;
  /// Nothing where the name is unknown.
  virtual std::optional<NamedCells> find(std::string_view name) = 0;
  /// All names that a suggestion may be taken from.
  virtual std::vector<std::string> known() const = 0;

  /// "unknown name 'sc_statsu'; did you mean 'sc_status'?"
  std::string unknown(std::string_view name) const;
};

/// The names of lines before a table's rows are made of them: collects the columns to decode.
class SourceNames : public Names {
 public:
  /// `columns`: the table's own; they come first.
  SourceNames(logfmt::SegmentKind source, DecodeMode mode, const std::vector<ColumnSpec>& columns)
      : source_(source), mode_(mode), columns_(columns) {}

  std::optional<NamedCells> find(std::string_view name) override;
  std::vector<std::string> known() const override;
  std::vector<ColumnSpec> take_inputs() { return std::move(inputs_); }

 private:
  const logfmt::SegmentKind source_;
  const DecodeMode mode_;
  const std::vector<ColumnSpec>& columns_;
  std::vector<ColumnSpec> inputs_;
};

}  // namespace pixel::shipper
