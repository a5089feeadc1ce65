// SPDX-License-Identifier: Apache-2.0
// The rules of one table as the decoder runs them: select, decode, then step by step. Made by
// rules_builder.h. Immutable; a RowStage per thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/decode/row_rules.h"
#include "shipper/transform/predicate.h"
#include "shipper/transform/row_step.h"
#include "shipper/transform/rules_builder.h"

namespace pixel::shipper {

class TableRules : public RowRules, public std::enable_shared_from_this<TableRules> {
 public:
  std::vector<ColumnSpec> decoded;            // The table's columns first.
  std::vector<std::size_t> places;            // Of the builder's inputs among `decoded`.
  std::shared_ptr<const Selector> where;      // Null: all lines.
  std::vector<RulesBuilder::Claim> excluded;  // Of earlier tables.
  std::vector<std::unique_ptr<RowStep>> steps;
  std::string what_they_do;

  const std::vector<ColumnSpec>& inputs() const override { return decoded; }
  std::unique_ptr<RowStage> start() const override;
  std::string_view description() const override { return what_they_do; }
};

}  // namespace pixel::shipper
