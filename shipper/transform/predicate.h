// SPDX-License-Identifier: Apache-2.0
// A checked expression, evaluated over columns of cells. Truth has three values, as in SQL: a test
// of NULL is unknown, and what is unknown is not wanted. Immutable; any thread, each with a scratch
// of its own.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shipper/decode/row_block.h"
#include "shipper/transform/expression.h"
#include "shipper/transform/names.h"

namespace pixel::shipper {

enum class Truth : std::uint8_t { kFalse, kUnknown, kTrue };

class Predicate {
 public:
  /// Memory that evaluations share: one per thread.
  struct Scratch {
    std::vector<std::vector<Truth>> results;  // By node.
  };

  /// Checks names and types; the names say which cells are looked at.
  static base::Result<Predicate, ExpressionError> compile(std::string_view text, Names& names);

  /// The truth of each of `count` rows; valid until the scratch is used again.
  /// cells[NamedCells::input][row] as the names of compile() numbered them.
  std::span<const Truth> evaluate(std::span<const Cell* const> cells, std::size_t count,
                                  Scratch& scratch) const;

 private:
  enum class Domain : std::uint8_t { kText, kInteger, kReal };
  // A side of a comparison: cells, or a value.
  struct Side {
    bool is_cells = false;
    std::size_t input = 0;
    bool is_integer_cells = false;  // In a comparison of reals.
    std::string text;
    std::int64_t integer = 0;
    double real = 0;
  };
  struct Node {
    Operator op = Operator::kIsTrue;
    Domain domain = Domain::kText;
    Side left;
    Side right;
    std::vector<std::string> texts;  // kIn, sorted.
    std::vector<std::int64_t> integers;
    std::vector<double> reals;
    std::vector<std::uint32_t> children;
  };
  friend class PredicateCompiler;

  using Cells = std::span<const Cell* const>;
  void evaluate_node(const Node& node, Cells cells, std::size_t count, Scratch& scratch,
                     std::vector<Truth>& out) const;
  static void combine(const Node& node, std::size_t count, Scratch& scratch,
                      std::vector<Truth>& out);
  static void compare(const Node& node, Cells cells, std::size_t count, std::vector<Truth>& out);
  static void test_in(const Node& node, Cells cells, std::size_t count, std::vector<Truth>& out);
  static void test_pattern(const Node& node, Cells cells, std::size_t count,
                           std::vector<Truth>& out);

  std::vector<Node> nodes_;  // Children first; the last is the root.
};

/// True where `text` is matched as a whole; `any` stands for any text, `one` for one character.
bool matches_pattern(std::string_view text, std::string_view pattern, char any, char one) noexcept;

}  // namespace pixel::shipper
