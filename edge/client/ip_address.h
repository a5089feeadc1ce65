// SPDX-License-Identifier: Apache-2.0
// An IPv4 or IPv6 address as 16 bytes, its text, and the forms in which proxies write one. HOT by
// thread; pure; no allocation, no system headers beyond arpa/inet in the .cc.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pixel::edge {

/// IPv4 is kept as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2): equal addresses have equal bytes.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4() const noexcept;
  auto operator<=>(const IpAddress&) const = default;
};
/// Of 4 and of 16 bytes in network order.
IpAddress address_of_v4(const std::uint8_t (&bytes)[4]) noexcept;
IpAddress address_of_v6(const std::uint8_t (&bytes)[16]) noexcept;

inline constexpr std::size_t kAddressTextBytesMax = 45;
/// Writes "192.0.2.1" or "2001:db8::1" (RFC 5952) and returns its bytes; no NUL. May write bytes
/// behind them. REQUIRES: room for kAddressTextBytesMax.
std::size_t format_address(const IpAddress& address, char* out) noexcept;

/// A bare address, strictly: four decimal octets without leading zeros, or RFC 4291 text.
std::optional<IpAddress> parse_address(std::string_view text) noexcept;

struct AddressAndPort {
  IpAddress address;
  std::uint16_t port = 0;  // 0: none was written.
};
/// As proxies write it: "192.0.2.1", "192.0.2.1:443", "2001:db8::1", "[2001:db8::1]",
/// "[2001:db8::1]:443"; quoted too (RFC 7239). With `port_from_right` (CloudFront-Viewer-Address)
/// what follows the last colon of an unbracketed IPv6 text is the port. White space around it is
/// ignored. Nothing for anything else ("unknown", "_hidden", junk).
std::optional<AddressAndPort> parse_address_and_port(std::string_view text,
                                                     bool port_from_right = false) noexcept;

}  // namespace pixel::edge
