// SPDX-License-Identifier: Apache-2.0
// The text of a predicate -> its syntax tree. What names mean and which types fit is predicate.h's.
// Pure; COLD (at load time).
//
//   expression = and-part { "or" and-part }            and-part = not-part { "and" not-part }
//   not-part   = "not" not-part | "(" expression ")" | test
//   test       = operand ( ("==" | "!=" | "<" | "<=" | ">" | ">=") operand
//                        | ["not"] "in" "[" literal { "," literal } "]"
//                        | ["not"] ("like" | "glob" | "starts_with" | "ends_with" | "contains")
//                        text | "is" ["not"] "null" | nothing: the operand is true or false )
//   operand    = name | literal;   name = word { "." word };   literal = 'text' | "text" | number |
//                true | false
// Words are letters, digits and '_', after a '.' also '-'. In texts a backslash takes the next
// character as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pixel::shipper {

/// What is wrong, and at which byte of the text.
struct ExpressionError {
  std::size_t offset = 0;
  std::string message;
};

struct Operand {
  enum class Kind : std::uint8_t { kName, kText, kInteger, kReal, kBoolean };
  Kind kind = Kind::kName;
  std::size_t offset = 0;
  std::string text;  // A name's or a text's.
  std::int64_t integer = 0;
  double real = 0;
  bool flag = false;
};

enum class Operator : std::uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kLike,  // '%' any text, '_' any character.
  kGlob,  // '*' any text, '?' any character.
  kStartsWith,
  kEndsWith,
  kContains,
  kIsNull,
  kIsTrue,  // A bare operand.
  kNot,
  kAnd,
  kOr,
};
std::string_view operator_text(Operator op) noexcept;

struct ExpressionNode {
  Operator op = Operator::kIsTrue;
  std::size_t offset = 0;
  Operand left;                         // Of a test.
  std::vector<Operand> right;           // One; any number of kIn; none of kIsNull and kIsTrue.
  std::vector<std::uint32_t> children;  // Of kNot, kAnd, kOr: places among the nodes.
};

/// Children come before their parents; the last node is the root.
struct Expression {
  std::vector<ExpressionNode> nodes;
};

/// Texts of more than this many bytes, or nodes, are refused; nesting of more than 64 levels too.
inline constexpr std::size_t kExpressionBytesMax = 16 * 1024;

base::Result<Expression, ExpressionError> parse_expression(std::string_view text);

}  // namespace pixel::shipper
