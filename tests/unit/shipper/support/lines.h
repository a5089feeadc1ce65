// SPDX-License-Identifier: Apache-2.0
// Access lines for tests.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>

#include "logfmt/format.h"

namespace pixel::shipper {

/// A good line with its newline, with some fields replaced.
inline std::string access_line(const std::map<logfmt::Field, std::string>& replaced = {}) {
  std::string fields[logfmt::kFieldCount] = {"2026-11-20",
                                             "18:52:00",
                                             "DFW3",
                                             "401",
                                             "192.0.2.7",
                                             "GET",
                                             "d1.example.net",
                                             "/p.gif",
                                             "200",
                                             "https://example.com/page",
                                             "Mozilla/5.0%20(X11)",
                                             "a=1&b=two",
                                             "-",
                                             "Hit",
                                             "AAAAAAAAAAAAAAAAAAAAAA",
                                             "px.example.com",
                                             "http",
                                             "512",
                                             "0.001",
                                             "-",
                                             "-",
                                             "-",
                                             "Hit",
                                             "HTTP/1.1",
                                             "-",
                                             "-",
                                             "50123",
                                             "0.001",
                                             "Hit",
                                             "image/gif",
                                             "43",
                                             "-",
                                             "-"};
  for (const auto& [field, text] : replaced) fields[static_cast<std::size_t>(field)] = text;
  std::string line;
  for (const std::string& field : fields) line += (line.empty() ? "" : "\t") + field;
  return line + "\n";
}

/// A line that says its number in the parameter `a`.
inline std::string numbered_line(std::uint64_t number) {
  return access_line({{logfmt::Field::kUriQuery, fmt::format("a={}&b=x%2520y", number)}});
}

}  // namespace pixel::shipper
