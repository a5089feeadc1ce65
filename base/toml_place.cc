// SPDX-License-Identifier: Apache-2.0
// COLD: see toml_place.h.
#include "base/toml_place.h"

namespace pixel::base {
namespace {

bool is_continuation(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Walks the file's text and knows where it is.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  bool is_at_end() const noexcept { return at_ >= text_.size(); }
  std::string_view rest() const noexcept { return text_.substr(at_); }
  const TomlPlace& place() const noexcept { return place_; }

  void step(std::size_t bytes = 1) noexcept {
    for (; bytes > 0 && at_ < text_.size(); --bytes, ++at_) {
      if (text_[at_] == '\n') {
        ++place_.line;
        place_.column = 1;
      } else if (at_ + 1 >= text_.size() || !is_continuation(text_[at_ + 1])) {
        ++place_.column;
      }
    }
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  TomlPlace place_{1, 1};
};

// Bytes that `\uXXXX` (and `\UXXXXXXXX`) stand for in UTF-8.
std::size_t utf8_bytes(std::string_view digits) noexcept {
  std::uint32_t code = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    code = code << 4 | (digit & 15);
  }
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

constexpr std::string_view kCrLf = "\r\n";  // One newline of the value.

// Steps over one piece of a basic string and returns the bytes of the value it stands for.
std::size_t step_basic(Walk& walk) {
  const std::string_view rest = walk.rest();
  if (rest.front() != '\\' || rest.size() < 2) {
    walk.step();
    return 1;
  }
  const char escaped = rest[1];
  if (escaped == 'u' || escaped == 'U') {
    const std::size_t digits = escaped == 'u' ? 4 : 8;
    const std::size_t bytes = utf8_bytes(rest.substr(2, digits));
    walk.step(2 + digits);
    return bytes;
  }
  if (escaped != '\n' && escaped != '\r' && escaped != ' ' && escaped != '\t') {
    walk.step(2);
    return 1;
  }
  // A backslash at a line's end: all white space up to the next text is no part of the value.
  walk.step();
  while (!walk.is_at_end() &&
         std::string_view(" \t\r\n").find(walk.rest()[0]) != std::string_view::npos) {
    walk.step();
  }
  return 0;
}

}  // namespace

TomlPlace place_in_string(std::string_view text, const TomlPlace& begin, std::size_t offset) {
  Walk walk(text);
  while (!walk.is_at_end() && walk.place() != begin) walk.step();
  if (walk.is_at_end()) return begin;
  const char quote = walk.rest().front();
  if (quote != '"' && quote != '\'') return begin;
  const bool is_long = walk.rest().starts_with(quote == '"' ? "\"\"\"" : "'''");
  walk.step(is_long ? 3 : 1);
  // The first newline is not part of the value.
  if (is_long && walk.rest().starts_with(kCrLf)) {
    walk.step(kCrLf.size());
  } else if (is_long && walk.rest().starts_with('\n')) {
    walk.step();
  }
  while (offset > 0 && !walk.is_at_end()) {
    const std::string_view rest = walk.rest();
    const bool is_closing =
        is_long ? rest.starts_with(quote == '"' ? "\"\"\"" : "'''") : rest.front() == quote;
    if (is_closing) break;
    std::size_t bytes = 1;
    if (rest.starts_with(kCrLf)) {
      walk.step(kCrLf.size());
    } else if (quote == '"') {
      bytes = step_basic(walk);
    } else {
      walk.step();
    }
    offset -= bytes < offset ? bytes : offset;
  }
  return walk.place();
}

}  // namespace pixel::base
