// SPDX-License-Identifier: Apache-2.0
// See address_cursor.h. HOT; pure.
#include "edge/client/address_cursor.h"

#include <cstddef>
#include <cstring>

namespace pixel::edge {
namespace {

constexpr std::size_t kGroups = 8;

// A decimal number without leading zeros; `max` is below 2^28.
Take take_number(TextCursor& cursor, std::uint32_t max, std::uint32_t& number) noexcept {
  if (cursor.at_end()) return Take::kNeedsMore;
  std::uint32_t value = static_cast<unsigned char>(*cursor.at) - std::uint32_t{'0'};
  if (value > 9) return Take::kBad;
  ++cursor.at;
  for (; !cursor.at_end(); ++cursor.at) {
    const std::uint32_t digit = static_cast<unsigned char>(*cursor.at) - std::uint32_t{'0'};
    if (digit > 9) break;
    if (value == 0) return Take::kBad;
    if (value * 10 + digit > max) return Take::kBad;
    value = value * 10 + digit;
  }
  number = value;
  return Take::kTook;
}

// 16 and more: no hexadecimal digit.
std::uint32_t hex_value(char byte) noexcept {
  const auto value = static_cast<std::uint32_t>(static_cast<unsigned char>(byte));
  if (value - '0' <= 9) return value - '0';
  const std::uint32_t letter = (value | 0x20) - 'a';
  return letter <= 5 ? letter + 10 : 16;
}

// Groups as they are read; `gap` is where "::" stood.
struct Groups {
  std::uint16_t value[kGroups];
  std::size_t count = 0;
  std::size_t gap = kGroups + 1;
  bool has_gap() const noexcept { return gap <= kGroups; }
  bool is_whole() const noexcept { return has_gap() || count == kGroups; }
  // "::" stands for one group at least.
  bool is_full() const noexcept { return count + (has_gap() ? 1 : 0) == kGroups; }
};

void store(const Groups& groups, IpAddress& address) noexcept {
  address.bytes = {};
  const std::size_t skipped = kGroups - groups.count;
  for (std::size_t i = 0; i < groups.count; ++i) {
    const std::size_t place = i < groups.gap ? i : i + skipped;
    address.bytes[2 * place] = static_cast<std::uint8_t>(groups.value[i] >> 8);
    address.bytes[2 * place + 1] = static_cast<std::uint8_t>(groups.value[i] & 0xff);
  }
}

// A group was read up to a '.': it is the first octet of an IPv4 address, which ends the text.
Take take_dotted(TextCursor& cursor, const char* group_begin, Groups& groups) noexcept {
  const std::size_t count = groups.count + 2;
  if (groups.has_gap() ? count >= kGroups : count != kGroups) return Take::kBad;
  cursor.at = group_begin;
  IpAddress dotted;
  const Take taken = take_v4(cursor, dotted);
  if (taken != Take::kTook) return taken;
  for (std::size_t i = 12; i < 16; i += 2) {
    groups.value[groups.count++] =
        static_cast<std::uint16_t>(dotted.bytes[i] << 8 | dotted.bytes[i + 1]);
  }
  return Take::kTook;
}

// 1 to 4 hexadecimal digits. kBad without one.
Take take_group(TextCursor& cursor, std::uint16_t& group) noexcept {
  if (cursor.at_end()) return Take::kNeedsMore;
  std::uint32_t value = hex_value(*cursor.at);
  if (value > 15) return Take::kBad;
  const char* const begin = cursor.at++;
  for (; !cursor.at_end(); ++cursor.at) {
    const std::uint32_t digit = hex_value(*cursor.at);
    if (digit > 15) break;
    if (cursor.at - begin == 4) return Take::kBad;
    value = value << 4 | digit;
  }
  group = static_cast<std::uint16_t>(value);
  return Take::kTook;
}

// Behind a group: ':' or "::" if more groups may follow. kTook: the groups have ended.
Take take_colons(TextCursor& cursor, Groups& groups, bool& ends) noexcept {
  ends = groups.is_full() || cursor.at_end() || *cursor.at != ':';
  if (ends) {
    if (groups.is_whole()) return Take::kTook;
    return cursor.at_end() ? Take::kNeedsMore : Take::kBad;
  }
  ++cursor.at;
  if (cursor.at_end()) return Take::kNeedsMore;
  if (*cursor.at != ':') return Take::kTook;
  if (groups.has_gap()) return Take::kBad;
  groups.gap = groups.count;
  ++cursor.at;
  // "::" may be the end of it: then no digit follows.
  ends = groups.is_full() || cursor.at_end() || hex_value(*cursor.at) > 15;
  return Take::kTook;
}

Take take_groups(TextCursor& cursor, Groups& groups) noexcept {
  bool ends = false;
  if (!cursor.at_end() && *cursor.at == ':') {
    ++cursor.at;
    if (cursor.at_end()) return Take::kNeedsMore;
    if (*cursor.at != ':') return Take::kBad;
    groups.gap = 0;
    ++cursor.at;
    ends = cursor.at_end() || hex_value(*cursor.at) > 15;
  }
  while (!ends) {
    const char* const begin = cursor.at;
    const Take group = take_group(cursor, groups.value[groups.count]);
    if (group != Take::kTook) return group;
    if (!cursor.at_end() && *cursor.at == '.') return take_dotted(cursor, begin, groups);
    ++groups.count;
    const Take colons = take_colons(cursor, groups, ends);
    if (colons != Take::kTook) return colons;
  }
  return Take::kTook;
}

}  // namespace

Take take_v4(TextCursor& cursor, IpAddress& address) noexcept {
  std::uint8_t octets[4];
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) {
      if (cursor.at_end()) return Take::kNeedsMore;
      if (*cursor.at != '.') return Take::kBad;
      ++cursor.at;
    }
    std::uint32_t octet = 0;
    const Take taken = take_number(cursor, 255, octet);
    if (taken != Take::kTook) return taken;
    octets[i] = static_cast<std::uint8_t>(octet);
  }
  address = address_of_v4(octets);
  return Take::kTook;
}

Take take_v6(TextCursor& cursor, IpAddress& address) noexcept {
  Groups groups;
  const Take taken = take_groups(cursor, groups);
  if (taken == Take::kTook) store(groups, address);
  return taken;
}

Take take_port(TextCursor& cursor, std::uint16_t& port) noexcept {
  std::uint32_t number = 0;
  const Take taken = take_number(cursor, 65535, number);
  if (taken == Take::kTook) port = static_cast<std::uint16_t>(number);
  return taken;
}

Take take_literal(TextCursor& cursor, std::string_view literal) noexcept {
  for (const char byte : literal) {
    if (cursor.at_end()) return Take::kNeedsMore;
    if (*cursor.at != byte) return Take::kBad;
    ++cursor.at;
  }
  return Take::kTook;
}

}  // namespace pixel::edge
