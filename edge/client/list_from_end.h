// SPDX-License-Identifier: Apache-2.0
// The elements of a list header from its end, where the nearest proxy writes, over all its lines.
// HOT; pure; views into the request.
//
// What a client sent stands left of what proxies appended, and nothing to the left of an element
// changes where that begins: commas are looked for from the right, in quoted lists (RFC 7239) those
// outside of quotes as seen from the right. A quote that a client left open spoils its own part.
#pragma once

#include <cstddef>
#include <string_view>

#include "edge/http/request_view.h"

namespace pixel::edge {

enum class ListKind : bool { kPlain, kQuoted };

class ListFromEnd {
 public:
  /// More elements than any chain of proxies has; so a long list costs no more than a short one.
  static constexpr std::size_t kElementsMax = 64;

  ListFromEnd(const HeaderLines& lines, ListKind kind) noexcept : lines_(lines), kind_(kind) {}

  /// The next element to the left, trimmed; empty ones are passed over (RFC 9110 section 5.6.1.2).
  /// False: there are none, or kElementsMax have been looked at.
  bool next(std::string_view& element) noexcept;

 private:
  bool next_raw(std::string_view& element) noexcept;

  const HeaderLines& lines_;
  ListKind kind_;
  std::size_t looked_at_ = 0;
  std::size_t line_ = 0;  // The next one, from the last.
  bool in_line_ = false;
  std::string_view rest_;  // Of the line, what is left of the last element given.
};

}  // namespace pixel::edge
