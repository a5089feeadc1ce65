// SPDX-License-Identifier: Apache-2.0
// See list_from_end.h. HOT; pure.
#include "edge/client/list_from_end.h"

#include "edge/client/text.h"

namespace pixel::edge {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// Whether the byte at `at` stands behind an odd number of backslashes.
bool is_escaped(std::string_view text, std::size_t at) noexcept {
  std::size_t begin = at;
  while (begin > 0 && text[begin - 1] == '\\') --begin;
  return (at - begin) % 2 == 1;
}

// The last comma outside of quotes. A quote that is never opened takes in the whole text.
std::size_t last_comma_outside_quotes(std::string_view text) noexcept {
  bool quoted = false;
  for (std::size_t at = text.size(); at-- > 0;) {
    if (text[at] == ',' && !quoted) return at;
    if (text[at] == '"' && !(quoted && is_escaped(text, at))) quoted = !quoted;
  }
  return kNone;
}

}  // namespace

bool ListFromEnd::next_raw(std::string_view& element) noexcept {
  if (!in_line_) {
    if (line_ == lines_.count()) return false;
    rest_ = lines_.from_last(line_++);
  }
  const std::size_t comma =
      kind_ == ListKind::kPlain ? rest_.rfind(',') : last_comma_outside_quotes(rest_);
  in_line_ = comma != kNone;
  element = in_line_ ? rest_.substr(comma + 1) : rest_;
  if (in_line_) rest_ = rest_.substr(0, comma);
  return true;
}

bool ListFromEnd::next(std::string_view& element) noexcept {
  while (looked_at_ < kElementsMax && next_raw(element)) {
    ++looked_at_;
    element = trim_space(element);
    if (!element.empty()) return true;
  }
  return false;
}

}  // namespace pixel::edge
