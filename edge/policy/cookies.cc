// SPDX-License-Identifier: Apache-2.0
// HOT: see cookies.h.
#include "edge/policy/cookies.h"

#include "edge/policy/text.h"

namespace pixel::edge {
namespace {

struct Pair {
  std::string_view name;  // Empty where there is no '='.
  std::string_view value;
};

// Takes the first pair off `rest`. REQUIRES: rest is not empty.
Pair take_pair(std::string_view& rest) noexcept {
  const std::size_t end = rest.find(';');
  const std::string_view text = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {};
  return {policy_text::trim(text.substr(0, equals)), policy_text::trim(text.substr(equals + 1))};
}

// cookie-octet, RFC 6265 section 4.1.1: visible ASCII but '"', ',', ';' and '\'.
bool is_cookie_octet(char byte) noexcept {
  return byte > ' ' && byte < 0x7f && byte != '"' && byte != ',' && byte != ';' && byte != '\\';
}

std::string_view without_quotes(std::string_view value) noexcept {
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return quoted ? value.substr(1, value.size() - 2) : value;
}

bool is_value(std::string_view value) noexcept {
  for (const char byte : value) {
    if (!is_cookie_octet(byte)) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string_view> find_cookie(std::string_view header,
                                            std::string_view name) noexcept {
  while (!header.empty()) {
    const Pair pair = take_pair(header);
    if (pair.name != name) continue;
    const std::string_view value = without_quotes(pair.value);
    if (is_value(value)) return value;
  }
  return std::nullopt;
}

bool has_cookie(std::string_view header, std::string_view name) noexcept {
  while (!header.empty()) {
    if (take_pair(header).name == name) return true;
  }
  return false;
}

}  // namespace pixel::edge
