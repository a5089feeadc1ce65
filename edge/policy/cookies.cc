// SPDX-License-Identifier: Apache-2.0
// HOT: see cookies.h.
#include "edge/policy/cookies.h"

#include "edge/policy/text.h"

namespace pixel::edge {
namespace {

using policy_text::ByteSet;
using policy_text::make_byte_set;

constexpr bool is_space(char byte) noexcept { return byte == ' ' || byte == '\t'; }

// Takes white space and the first pair's name and '=' off `rest`, if that is its name. Most pairs
// are called otherwise, and their first byte says so: no '=' is searched for.
bool take_name(std::string_view& rest, std::string_view name) noexcept {
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  if (rest.empty() || rest.front() != name.front() || !rest.starts_with(name)) return false;
  std::string_view behind = rest.substr(name.size());
  while (!behind.empty() && is_space(behind.front())) behind.remove_prefix(1);
  if (!behind.starts_with('=')) return false;
  rest = behind.substr(1);
  return true;
}

// Takes everything up to and with the next ';' off `rest`; returns what stood before it.
std::string_view take_rest_of_pair(std::string_view& rest) noexcept {
  const std::size_t end = rest.find(';');
  const std::string_view taken = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return taken;
}

// cookie-octet, RFC 6265 section 4.1.1: visible ASCII but '"', ',', ';' and '\\'.
constexpr bool is_cookie_octet(unsigned byte) noexcept {
  return byte > ' ' && byte < 0x7f && byte != '"' && byte != ',' && byte != ';' && byte != '\\';
}

std::string_view without_quotes(std::string_view value) noexcept {
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return quoted ? value.substr(1, value.size() - 2) : value;
}

constexpr ByteSet kCookieOctets = make_byte_set(is_cookie_octet);

}  // namespace

std::optional<std::string_view> find_cookie(std::string_view header,
                                            std::string_view name) noexcept {
  while (!header.empty()) {
    const bool named = take_name(header, name);
    const std::string_view rest = take_rest_of_pair(header);
    if (!named) continue;
    const std::string_view value = without_quotes(policy_text::trim(rest));
    if (policy_text::all_in(kCookieOctets, value)) return value;
  }
  return std::nullopt;
}

bool has_cookie(std::string_view header, std::string_view name) noexcept {
  while (!header.empty()) {
    if (take_name(header, name)) return true;
    take_rest_of_pair(header);
  }
  return false;
}

}  // namespace pixel::edge
