// SPDX-License-Identifier: Apache-2.0
// The header lines of one answer while it is put together: a name occurs once, the last to set it
// wins. COLD.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pixel::edge {

class HeaderList {
 public:
  /// Of "Name: value\r\n" lines. REQUIRES: that form.
  explicit HeaderList(std::string_view lines = {});

  /// Replaces the value of `name`, whatever its case, or adds it at the end.
  void set(std::string_view name, std::string_view value);
  /// Of "Name: value". REQUIRES: header_line_fault(line).empty().
  void set_line(std::string_view line);
  void remove(std::string_view name);
  /// "Name: value\r\n" for each, in order.
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> headers_;
};

/// Why an operator may not have "Name: value" in answers ("..., which pixel-edge sets itself"), as
/// what was expected instead; empty where it is fine. A name is a token, a value printable ASCII;
/// headers that frame the message, that caches act on, or that have a setting of their own are
/// ours.
std::string header_line_fault(std::string_view line);

/// Of the lines of one route, and of those of [headers].
inline constexpr std::size_t kHeadersBytesMax = 4096;

}  // namespace pixel::edge
