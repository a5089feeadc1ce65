// SPDX-License-Identifier: Apache-2.0
// See client_tls.h. HOT; pure.
#include "edge/client/client_tls.h"

#include "edge/client/forwarded.h"
#include "edge/client/list_from_end.h"
#include "edge/client/text.h"

namespace pixel::edge {
namespace {

constexpr std::size_t kNameBytesMax = 63;  // As TextTable keeps them.

enum class Protocol : std::uint8_t { kUnsaid, kHttp, kHttps };

Protocol protocol_of(std::string_view word) noexcept {
  if (is_word(word, "https")) return Protocol::kHttps;
  return is_word(word, "http") ? Protocol::kHttp : Protocol::kUnsaid;
}

// The nearest proxy writes last.
Protocol protocol_of_list(std::string_view list) noexcept {
  const std::size_t comma = list.rfind(',');
  return protocol_of(trim_space(comma == std::string_view::npos ? list : list.substr(comma + 1)));
}

// {"scheme":"https"}: the text in quotes behind "scheme" and a colon.
Protocol protocol_of_visitor(std::string_view json) noexcept {
  constexpr std::string_view kKey = "\"scheme\"";
  const std::size_t key = json.find(kKey);
  if (key == std::string_view::npos) return Protocol::kUnsaid;
  std::string_view rest = trim_space(json.substr(key + kKey.size()));
  if (rest.empty() || rest.front() != ':') return Protocol::kUnsaid;
  rest = trim_space(rest.substr(1));
  if (rest.empty() || rest.front() != '"') return Protocol::kUnsaid;
  const std::size_t end = rest.find('"', 1);
  if (end == std::string_view::npos) return Protocol::kUnsaid;
  return protocol_of(rest.substr(1, end - 1));
}

Protocol protocol_of_element(std::string_view element) noexcept {
  const std::optional<ForwardedElement> parsed = parse_forwarded_element(element);
  return parsed ? protocol_of(parsed->proto) : Protocol::kUnsaid;
}

Protocol protocol_of_last_element(const HeaderLines& forwarded) noexcept {
  std::string_view element;
  if (!ListFromEnd(forwarded, ListKind::kQuoted).next(element)) return Protocol::kUnsaid;
  return protocol_of_element(element);
}

Protocol protocol_by_source(const ExtraHeaders& extra, ClientSource source,
                            std::string_view named_by) noexcept {
  switch (source) {
    case ClientSource::kForwarded:
      return protocol_of_element(named_by);
    case ClientSource::kViewerAddress:
      return protocol_of(extra.get(ExtraHeader::kCloudFrontProto));
    case ClientSource::kCfConnectingIp:
    case ClientSource::kTrueClientIp:
      return protocol_of_visitor(extra.get(ExtraHeader::kCfVisitor));
    case ClientSource::kPeer:
    case ClientSource::kXForwardedFor:
    case ClientSource::kXRealIp:
      break;
  }
  return Protocol::kUnsaid;
}

Protocol find_protocol(const RequestView& request, ClientSource source,
                       std::string_view named_by) noexcept {
  const ExtraHeaders& extra = request.extra;
  Protocol said = protocol_by_source(extra, source, named_by);
  if (said == Protocol::kUnsaid) {
    said = protocol_of_list(extra.get(ExtraHeader::kForwardedProto));
  }
  if (said == Protocol::kUnsaid) said = protocol_of(extra.get(ExtraHeader::kCloudFrontProto));
  if (said == Protocol::kUnsaid) said = protocol_of_visitor(extra.get(ExtraHeader::kCfVisitor));
  if (said == Protocol::kUnsaid) said = protocol_of_last_element(request.forwarded);
  return said;
}

// "TLSv1.3"; else nothing.
std::string_view checked_version(std::string_view text) noexcept {
  const bool good = text.size() <= kNameBytesMax && is_name(text) &&
                    (text.substr(0, 4) == "TLSv" || text.substr(0, 4) == "SSLv");
  return good ? text : std::string_view{};
}

std::string_view checked_cipher(std::string_view text) noexcept {
  return text.size() <= kNameBytesMax && is_name(text) && text != "-" ? text : std::string_view{};
}

// False: no version there, and the cipher is not read.
bool take_balancer_tls(const ExtraHeaders& extra, ClientIdentity& client) noexcept {
  client.tls_version = checked_version(extra.get(ExtraHeader::kTlsVersion));
  if (client.tls_version.empty()) return false;
  client.tls_cipher = checked_cipher(extra.get(ExtraHeader::kTlsCipher));
  return true;
}

// "TLSv1.3:TLS_AES_128_GCM_SHA256:fullHandshake"
bool take_viewer_tls(const ExtraHeaders& extra, ClientIdentity& client) noexcept {
  const std::string_view text = extra.get(ExtraHeader::kViewerTls);
  const std::size_t first = text.find(':');
  client.tls_version = checked_version(text.substr(0, first));
  if (client.tls_version.empty()) return false;
  if (first == std::string_view::npos) return true;
  const std::string_view rest = text.substr(first + 1);
  client.tls_cipher = checked_cipher(rest.substr(0, rest.find(':')));
  return true;
}

}  // namespace

void read_tls_headers(const RequestView& request, ClientSource source, std::string_view named_by,
                      ClientIdentity& client) noexcept {
  const Protocol said = find_protocol(request, source, named_by);
  client.has_protocol = said != Protocol::kUnsaid;
  client.https = said == Protocol::kHttps;
  if (said == Protocol::kHttp) return;
  const ExtraHeaders& extra = request.extra;
  const bool has_tls = source == ClientSource::kViewerAddress
                           ? take_viewer_tls(extra, client) || take_balancer_tls(extra, client)
                           : take_balancer_tls(extra, client) || take_viewer_tls(extra, client);
  if (has_tls) client.has_protocol = client.https = true;
}

}  // namespace pixel::edge
