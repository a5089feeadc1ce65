// SPDX-License-Identifier: Apache-2.0
// See expression.h. A parser by recursive descent. COLD.
#include "shipper/transform/expression.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "shipper/transform/expression_lexer.h"

namespace pixel::shipper {
namespace {

constexpr int kDepthMax = 64;
constexpr std::size_t kNodesMax = 1000;

struct Word {
  std::string_view text;
  Operator op;
};
constexpr std::array<Word, 6> kComparisons{{{"==", Operator::kEqual},
                                            {"!=", Operator::kNotEqual},
                                            {"<", Operator::kLess},
                                            {"<=", Operator::kLessEqual},
                                            {">", Operator::kGreater},
                                            {">=", Operator::kGreaterEqual}}};
constexpr std::array<Word, 5> kTextTests{{{"like", Operator::kLike},
                                          {"glob", Operator::kGlob},
                                          {"starts_with", Operator::kStartsWith},
                                          {"ends_with", Operator::kEndsWith},
                                          {"contains", Operator::kContains}}};

std::string shown(const Token& token) {
  if (token.kind == Token::Kind::kEnd) return "the end";
  if (token.kind == Token::Kind::kText) return "a text";
  return fmt::format("'{}'", token.text);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) { advance(); }

  base::Result<Expression, ExpressionError> parse() {
    const auto root = parse_or(0);
    if (root && token_.kind != Token::Kind::kEnd) {
      fail(token_, fmt::format("expected 'and', 'or' or the end, found {}", shown(token_)));
    }
    if (error_) return *error_;
    return std::move(expression_);
  }

 private:
  using Index = std::optional<std::uint32_t>;  // Nothing: error_ says why.

  void advance() {
    token_ = lexer_.next();
    if (token_.kind == Token::Kind::kBad) fail(token_, token_.text);
  }
  void fail(const Token& token, std::string message) {
    if (!error_) error_ = ExpressionError{token.offset, std::move(message)};
  }
  Index add(ExpressionNode node) {
    if (error_) return std::nullopt;
    if (expression_.nodes.size() >= kNodesMax) {
      fail(token_, "the expression is too long");
      return std::nullopt;
    }
    expression_.nodes.push_back(std::move(node));
    return static_cast<std::uint32_t>(expression_.nodes.size() - 1);
  }
  bool take_sign(std::string_view sign) {
    if (!token_.is_sign(sign)) return false;
    advance();
    return true;
  }
  bool take_word(std::string_view word) {
    if (!token_.is_word(word)) return false;
    advance();
    return true;
  }

  Index parse_chain(std::string_view word, Operator op, int depth, Index (Parser::*part)(int)) {
    const std::size_t offset = token_.offset;
    Index first = (this->*part)(depth);
    if (!first || !token_.is_word(word)) return first;
    ExpressionNode node;
    node.op = op;
    node.offset = offset;
    node.children.push_back(*first);
    while (take_word(word)) {
      const Index next = (this->*part)(depth);
      if (!next) return next;
      node.children.push_back(*next);
    }
    return add(std::move(node));
  }
  Index parse_or(int depth) { return parse_chain("or", Operator::kOr, depth, &Parser::parse_and); }
  Index parse_and(int depth) {
    return parse_chain("and", Operator::kAnd, depth, &Parser::parse_not);
  }

  Index parse_not(int depth) {
    if (depth > kDepthMax) {
      fail(token_, "the expression is nested too deeply");
      return std::nullopt;
    }
    const std::size_t offset = token_.offset;
    if (take_word("not")) return negated(parse_not(depth + 1), offset);
    if (!take_sign("(")) return parse_test();
    const Index inner = parse_or(depth + 1);
    if (inner && !take_sign(")")) {
      fail(token_, fmt::format("expected ')', found {}", shown(token_)));
      return std::nullopt;
    }
    return inner;
  }

  Index negated(Index child, std::size_t offset) {
    if (!child) return child;
    ExpressionNode node;
    node.op = Operator::kNot;
    node.offset = offset;
    node.children.push_back(*child);
    return add(std::move(node));
  }

