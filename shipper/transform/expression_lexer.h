// SPDX-License-Identifier: Apache-2.0
// The words of an expression. Pure; COLD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shipper/transform/expression.h"

namespace pixel::shipper {

struct Token {
  enum class Kind : std::uint8_t { kEnd, kWord, kName, kText, kInteger, kReal, kSign, kBad };
  Kind kind = Kind::kEnd;
  std::size_t offset = 0;
  std::string text;  // A word, a name with its dots, a text's value, a sign; of kBad why.
  std::int64_t integer = 0;
  double real = 0;

  bool is_word(std::string_view word) const noexcept { return kind == Kind::kWord && text == word; }
  bool is_sign(std::string_view sign) const noexcept { return kind == Kind::kSign && text == sign; }
};

/// Reads one word after the other; kEnd for ever at the end.
class ExpressionLexer {
 public:
  explicit ExpressionLexer(std::string_view text) : text_(text) {}
  Token next();

 private:
  Token read_word(std::size_t begin);
  Token read_text(std::size_t begin);
  Token read_number(std::size_t begin);
  Token read_sign(std::size_t begin);
  Token bad(std::size_t offset, std::string why);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace pixel::shipper
