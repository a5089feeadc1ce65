// SPDX-License-Identifier: Apache-2.0
// The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt of 2020-03-05 and its later
// TLVs). Strict; HOT by thread, once per connection; pure: bytes in, views out.
//
// What the protocol leaves to its receiver:
// - LOCAL, UNKNOWN and UNSPEC (family or transport): the connection stands as it is, and the rest
// of
//   the header is skipped unread, its TLVs too: nothing says where addresses end.
// - UNIX sockets: no address, but TLVs count. Datagram transports: as streams.
// - Unassigned versions, commands, families and transports are refused. In LOCAL, whose family has
//   no meaning, any family will do.
// - Of a TLV that comes twice the first counts; the others must be well formed all the same.
// - Types that we do not know are skipped by their length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "edge/client/ip_address.h"

namespace pixel::edge {

enum class ProxyStatus : std::uint8_t { kComplete, kIncomplete, kRefused };

/// Why a connection is closed without an answer. Values are stable: they name metrics.
enum class ProxyFault : std::uint8_t {
  kNone,
  kNotProxy,     // The first bytes are no PROXY header.
  kBadLine,      // Version 1: malformed, or longer than 107 bytes.
  kBadHeader,    // Version 2: unknown version, command or family, lengths that do not fit.
  kBadTlv,       // A TLV that does not fit, or one of a wrong length.
  kBadChecksum,  // PP2_TYPE_CRC32C does not match.
  kTooLong,      // More than kProxyHeaderBytesMax.
};
inline constexpr std::size_t kProxyFaultCount = 7;
std::string_view proxy_fault_name(ProxyFault fault) noexcept;

/// What of a header we take; the protocol allows 64 KiB of TLVs, nobody sends them.
inline constexpr std::uint32_t kProxyHeaderBytesMax = 4096;

/// Views point into the parsed bytes.
struct ProxyHeader {
  std::uint32_t header_bytes = 0;  // Exactly one header; what follows is the client's.
  bool has_address = false;  // False: LOCAL, UNKNOWN, UNSPEC or a UNIX socket: the peer stands.
  IpAddress source;
  std::uint16_t source_port = 0;
  bool tls = false;              // The client came by TLS (PP2_CLIENT_SSL).
  std::string_view tls_version;  // "TLSv1.3"
  std::string_view tls_cipher;   // As the proxy names it.
  std::string_view authority;    // PP2_TYPE_AUTHORITY: the host name of SNI.
  std::string_view unique_id;    // PP2_TYPE_UNIQUE_ID, any bytes, up to 128.
};

struct ProxyResult {
  ProxyStatus status = ProxyStatus::kIncomplete;
  ProxyFault fault = ProxyFault::kNone;
};
/// Any segmentation of the same bytes gives the same result; a fault is found at its byte. `header`
/// is as new unless the result is kComplete. Bytes behind the header are not looked at.
ProxyResult parse_proxy_header(std::string_view bytes, ProxyHeader& header) noexcept;

}  // namespace pixel::edge
