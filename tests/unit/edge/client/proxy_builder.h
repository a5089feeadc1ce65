// SPDX-License-Identifier: Apache-2.0
// Builds version 2 headers, good and bad, and says what parse_proxy_header makes of bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "edge/client/crc32c.h"
#include "edge/client/proxy_header.h"

namespace pixel::edge::test {

using std::string_literals::operator""s;

inline std::string two_bytes(std::size_t number) {
  return {static_cast<char>(number >> 8 & 0xff), static_cast<char>(number & 0xff)};
}
inline std::string tlv(int type, const std::string& value) {
  return static_cast<char>(type) + two_bytes(value.size()) + value;
}
inline std::string ssl_tlv(int client, const std::string& parts) {
  return tlv(0x20, static_cast<char>(client) + "\0\0\0\0"s + parts);
}

inline const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;
// 192.0.2.1:1000 to 198.51.100.2:443; the same of IPv6: 2001:db8::1.
inline const std::string kV4Ends = "\xc0\x00\x02\x01\xc6\x33\x64\x02\x03\xe8\x01\xbb"s;
inline const std::string kV6Ends = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"s +
                                   "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x03\xe8\x01\xbb"s;

inline std::string v2_header(int command, int family, const std::string& block) {
  return kSignature + static_cast<char>(command) + static_cast<char>(family) +
         two_bytes(block.size()) + block;
}

/// `before`, a good checksum TLV, `behind`.
inline std::string with_checksum(int command, int family, const std::string& before,
                                 const std::string& behind) {
  std::string header = v2_header(command, family, before + tlv(3, "\0\0\0\0"s) + behind);
  const std::size_t at = 16 + before.size() + 3;
  const std::uint32_t sum = crc32c_end(crc32c_add(kCrc32cBegin, header));
  header.replace(at, 4, two_bytes(sum >> 16) + two_bytes(sum & 0xffff));
  return header;
}

inline const std::string kTlsTlv =
    ssl_tlv(1, tlv(0x21, "TLSv1.3") + tlv(0x22, "client.example") +
                   tlv(0x23, "TLS_AES_256_GCM_SHA384") + tlv(0x24, "RSA-SHA256"));
/// What HAProxy sends with all of its proxy-v2-options.
inline const std::string kFullHeader = with_checksum(
    0x21, 0x11, kV4Ends + tlv(1, "http/1.1"),
    tlv(2, "px.example.com") + tlv(5, "id-\0\xff"s) + kTlsTlv + tlv(4, "\0\0"s) + tlv(0xea, "\1v"));

inline std::string text_of(const IpAddress& address) {
  char text[kAddressTextBytesMax];
  return std::string(text, format_address(address, text));
}

/// "incomplete", "refused <fault>", or "<bytes>" and what the header says:
/// "100 192.0.2.1:1000 tls TLSv1.3 cipher authority=a id=i".
inline std::string describe(std::string_view bytes) {
  ProxyHeader header;
  header.authority = "stale";
  const ProxyResult result = parse_proxy_header(bytes, header);
  if (result.status != ProxyStatus::kComplete) {
    const ProxyHeader fresh;
    const bool is_new = header.header_bytes == 0 && !header.has_address && !header.tls &&
                        header.source == fresh.source && header.authority.empty() &&
                        header.unique_id.empty() && header.tls_version.empty();
    const std::string text = result.status == ProxyStatus::kIncomplete
                                 ? "incomplete"
                                 : "refused " + std::string(proxy_fault_name(result.fault));
    return is_new ? text : text + " but filled";
  }
  std::string text = std::to_string(header.header_bytes);
  if (result.fault != ProxyFault::kNone) text += " with a fault";
  if (header.has_address) {
    text += " " + text_of(header.source) + ":" + std::to_string(header.source_port);
  }
  if (header.tls) text += " tls";
  const auto add = [&text](std::string_view name, std::string_view value) {
    if (!value.empty()) text += std::string(name) + std::string(value);
  };
  add(" ", header.tls_version);
  add(" ", header.tls_cipher);
  add(" authority=", header.authority);
  add(" id=", header.unique_id);
  return text;
}

}  // namespace pixel::edge::test
