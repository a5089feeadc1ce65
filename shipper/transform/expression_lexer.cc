// SPDX-License-Identifier: Apache-2.0
// See expression_lexer.h. COLD.
#include "shipper/transform/expression_lexer.h"

#include <fmt/format.h>

#include <charconv>

#include "shipper/decode/values.h"

namespace pixel::shipper {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_word_part(char c) noexcept { return is_letter(c) || is_digit(c); }

std::string shown(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7F ? fmt::format("'{}'", c) : fmt::format("byte {:#04x}", byte);
}

}  // namespace

Token ExpressionLexer::bad(std::size_t offset, std::string why) {
  at_ = text_.size();
  Token token;
  token.kind = Token::Kind::kBad;
  token.offset = offset;
  token.text = std::move(why);
  return token;
}

Token ExpressionLexer::next() {
  constexpr std::string_view spaces = " \t\r\n";
  while (at_ < text_.size() && spaces.find(text_[at_]) != std::string_view::npos) ++at_;
  if (at_ >= text_.size()) {
    Token end;
    end.offset = text_.size();
    return end;
  }
  const char c = text_[at_];
  const bool is_negative = c == '-' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]);
  if (is_letter(c)) return read_word(at_);
  if (c == '"' || c == '\'') return read_text(at_);
  if (is_digit(c) || is_negative) return read_number(at_);
  return read_sign(at_);
}

Token ExpressionLexer::read_word(std::size_t begin) {
  Token token;
  token.kind = Token::Kind::kWord;
  token.offset = begin;
  while (at_ < text_.size() && is_word_part(text_[at_])) ++at_;
  while (at_ < text_.size() && text_[at_] == '.') {
    const std::size_t dot = at_++;
    const std::size_t part = at_;
    while (at_ < text_.size() && (is_word_part(text_[at_]) || text_[at_] == '-')) ++at_;
    if (at_ == part) return bad(dot, "a name must follow the '.'");
    token.kind = Token::Kind::kName;
  }
  token.text = text_.substr(begin, at_ - begin);
  return token;
}

Token ExpressionLexer::read_text(std::size_t begin) {
  Token token;
  token.kind = Token::Kind::kText;
  token.offset = begin;
  const char quote = text_[at_++];
  for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
    if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
    token.text += text_[at_];
  }
  if (at_ >= text_.size()) return bad(begin, "the text that begins here has no closing quote");
  ++at_;
  return token;
}

Token ExpressionLexer::read_number(std::size_t begin) {
  Token token;
  token.offset = begin;
  ++at_;
  bool is_real = false;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    const bool is_exponent_sign =
        (c == '+' || c == '-') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
    if (c == '.' || is_exponent_sign) is_real = true;
    if (!is_word_part(c) && c != '.' && !is_exponent_sign) break;
    if (c == 'e' || c == 'E') is_real = true;
  }
  const std::string_view digits = text_.substr(begin, at_ - begin);
  const auto integer = is_real ? std::nullopt : parse_integer(digits);
  const auto real = is_real ? parse_double(digits) : std::nullopt;
  if (!integer && !real) return bad(begin, fmt::format("'{}' is no number", digits));
  token.kind = is_real ? Token::Kind::kReal : Token::Kind::kInteger;
  token.integer = integer.value_or(0);
  token.real = real ? *real : static_cast<double>(token.integer);
  token.text = digits;
  return token;
}

Token ExpressionLexer::read_sign(std::size_t begin) {
  Token token;
  token.kind = Token::Kind::kSign;
  token.offset = begin;
  constexpr std::string_view two[] = {"==", "!=", "<=", ">="};
  for (const std::string_view sign : two) {
    if (!text_.substr(begin).starts_with(sign)) continue;
    token.text = sign;
    at_ += 2;
    return token;
  }
  const char c = text_[begin];
  if (c == '=') return bad(begin, "'=' is no operator; equality is '=='");
  if (c == '&' || c == '|') return bad(begin, "'and' and 'or' are words here");
  if (c == '!') return bad(begin, "'!' is no operator; write 'not', or '!='");
  if (std::string_view("<>()[],").find(c) == std::string_view::npos) {
    return bad(begin, fmt::format("{} has no place here", shown(c)));
  }
  token.text = c;
  ++at_;
  return token;
}

}  // namespace pixel::shipper
