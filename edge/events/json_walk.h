// SPDX-License-Identifier: Apache-2.0
// Where the parts of a JSON text lie. The text has been checked (json_check.h): this only finds
// borders, but never reads beyond the end, whatever it is given. HOT by thread; pure.
#pragma once

#include <string_view>

namespace pixel::edge {

/// Without JSON's white space at either end.
std::string_view trim_json(std::string_view text) noexcept;

/// Goes over the elements of one array, or the members of one object, in order.
class JsonWalk {
 public:
  /// `container` begins with its bracket. REQUIRES: it is checked JSON.
  explicit JsonWalk(std::string_view container) noexcept
      : rest_(container.substr(container.empty() ? 0 : 1)) {}

  /// The next element's text; empty at the end.
  std::string_view next_element() noexcept;

  struct Member {
    std::string_view name;   // As it is written, without its quotes.
    std::string_view value;  // Empty at the end.
  };
  Member next_member() noexcept;

 private:
  void skip_to_value() noexcept;
  std::string_view take_value() noexcept;

  std::string_view rest_;
};

}  // namespace pixel::edge
