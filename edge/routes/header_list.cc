// SPDX-License-Identifier: Apache-2.0
// COLD: see header_list.h.
#include "edge/routes/header_list.h"

#include <algorithm>
#include <array>

namespace pixel::edge {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equal_names(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

// RFC 9110 section 5.6.2.
bool is_token_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// A custom line of these would break the framing, let a cache swallow requests, or contradict a
// setting that exists for it.
constexpr std::array<std::string_view, 26> kOwnNames = {"Connection",
                                                        "Content-Length",
                                                        "Content-Range",
                                                        "Content-Type",
                                                        "Date",
                                                        "Keep-Alive",
                                                        "Proxy-Connection",
                                                        "TE",
                                                        "Trailer",
                                                        "Transfer-Encoding",
                                                        "Upgrade",
                                                        "Accept-Ranges",
                                                        "Age",
                                                        "Cache-Control",
                                                        "ETag",
                                                        "Expires",
                                                        "Last-Modified",
                                                        "Pragma",
                                                        "Allow",
                                                        "Location",
                                                        "Retry-After",
                                                        "Server-Timing",
                                                        "Set-Cookie",
                                                        "Strict-Transport-Security",
                                                        "Vary",
                                                        "WWW-Authenticate"};

bool is_own_name(std::string_view name) {
  constexpr std::string_view kCorsPrefix = "access-control-";
  return equal_names(name.substr(0, kCorsPrefix.size()), kCorsPrefix) ||
         std::any_of(kOwnNames.begin(), kOwnNames.end(),
                     [&](std::string_view own) { return equal_names(name, own); });
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

HeaderList::HeaderList(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    set_line(lines.substr(0, end));
    lines.remove_prefix(end + 2);
  }
}

void HeaderList::set(std::string_view name, std::string_view value) {
  for (auto& [own_name, own_value] : headers_) {
    if (!equal_names(own_name, name)) continue;
    own_value = value;
    return;
  }
  headers_.emplace_back(name, value);
}

void HeaderList::set_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  set(line.substr(0, colon), trim(line.substr(colon + 1)));
}

void HeaderList::remove(std::string_view name) {
  std::erase_if(headers_, [&](const auto& header) { return equal_names(header.first, name); });
}

std::string HeaderList::text() const {
  std::string lines;
  for (const auto& [name, value] : headers_) lines += name + ": " + value + "\r\n";
  return lines;
}

std::string header_line_fault(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  const bool has_form =
      colon != std::string_view::npos && !name.empty() &&
      std::all_of(name.begin(), name.end(), is_token_byte) &&
      !trim(line.substr(colon + 1)).empty() &&
      std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!has_form) return "a header such as \"X-Frame-Options: DENY\", of printable ASCII";
  if (is_own_name(name)) return "a header that pixel-edge does not set itself";
  return {};
}

}  // namespace pixel::edge
