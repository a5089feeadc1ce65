// SPDX-License-Identifier: Apache-2.0
// See predicate.h: names and types are checked here, once, when the configuration is read. COLD.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "shipper/decode/values.h"
#include "shipper/transform/predicate.h"

namespace pixel::shipper {
namespace {

std::string_view kind_name(const Operand& operand) {
  switch (operand.kind) {
    case Operand::Kind::kText:
      return "a text";
    case Operand::Kind::kInteger:
    case Operand::Kind::kReal:
      return "a number";
    case Operand::Kind::kBoolean:
      return "true or false";
    case Operand::Kind::kName:
      return "a name";
  }
  return "";
}

bool is_number(ColumnType type) noexcept {
  return type == ColumnType::kInteger || type == ColumnType::kDouble;
}

std::string typed(std::string_view name, ColumnType type) {
  const bool has_vowel = type == ColumnType::kInteger || type == ColumnType::kInet;
  return fmt::format("'{}' is {} {}", name, has_vowel ? "an" : "a", column_type_name(type));
}

// Types whose cells may be compared with each other.
int comparable_class(ColumnType type) noexcept {
  if (is_text(type)) return 0;
  if (is_number(type)) return 1;
  return type == ColumnType::kBoolean ? 2 : 3;
}

}  // namespace

class PredicateCompiler {
 public:
  explicit PredicateCompiler(Names& names) : names_(names) {}

  base::Result<Predicate, ExpressionError> compile(const Expression& expression) {
    Predicate predicate;
    for (const ExpressionNode& from : expression.nodes) {
      Predicate::Node node;
      node.op = from.op;
      node.children = from.children;
      if (from.children.empty() && !compile_test(from, node)) return *error_;
      predicate.nodes_.push_back(std::move(node));
    }
    return predicate;
  }

 private:
  using Node = Predicate::Node;
  using Side = Predicate::Side;
  using Domain = Predicate::Domain;

  bool fail(std::size_t offset, std::string message) {
    if (!error_) error_ = ExpressionError{offset, std::move(message)};
    return false;
  }

  std::optional<NamedCells> find(const Operand& operand) {
    auto found = names_.find(operand.text);
    if (!found) fail(operand.offset, names_.unknown(operand.text));
    return found;
  }

  bool compile_test(const ExpressionNode& from, Node& node) {
    const bool is_name = from.left.kind == Operand::Kind::kName;
    if (from.op == Operator::kIsTrue && from.left.kind == Operand::Kind::kBoolean) {
      node.left.integer = from.left.flag ? 1 : 0;
      return true;
    }
    if (!is_name && (from.op > Operator::kGreaterEqual || !has_name(from.right))) {
      return fail(from.left.offset, fmt::format("expected a name, found {}", kind_name(from.left)));
    }
    if (!is_name) return compile_swapped(from, node);
    const auto cells = find(from.left);
    if (!cells) return false;
    node.left.is_cells = true;
    node.left.input = cells->input;
    switch (from.op) {
      case Operator::kIsNull:
        return true;
      case Operator::kIsTrue:
        return cells->type == ColumnType::kBoolean ||
               fail(from.left.offset,
                    typed(from.left.text, cells->type) + ", not a test; compare it with something");
      case Operator::kIn:
        return compile_in(from, cells->type, node);
      case Operator::kLike:
      case Operator::kGlob:
      case Operator::kStartsWith:
      case Operator::kEndsWith:
      case Operator::kContains:
        node.right.text = from.right[0].text;
        return is_text(cells->type) ||
               fail(from.offset,
                    fmt::format("{}; '{}' is for texts", typed(from.left.text, cells->type),
                                operator_text(from.op)));
      default:
        return compile_comparison(from, from.right[0], cells->type, node);
    }
  }

  static bool has_name(const std::vector<Operand>& operands) {
    return operands.size() == 1 && operands[0].kind == Operand::Kind::kName;
  }

  // 5 < x is x > 5.
  bool compile_swapped(const ExpressionNode& from, Node& node) {
    ExpressionNode swapped = from;
    swapped.left = from.right[0];
    swapped.right = {from.left};
    constexpr std::pair<Operator, Operator> mirrored[] = {
        {Operator::kLess, Operator::kGreater},
        {Operator::kLessEqual, Operator::kGreaterEqual},
        {Operator::kGreater, Operator::kLess},
        {Operator::kGreaterEqual, Operator::kLessEqual}};
    for (const auto& [written, meant] : mirrored) {
      if (from.op == written) swapped.op = meant;
    }
    node.op = swapped.op;
    return compile_test(swapped, node);
  }

