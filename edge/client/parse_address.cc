// SPDX-License-Identifier: Apache-2.0
// Text to addresses, in the forms that proxies write. HOT; pure. IPv4 is tried first: its first
// wrong byte comes at the fifth at the latest.
#include "edge/client/address_cursor.h"
#include "edge/client/text.h"

namespace pixel::edge {
namespace {

constexpr char kPortMark = ':';

bool took_all(Take taken, const TextCursor& cursor) noexcept {
  return taken == Take::kTook && cursor.at_end();
}

// RFC 7239 section 6.3: an obfuscated port names none.
bool is_hidden_port(std::string_view text) noexcept {
  if (text.size() < 2 || text.front() != '_') return false;
  for (const char byte : text) {
    if (!is_alphanumeric(byte) && byte != '.' && byte != '_' && byte != '-') return false;
  }
  return true;
}

bool parse_port(std::string_view text, std::uint16_t& port) noexcept {
  TextCursor cursor(text);
  if (took_all(take_port(cursor, port), cursor)) return true;
  port = 0;
  return is_hidden_port(text);
}

// What follows an address: nothing, or its port.
bool parse_port_behind(const TextCursor& cursor, std::uint16_t& port) noexcept {
  if (cursor.at_end()) return true;
  if (*cursor.at != kPortMark) return false;
  return parse_port({cursor.at + 1, static_cast<std::size_t>(cursor.end - cursor.at - 1)}, port);
}

bool parse_bracketed(std::string_view text, AddressAndPort& result) noexcept {
  TextCursor cursor(text.substr(1));
  if (take_v6(cursor, result.address) != Take::kTook) return false;
  if (cursor.at_end() || *cursor.at != ']') return false;
  ++cursor.at;
  return parse_port_behind(cursor, result.port);
}

bool parse_bare_v6(std::string_view text, bool port_from_right, AddressAndPort& result) noexcept {
  std::string_view host = text;
  if (port_from_right) {
    const std::size_t mark = text.rfind(kPortMark);
    if (mark == std::string_view::npos) return false;
    if (!parse_port(text.substr(mark + 1), result.port)) return false;
    host = text.substr(0, mark);
  }
  TextCursor cursor(host);
  return took_all(take_v6(cursor, result.address), cursor);
}

std::string_view without_quotes(std::string_view text) noexcept {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return text;
  return text.substr(1, text.size() - 2);
}

}  // namespace

std::optional<IpAddress> parse_address(std::string_view text) noexcept {
  IpAddress address;
  TextCursor v4(text);
  if (took_all(take_v4(v4, address), v4)) return address;
  TextCursor v6(text);
  if (took_all(take_v6(v6, address), v6)) return address;
  return std::nullopt;
}

std::optional<AddressAndPort> parse_address_and_port(std::string_view text,
                                                     bool port_from_right) noexcept {
  text = without_quotes(trim_space(text));
  AddressAndPort result;
  TextCursor v4(text);
  if (take_v4(v4, result.address) == Take::kTook) {
    if (parse_port_behind(v4, result.port)) return result;
    return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  const bool good = text.front() == '[' ? parse_bracketed(text, result)
                                        : parse_bare_v6(text, port_from_right, result);
  if (!good) return std::nullopt;
  return result;
}

}  // namespace pixel::edge
