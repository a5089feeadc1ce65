// SPDX-License-Identifier: Apache-2.0
// See forwarded.h. HOT; pure.
#include "edge/client/forwarded.h"

#include "edge/client/text.h"

namespace pixel::edge {
namespace {

bool is_unquoted_byte(char byte) noexcept {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~:[]";
  return is_alphanumeric(byte) || kOthers.find(byte) != std::string_view::npos;
}

// Where the value that begins `text` ends; behind its quote, if it has one. npos: nowhere.
std::size_t end_of_value(std::string_view text) noexcept {
  if (text.empty() || text.front() != '"') {
    std::size_t end = 0;
    while (end < text.size() && is_unquoted_byte(text[end])) ++end;
    return end == 0 ? std::string_view::npos : end;
  }
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

std::string_view without_quotes(std::string_view value) noexcept {
  return value.front() == '"' ? value.substr(1, value.size() - 2) : value;
}

// Takes one "name=value" and the ';' behind it off `rest`. False: neither that nor nothing.
bool take_pair(std::string_view& rest, std::string_view& name, std::string_view& value) noexcept {
  name = {};
  rest = trim_space(rest);
  if (!rest.empty() && rest.front() != ';') {
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return false;
    name = rest.substr(0, equals);
    if (!is_name(name)) return false;
    rest.remove_prefix(equals + 1);
    const std::size_t end = end_of_value(rest);
    if (end == std::string_view::npos) return false;
    value = without_quotes(rest.substr(0, end));
    rest = trim_space(rest.substr(end));
  }
  if (rest.empty()) return true;
  if (rest.front() != ';') return false;
  rest.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<ForwardedElement> parse_forwarded_element(std::string_view element) noexcept {
  ForwardedElement result;
  bool has_node = false;
  bool has_proto = false;
  const auto take_once = [](std::string_view value, std::string_view& field, bool& seen) {
    const bool first = !seen;
    seen = true;
    field = value;
    return first;
  };
  while (!element.empty()) {
    std::string_view name;
    std::string_view value;
    if (!take_pair(element, name, value)) return std::nullopt;
    if (is_word(name, "for") && !take_once(value, result.node, has_node)) return std::nullopt;
    if (is_word(name, "proto") && !take_once(value, result.proto, has_proto)) return std::nullopt;
  }
  return result;
}

std::optional<AddressAndPort> forwarded_client(std::string_view element) noexcept {
  const std::optional<ForwardedElement> parsed = parse_forwarded_element(element);
  if (!parsed) return std::nullopt;
  return parse_address_and_port(parsed->node);
}

}  // namespace pixel::edge
