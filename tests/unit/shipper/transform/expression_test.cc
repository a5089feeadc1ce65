// SPDX-License-Identifier: Apache-2.0
#include "shipper/transform/expression.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pixel::shipper {
namespace {

std::string shown(const Operand& operand) {
  switch (operand.kind) {
    case Operand::Kind::kName:
      return operand.text;
    case Operand::Kind::kText:
      return "'" + operand.text + "'";
    case Operand::Kind::kInteger:
      return fmt::format("{}", operand.integer);
    case Operand::Kind::kReal:
      return fmt::format("{}r", operand.real);
    case Operand::Kind::kBoolean:
      return operand.flag ? "true" : "false";
  }
  return "";
}

std::string shown(const Expression& expression, std::size_t index) {
  const ExpressionNode& node = expression.nodes[index];
  std::string text = "(" + std::string(operator_text(node.op));
  if (node.children.empty()) text += " " + shown(node.left);
  for (const Operand& operand : node.right) text += " " + shown(operand);
  for (const std::uint32_t child : node.children) text += " " + shown(expression, child);
  return text + ")";
}

// The tree in prefix form, or "<offset>: <message>".
std::string tree(std::string_view text) {
  const auto expression = parse_expression(text);
  if (!expression)
    return fmt::format("{}: {}", expression.error().offset, expression.error().message);
  return shown(*expression, expression->nodes.size() - 1);
}

TEST(Expression, TestsOfEveryKind) {
  EXPECT_EQ(tree("a == 1"), "(== a 1)");
  EXPECT_EQ(tree("a != 'x'"), "(!= a 'x')");
  EXPECT_EQ(tree("a<-2 "), "(< a -2)");
  EXPECT_EQ(tree("a <= 1.5e3"), "(<= a 1500r)");
  EXPECT_EQ(tree("1 > a"), "(> 1 a)");
  EXPECT_EQ(tree("a >= b"), "(>= a b)");
  EXPECT_EQ(tree("a in ['x', \"y\"]"), "(in a 'x' 'y')");
  EXPECT_EQ(tree("a not in [1,2]"), "(not (in a 1 2))");
  EXPECT_EQ(tree("a like 'x%'"), "(like a 'x%')");
  EXPECT_EQ(tree("a not glob '*x'"), "(not (glob a '*x'))");
  EXPECT_EQ(tree("a starts_with 'x'"), "(starts_with a 'x')");
  EXPECT_EQ(tree("a ends_with 'x'"), "(ends_with a 'x')");
  EXPECT_EQ(tree("a contains 'x'"), "(contains a 'x')");
  EXPECT_EQ(tree("a is null"), "(is null a)");
  EXPECT_EQ(tree("a is not null"), "(not (is null a))");
  EXPECT_EQ(tree("a"), "( a)");
  EXPECT_EQ(tree("true"), "( true)");
}

TEST(Expression, AndBindsTighterThanOrAndNotTightest) {
  EXPECT_EQ(tree("a or b and not c"), "(or ( a) (and ( b) (not ( c))))");
  EXPECT_EQ(tree("(a or b) and c"), "(and (or ( a) ( b)) ( c))");
  EXPECT_EQ(tree("a and b and c"), "(and ( a) ( b) ( c))");
  EXPECT_EQ(tree("not not a"), "(not (not ( a)))");
}

TEST(Expression, NamesHaveDotsAndAfterThemDashes) {
  EXPECT_EQ(tree("param.utm-source == 'x'"), "(== param.utm-source 'x')");
  EXPECT_EQ(tree("json.a.b_2 is null"), "(is null json.a.b_2)");
}

TEST(Expression, BackslashTakesTheNextCharacter) {
  EXPECT_EQ(tree("a == 'it\\'s \\\\ \"'"), "(== a 'it's \\ \"')");
}

// Each error stands at the byte that an editor should show.
TEST(Expression, ErrorsSayWhereAndWhat) {
  EXPECT_EQ(tree(""), "0: expected a name or a value, found the end");
  EXPECT_EQ(tree("a = 1"), "2: '=' is no operator; equality is '=='");
  EXPECT_EQ(tree("a && b"), "2: 'and' and 'or' are words here");
  EXPECT_EQ(tree("!a"), "0: '!' is no operator; write 'not', or '!='");
  EXPECT_EQ(tree("a == 'x"), "5: the text that begins here has no closing quote");
  EXPECT_EQ(tree("a == 1x"), "5: '1x' is no number");
  EXPECT_EQ(tree("a == null"), "5: nothing equals null; write 'is null' or 'is not null'");
  EXPECT_EQ(tree("a == 1 b"), "7: expected 'and', 'or' or the end, found 'b'");
  EXPECT_EQ(tree("(a == 1"), "7: expected ')', found the end");
  EXPECT_EQ(tree("a in 1"), "5: expected '[' and the values, found '1'");
  EXPECT_EQ(tree("a in [b]"), "6: expected a value, found the name 'b'");
  EXPECT_EQ(tree("a in [1"), "7: expected ',' or ']', found the end");
  EXPECT_EQ(tree("a like b"), "7: expected a text in quotes, found 'b'");
  EXPECT_EQ(tree("a not 1"), "6: expected 'in', 'like' or another test after 'not', found '1'");
  EXPECT_EQ(tree("a is 1"), "5: expected 'null', found '1'");
  EXPECT_EQ(tree("param. == 1"), "5: a name must follow the '.'");
  EXPECT_EQ(tree("a == $"), "5: '$' has no place here");
  EXPECT_EQ(tree("a and or b"), "6: expected a name or a value, found 'or'");
}

TEST(Expression, NestingAndLengthHaveLimits) {
  EXPECT_EQ(tree(std::string(60, '(') + "a" + std::string(60, ')')), "( a)");
  EXPECT_NE(tree(std::string(100, '(') + "a").find("nested too deeply"), std::string::npos);
  std::string many = "a";
  for (int i = 0; i < 2000; ++i) many += " or a";
  EXPECT_NE(tree(many).find("too long"), std::string::npos);
  EXPECT_NE(tree(std::string(kExpressionBytesMax + 1, ' ')).find("too long"), std::string::npos);
}

// No cut of an expression is anything but a tree or an error within it.
TEST(Expression, EveryPrefixIsATreeOrAnErrorInIt) {
  const std::string text = "not (a.b-c in ['x\\'', 2, -1.5e3]) and b like '%z' or c is not null";
  for (std::size_t bytes = 0; bytes <= text.size(); ++bytes) {
    const auto expression = parse_expression(std::string_view(text).substr(0, bytes));
    if (!expression) {
      EXPECT_LE(expression.error().offset, bytes);
    }
  }
}

}  // namespace
}  // namespace pixel::shipper
