// SPDX-License-Identifier: Apache-2.0
// Which version a PROXY header is of. HOT by thread; pure.
#include "edge/client/proxy_header.h"

#include "edge/client/proxy_versions.h"

namespace pixel::edge {

std::string_view proxy_fault_name(ProxyFault fault) noexcept {
  switch (fault) {
    case ProxyFault::kNone:
      return "none";
    case ProxyFault::kNotProxy:
      return "not_proxy";
    case ProxyFault::kBadLine:
      return "bad_line";
    case ProxyFault::kBadHeader:
      return "bad_header";
    case ProxyFault::kBadTlv:
      return "bad_tlv";
    case ProxyFault::kBadChecksum:
      return "bad_checksum";
    case ProxyFault::kTooLong:
      return "too_long";
  }
  return "none";
}

ProxyResult parse_proxy_header(std::string_view bytes, ProxyHeader& header) noexcept {
  header = ProxyHeader{};
  if (bytes.empty()) return proxy_detail::kWantsMore;
  // A line begins with 'P', the signature of version 2 with CR.
  const ProxyResult result = bytes.front() == 'P' ? proxy_detail::parse_v1(bytes, header)
                                                  : proxy_detail::parse_v2(bytes, header);
  if (result.status != ProxyStatus::kComplete) header = ProxyHeader{};
  return result;
}

}  // namespace pixel::edge
