// SPDX-License-Identifier: Apache-2.0
// Blocks of any columns for the tests of encoders.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shipper/decode/row_block.h"

namespace pixel::shipper {

class BlockMaker {
 public:
  explicit BlockMaker(std::vector<std::pair<std::string, ColumnType>> columns) {
    for (auto& [name, type] : columns) {
      ColumnSpec spec;
      spec.name = name;
      spec.type = type;
      specs_.push_back(std::move(spec));
    }
    block_.columns.resize(specs_.size());
  }

  /// Values go to the columns in order; after the last one the next row begins.
  BlockMaker& text(std::string_view value) {
    texts_.emplace_back(value);
    Cell cell;
    cell.null = false;
    cell.size = static_cast<std::uint32_t>(value.size());
    cell.data = texts_.back().data();
    return add(cell);
  }
  BlockMaker& integer(std::int64_t value) {
    Cell cell;
    cell.null = false;
    cell.integer = value;
    return add(cell);
  }
  BlockMaker& real(double value) {
    Cell cell;
    cell.null = false;
    cell.real = value;
    return add(cell);
  }
  BlockMaker& null() { return add({}); }

  const std::vector<ColumnSpec>& columns() const { return specs_; }
  const RowBlock& block() const { return block_; }

 private:
  BlockMaker& add(const Cell& cell) {
    block_.columns[next_++].push_back(cell);
    if (next_ == specs_.size()) {
      next_ = 0;
      ++block_.row_count;
    }
    return *this;
  }

  std::vector<ColumnSpec> specs_;
  RowBlock block_;
  std::deque<std::string> texts_;
  std::size_t next_ = 0;
};

}  // namespace pixel::shipper
