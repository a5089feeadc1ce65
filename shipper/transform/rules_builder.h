// SPDX-License-Identifier: Apache-2.0
// A table's `where` and transforms, checked one after the other as the configuration names them,
// then the rules and columns that come out of them. COLD (at load time).
//
// Each call sees the table as the calls before it left it: a renamed column has its new name, a
// dropped one is unknown, a hashed one is a text.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shipper/decode/row_block.h"
#include "shipper/transform/expression.h"
#include "shipper/transform/names.h"
#include "shipper/transform/predicate.h"
#include "shipper/transform/row_step.h"

namespace pixel::shipper {

/// Which lines: a predicate and the columns that it looks at.
struct Selector {
  Predicate predicate;
  std::vector<ColumnSpec> inputs;
  std::string text;
};

class RulesBuilder {
 public:
  /// What is wrong with a key of a transform; nothing where all is well.
  using Fault = std::optional<std::string>;
  using ExpressionFault = std::optional<ExpressionError>;

  RulesBuilder(logfmt::SegmentKind source, DecodeMode mode, std::vector<ColumnSpec> columns);

  /// The lines that the table takes. Looked at before anything else is decoded, so its names are
  /// the columns as they come from the line.
  ExpressionFault where(std::string_view text);
  /// Lines that match (and that `where` takes) are this table's alone: no later table has them.
  ExpressionFault route(std::string_view text);
  /// The same for all that `where` takes.
  void be_exclusive() { is_exclusive_ = true; }
  /// A line is its table's alone when all of one claim are true; an empty one is of every line.
  using Claim = std::vector<std::shared_ptr<const Selector>>;
  /// What later tables must exclude.
  std::vector<Claim> claims() const;
  /// Leaves out what earlier tables keep for themselves.
  void exclude(std::vector<Claim> claims) { excluded_ = std::move(claims); }

  ExpressionFault filter(std::string_view text);
  Fault rename(std::string_view from, std::string_view to);
  Fault drop(std::string_view name);
  Fault hash(std::string_view name, std::string key);
  Fault mask_address(std::string_view name, unsigned ipv4_bits, unsigned ipv6_bits);
  Fault mask_text(std::string_view name, std::size_t keep_first, std::size_t keep_last);
  Fault flatten(std::string_view name);
  Fault sample(std::string_view name, double rate);

  /// The table's columns and rules (null where there are none) at the end of it all.
  void finish(TableSpec& table);

 private:
  struct Slot {
    std::string name;
    ColumnType type;
    std::size_t input;
  };
  class SlotNames;

  base::Result<std::shared_ptr<const Selector>, ExpressionError> select(std::string_view text);
  Slot* find(std::string_view name);
  std::size_t used(const Slot& slot);
  Fault unknown(std::string_view name);
  Fault check_changeable(const Slot& slot) const;
  std::string describe_all(const std::vector<ColumnSpec>& decoded) const;

  const logfmt::SegmentKind source_;
  const DecodeMode mode_;
  const std::vector<ColumnSpec> columns_;  // As they were at the begin.
  std::vector<ColumnSpec> inputs_;         // All that is decoded; those of the slots and more.
  std::vector<Slot> slots_;                // The table's columns now.
  std::shared_ptr<const Selector> where_;
  std::vector<std::shared_ptr<const Selector>> routes_;
  bool is_exclusive_ = false;
  std::vector<Claim> excluded_;
  std::vector<std::unique_ptr<RowStep>> steps_;
  std::set<std::size_t> used_;  // Inputs that steps look at.
  std::string description_;     // Of the steps.
};

}  // namespace pixel::shipper
