// SPDX-License-Identifier: Apache-2.0
// Parameters whose values no line shows: "a=1&email=-". Built at boot (COLD); hiding is HOT. What
// is hidden never grows: an empty value stays empty.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pixel::edge {

class QueryDeny {
 public:
  QueryDeny() = default;
  /// `names` as they are once decoded.
  explicit QueryDeny(std::vector<std::string> names) : names_(std::move(names)) {}

  bool empty() const noexcept { return names_.empty(); }

  /// `query` with "-" for the value of each denied parameter, and of `also` unless it is empty:
  /// the query itself where nothing is hidden, else a text in `scratch`. A query that scratch
  /// cannot hold becomes "-": better no query than one that says too much.
  std::string_view hide(std::string_view query, std::string_view also,
                        std::span<char> scratch) const noexcept;

  /// The same for the query of a URL: what stands between its first '?' and a '#'.
  std::string_view hide_in_url(std::string_view url, std::span<char> scratch) const noexcept;

 private:
  std::string_view denied_value(std::string_view part, std::string_view also) const noexcept;
  bool hides_any(std::string_view query, std::string_view also) const noexcept;
  char* write_hidden(std::string_view query, std::string_view also, char* out) const noexcept;

  std::vector<std::string> names_;
};

}  // namespace pixel::edge
