// SPDX-License-Identifier: Apache-2.0
// ClientRules::resolve: who the client of one request is. HOT; pure.
#include <optional>

#include "edge/client/client_rules.h"
#include "edge/client/client_tls.h"
#include "edge/client/forwarded.h"
#include "edge/client/list_from_end.h"

namespace pixel::edge {
namespace {

// The header in which `source` has one address. Lists are not among them.
ExtraHeader header_of(ClientSource source) noexcept {
  switch (source) {
    case ClientSource::kCfConnectingIp:
      return ExtraHeader::kCfConnectingIp;
    case ClientSource::kTrueClientIp:
      return ExtraHeader::kTrueClientIp;
    case ClientSource::kViewerAddress:
      return ExtraHeader::kViewerAddress;
    default:
      return ExtraHeader::kRealIp;
  }
}

}  // namespace

bool ClientRules::is_trusted(const IpAddress& peer) const noexcept {
  return trusted_.empty() ? hops_ > 0 : trusted_.contains(peer);
}

// Each good entry was written by a proxy that the ones to its right vouch for. What is no address
// ends the walk: the one before it is the proxy that wrote that, and the last we know.
template <class ParseEntry>
bool ClientRules::walk_list(ListFromEnd list, ParseEntry parse_entry,
                            ListClient& client) const noexcept {
  std::uint32_t passed_count = 0;
  for (std::string_view element; list.next(element);) {
    const std::optional<AddressAndPort> entry = parse_entry(element);
    if (!entry) break;
    client = {*entry, element};
    ++passed_count;
    if (hops_ > 0 ? passed_count == hops_ : !trusted_.contains(entry->address)) break;
  }
  return passed_count > 0;
}

bool ClientRules::find_client(const RequestView& request, ListClient& client) const noexcept {
  switch (source_) {
    case ClientSource::kPeer:
      return false;
    case ClientSource::kXForwardedFor:
      return walk_list(
          ListFromEnd(request.forwarded_for, ListKind::kPlain),
          [](std::string_view entry) { return parse_address_and_port(entry); }, client);
    case ClientSource::kForwarded:
      return walk_list(ListFromEnd(request.forwarded, ListKind::kQuoted), forwarded_client, client);
    default:
      break;
  }
  const std::optional<AddressAndPort> entry = parse_address_and_port(
      request.extra.get(header_of(source_)), source_ == ClientSource::kViewerAddress);
  if (entry) client.entry = *entry;
  return entry.has_value();
}

void ClientRules::resolve(const RequestView& request, const IpAddress& peer,
                          std::uint16_t peer_port, ClientIdentity& client) const noexcept {
  client = ClientIdentity{};
  client.address = peer;
  client.port = peer_port;
  if (!reads_headers_ || !is_trusted(peer)) return;
  ListClient found;
  if (find_client(request, found)) {
    client.address = found.entry.address;
    client.port = found.entry.port;
    client.from_header = true;
  }
  if (tls_headers_) read_tls_headers(request, source_, found.element, client);
}

}  // namespace pixel::edge
