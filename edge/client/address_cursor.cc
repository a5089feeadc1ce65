// SPDX-License-Identifier: Apache-2.0
// See address_cursor.h. HOT; pure.
#include "edge/client/address_cursor.h"

#include <cstddef>

namespace pixel::edge {
namespace {

constexpr std::size_t kGroups = 8;

// 10 and more: no decimal digit.
std::uint32_t digit_value(char byte) noexcept {
  return static_cast<unsigned char>(byte) - std::uint32_t{'0'};
}

// Four of them are what each request behind a proxy pays: client_bench, parse_v4.
[[gnu::always_inline]] inline Take take_octet(TextCursor& cursor, std::uint8_t& octet) noexcept {
  if (cursor.at_end()) return Take::kNeedsMore;
  std::uint32_t value = digit_value(*cursor.at);
  if (value > 9) return Take::kBad;
  ++cursor.at;
  for (int more = 0; more < 2; ++more) {
    if (cursor.at_end()) break;
    const std::uint32_t digit = digit_value(*cursor.at);
    if (digit > 9) break;
    if (value == 0) return Take::kBad;
    value = value * 10 + digit;
    if (value > 255) return Take::kBad;
    ++cursor.at;
  }
  octet = static_cast<std::uint8_t>(value);
  return Take::kTook;
}

// 16 and more: no hexadecimal digit.
std::uint32_t hex_value(char byte) noexcept {
  const std::uint32_t digit = digit_value(byte);
  if (digit <= 9) return digit;
  const std::uint32_t letter = (static_cast<unsigned char>(byte) | 0x20U) - 'a';
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
  TextCursor ahead = cursor;  // A local one stays in registers.
  Take taken = take_octet(ahead, octets[0]);
  for (std::size_t i = 1; i < 4 && taken == Take::kTook; ++i) {
    if (ahead.at_end()) {
      taken = Take::kNeedsMore;
    } else if (*ahead.at != '.') {
      taken = Take::kBad;
    } else {
      ++ahead.at;
      taken = take_octet(ahead, octets[i]);
    }
  }
  cursor = ahead;
  if (taken == Take::kTook) address = address_of_v4(octets);
  return taken;
}

Take take_v6(TextCursor& cursor, IpAddress& address) noexcept {
  Groups groups;
  const Take taken = take_groups(cursor, groups);
  if (taken == Take::kTook) store(groups, address);
  return taken;
}

Take take_port(TextCursor& cursor, std::uint16_t& port) noexcept {
  if (cursor.at_end()) return Take::kNeedsMore;
  std::uint32_t value = digit_value(*cursor.at);
  if (value > 9) return Take::kBad;
  ++cursor.at;
  for (; !cursor.at_end(); ++cursor.at) {
    const std::uint32_t digit = digit_value(*cursor.at);
    if (digit > 9) break;
    if (value == 0 || value * 10 + digit > 65535) return Take::kBad;
    value = value * 10 + digit;
  }
  port = static_cast<std::uint16_t>(value);
  return Take::kTook;
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