  Index parse_test() {
    ExpressionNode node;
    node.offset = token_.offset;
    if (!parse_operand(node.left, "a name or a value")) return std::nullopt;
    node.offset = token_.kind == Token::Kind::kEnd ? node.offset : token_.offset;
    for (const Word& word : kComparisons) {
      if (!take_sign(word.text)) continue;
      node.op = word.op;
      return parse_operand(node.right.emplace_back(), "a name or a value") ? add(std::move(node))
                                                                           : std::nullopt;
    }
    if (take_word("is")) return parse_is(std::move(node));
    const std::size_t offset = token_.offset;
    const bool is_negated = take_word("not");
    if (take_word("in")) {
      const Index found = parse_in(std::move(node));
      return is_negated ? negated(found, offset) : found;
    }
    for (const Word& word : kTextTests) {
      if (!take_word(word.text)) continue;
      node.op = word.op;
      const Index found = parse_pattern(std::move(node));
      return is_negated ? negated(found, offset) : found;
    }
    if (is_negated) {
      fail(token_, fmt::format("expected 'in', 'like' or another test after 'not', found {}",
                               shown(token_)));
      return std::nullopt;
    }
    node.op = Operator::kIsTrue;
    node.offset = node.left.offset;
    return add(std::move(node));
  }

  Index parse_is(ExpressionNode node) {
    const std::size_t offset = token_.offset;
    const bool is_negated = take_word("not");
    if (!take_word("null")) {
      fail(token_, fmt::format("expected 'null', found {}", shown(token_)));
      return std::nullopt;
    }
    node.op = Operator::kIsNull;
    const Index found = add(std::move(node));
    return is_negated ? negated(found, offset) : found;
  }

  Index parse_in(ExpressionNode node) {
    node.op = Operator::kIn;
    if (!take_sign("[")) {
      fail(token_, fmt::format("expected '[' and the values, found {}", shown(token_)));
      return std::nullopt;
    }
    do {
      const Token begin = token_;
      if (!parse_operand(node.right.emplace_back(), "a value")) return std::nullopt;
      if (node.right.back().kind == Operand::Kind::kName) {
        fail(begin, fmt::format("expected a value, found the name '{}'", begin.text));
        return std::nullopt;
      }
    } while (take_sign(","));
    if (!take_sign("]")) {
      fail(token_, fmt::format("expected ',' or ']', found {}", shown(token_)));
      return std::nullopt;
    }
    return add(std::move(node));
  }

  Index parse_pattern(ExpressionNode node) {
    if (token_.kind != Token::Kind::kText) {
      fail(token_, fmt::format("expected a text in quotes, found {}", shown(token_)));
      return std::nullopt;
    }
    parse_operand(node.right.emplace_back(), "");
    return add(std::move(node));
  }

  bool parse_operand(Operand& operand, std::string_view expected) {
    operand.offset = token_.offset;
    operand.text = token_.text;
    operand.integer = token_.integer;
    operand.real = token_.real;
    switch (token_.kind) {
      case Token::Kind::kText:
        operand.kind = Operand::Kind::kText;
        break;
      case Token::Kind::kInteger:
        operand.kind = Operand::Kind::kInteger;
        break;
      case Token::Kind::kReal:
        operand.kind = Operand::Kind::kReal;
        break;
      case Token::Kind::kName:
        operand.kind = Operand::Kind::kName;
        break;
      case Token::Kind::kWord:
        if (!take_plain_word(operand, expected)) return false;
        break;
      default:
        fail(token_, fmt::format("expected {}, found {}", expected, shown(token_)));
        return false;
    }
    advance();
    return !error_;
  }

  // A word that is no word of the language.
  bool take_plain_word(Operand& operand, std::string_view expected) {
    constexpr std::string_view reserved[] = {
        "and", "or", "not", "in", "is", "like", "glob", "starts_with", "ends_with", "contains"};
    for (const std::string_view word : reserved) {
      if (token_.text != word) continue;
      fail(token_, fmt::format("expected {}, found '{}'", expected, word));
      return false;
    }
    if (token_.text == "null") {
      fail(token_, "nothing equals null; write 'is null' or 'is not null'");
      return false;
    }
    const bool is_boolean = token_.text == "true" || token_.text == "false";
    operand.kind = is_boolean ? Operand::Kind::kBoolean : Operand::Kind::kName;
    operand.flag = token_.text == "true";
    return true;
  }

  ExpressionLexer lexer_;
  Token token_;
  Expression expression_;
  std::optional<ExpressionError> error_;
};

}  // namespace

std::string_view operator_text(Operator op) noexcept {
  for (const Word& word : kComparisons) {
    if (word.op == op) return word.text;
  }
  for (const Word& word : kTextTests) {
    if (word.op == op) return word.text;
  }
  switch (op) {
    case Operator::kIn:
      return "in";
    case Operator::kIsNull:
      return "is null";
    case Operator::kNot:
      return "not";
    case Operator::kAnd:
      return "and";
    case Operator::kOr:
      return "or";
    default:
      return "";
  }
}

base::Result<Expression, ExpressionError> parse_expression(std::string_view text) {
  if (text.size() > kExpressionBytesMax) {
    return ExpressionError{kExpressionBytesMax, "the expression is too long"};
  }
  return Parser(text).parse();
}

}  // namespace pixel::shipper
