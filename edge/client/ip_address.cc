// SPDX-License-Identifier: Apache-2.0
// Addresses to text: IPv4 by table, IPv6 by RFC 5952. HOT; pure.
#include "edge/client/ip_address.h"

#include <cstring>

namespace pixel::edge {
namespace {

constexpr std::uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// "7.  ", "42. ", "255.": one load, one store and an addition per octet.
struct OctetText {
  char text[4];
};
constexpr std::array<OctetText, 256> kOctets = [] {
  std::array<OctetText, 256> octets{};
  for (unsigned value = 0; value < 256; ++value) {
    std::size_t at = 0;
    const auto add = [&](unsigned digit) {
      octets[value].text[at++] = static_cast<char>('0' + digit);
    };
    if (value >= 100) add(value / 100);
    if (value >= 10) add(value / 10 % 10);
    add(value % 10);
    octets[value].text[at] = '.';
  }
  return octets;
}();

std::size_t format_v4(const std::uint8_t* octets, char* out) noexcept {
  char* at = out;
  for (std::size_t i = 0; i < 4; ++i) {
    const unsigned octet = octets[i];
    std::memcpy(at, kOctets[octet].text, 4);
    at += 2 + (octet >= 10 ? 1 : 0) + (octet >= 100 ? 1 : 0);
  }
  return static_cast<std::size_t>(at - out) - 1;  // Without the last dot.
}

struct Run {
  std::size_t begin = 8;
  std::size_t count = 0;
};

// The longest run of groups that are 0, the first of equals; of two at least (RFC 5952, 4.2).
Run longest_zeros(const std::uint16_t (&groups)[8]) noexcept {
  Run best;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i >= 2 && end - i > best.count) best = {i, end - i};
    if (end > i) i = end - 1;
  }
  return best;
}

char* write_group(std::uint16_t group, char* at) noexcept {
  constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = 12; shift >= 0; shift -= 4) {
    if (shift == 0 || (group >> shift) != 0) *at++ = kDigits[(group >> shift) & 0xf];
  }
  return at;
}

std::size_t format_v6(const std::array<std::uint8_t, 16>& bytes, char* out) noexcept {
  std::uint16_t groups[8];
  for (std::size_t i = 0; i < 8; ++i) {
    groups[i] = static_cast<std::uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  }
  const Run zeros = longest_zeros(groups);
  char* at = out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == zeros.begin) {
      *at++ = ':';
      *at++ = ':';
      i += zeros.count - 1;
      continue;
    }
    if (i > 0 && i != zeros.begin + zeros.count) *at++ = ':';
    at = write_group(groups[i], at);
  }
  return static_cast<std::size_t>(at - out);
}

}  // namespace

bool IpAddress::is_v4() const noexcept {
  return std::memcmp(bytes.data(), kMappedPrefix, sizeof kMappedPrefix) == 0;
}

IpAddress address_of_v4(const std::uint8_t (&bytes)[4]) noexcept {
  IpAddress address;
  std::memcpy(address.bytes.data(), kMappedPrefix, sizeof kMappedPrefix);
  std::memcpy(address.bytes.data() + sizeof kMappedPrefix, bytes, sizeof bytes);
  return address;
}

IpAddress address_of_v6(const std::uint8_t (&bytes)[16]) noexcept {
  IpAddress address;
  std::memcpy(address.bytes.data(), bytes, sizeof bytes);
  return address;
}

std::size_t format_address(const IpAddress& address, char* out) noexcept {
  if (address.is_v4()) return format_v4(address.bytes.data() + 12, out);
  return format_v6(address.bytes, out);
}

}  // namespace pixel::edge