  bool compile_comparison(const ExpressionNode& from, const Operand& right, ColumnType type,
                          Node& node) {
    if (right.kind != Operand::Kind::kName) {
      node.domain = domain_of(type, right);
      if (node.domain == Domain::kReal) node.left.is_integer_cells = type == ColumnType::kInteger;
      return compile_value(from, right, type, node.right);
    }
    const auto cells = find(right);
    if (!cells) return false;
    if (comparable_class(type) != comparable_class(cells->type)) {
      return fail(right.offset,
                  fmt::format("{} and {}: they cannot be compared", typed(from.left.text, type),
                              typed(right.text, cells->type)));
    }
    node.right.is_cells = true;
    node.right.input = cells->input;
    node.left.is_integer_cells = type == ColumnType::kInteger;
    node.right.is_integer_cells = cells->type == ColumnType::kInteger;
    const bool is_real = type == ColumnType::kDouble || cells->type == ColumnType::kDouble;
    node.domain = is_text(type) ? Domain::kText : is_real ? Domain::kReal : Domain::kInteger;
    return true;
  }

  static Domain domain_of(ColumnType type, const Operand& value) {
    if (is_text(type)) return Domain::kText;
    const bool is_real = type == ColumnType::kDouble ||
                         (type == ColumnType::kInteger && value.kind == Operand::Kind::kReal);
    return is_real ? Domain::kReal : Domain::kInteger;
  }

  bool compile_value(const ExpressionNode& from, const Operand& value, ColumnType type,
                     Side& side) {
    if (type == ColumnType::kTimestamp && value.kind == Operand::Kind::kText) {
      const auto us = parse_timestamp(value.text);
      side.integer = us.value_or(0);
      return us.has_value() ||
             fail(value.offset,
                  fmt::format("'{}' is no time such as '2026-11-20T18:52:00Z'", value.text));
    }
    const bool fits =
        is_text(type) ? value.kind == Operand::Kind::kText
        : is_number(type)
            ? value.kind == Operand::Kind::kInteger || value.kind == Operand::Kind::kReal
            : type == ColumnType::kBoolean && value.kind == Operand::Kind::kBoolean;
    if (!fits) {
      return fail(value.offset, fmt::format("{} and cannot be compared with {}",
                                            typed(from.left.text, type), kind_name(value)));
    }
    side.text = value.text;
    side.real = value.real;
    side.integer = type == ColumnType::kBoolean ? (value.flag ? 1 : 0) : value.integer;
    if (type == ColumnType::kUuid) return compile_uuid(value, side);
    if (type == ColumnType::kInet && !is_ip_address(value.text)) {
      return fail(value.offset, fmt::format("'{}' is no IP address", value.text));
    }
    return true;
  }

  bool compile_uuid(const Operand& value, Side& side) {
    std::string uuid(36, ' ');
    if (!write_uuid(value.text, uuid.data())) {
      return fail(value.offset, fmt::format("'{}' is no UUID", value.text));
    }
    side.text = std::move(uuid);
    return true;
  }

  bool compile_in(const ExpressionNode& from, ColumnType type, Node& node) {
    node.domain = is_text(type) ? Domain::kText : Domain::kInteger;
    for (const Operand& value : from.right) {
      if (domain_of(type, value) == Domain::kReal) node.domain = Domain::kReal;
      Side side;
      if (!compile_value(from, value, type, side)) return false;
      node.texts.push_back(std::move(side.text));
      node.integers.push_back(side.integer);
      node.reals.push_back(side.real);
    }
    node.left.is_integer_cells = type == ColumnType::kInteger;
    std::sort(node.texts.begin(), node.texts.end());
    std::sort(node.integers.begin(), node.integers.end());
    std::sort(node.reals.begin(), node.reals.end());
    return true;
  }

  Names& names_;
  std::optional<ExpressionError> error_;
};

base::Result<Predicate, ExpressionError> Predicate::compile(std::string_view text, Names& names) {
  const auto expression = parse_expression(text);
  if (!expression) return expression.error();
  return PredicateCompiler(names).compile(*expression);
}

}  // namespace pixel::shipper
