// SPDX-License-Identifier: Apache-2.0
// Version 1 of the PROXY protocol: one line of text. HOT by thread; pure. Read byte by byte and not
// up to its CRLF, so that what cannot become a line is refused at once.
#include <algorithm>
#include <cstddef>

#include "edge/client/address_cursor.h"
#include "edge/client/proxy_versions.h"

namespace pixel::edge::proxy_detail {
namespace {

constexpr std::size_t kLineBytesMax = 107;  // With its CRLF.

// "<source> <destination> <port> <port>"; the destination is ours and says nothing new.
template <class TakeAddress>
Take take_ends(TextCursor& cursor, TakeAddress take_address, ProxyHeader& header) noexcept {
  IpAddress destination;
  std::uint16_t destination_port = 0;
  Take taken = take_address(cursor, header.source);
  const auto then = [&](auto step) {
    if (taken == Take::kTook) taken = step();
  };
  const auto space = [&] { return take_literal(cursor, " "); };
  then(space);
  then([&] { return take_address(cursor, destination); });
  then(space);
  then([&] { return take_port(cursor, header.source_port); });
  then(space);
  then([&] { return take_port(cursor, destination_port); });
  header.has_address = true;
  return taken;
}

// Behind "UNKNOWN": anything up to CRLF is ignored.
Take skip_to_line_end(TextCursor& cursor) noexcept {
  if (cursor.at_end() || *cursor.at == '\r') return Take::kTook;
  if (*cursor.at != ' ') return Take::kBad;
  cursor.at =
      std::find_if(cursor.at, cursor.end, [](char byte) { return byte == '\r' || byte == '\n'; });
  return Take::kTook;
}

// Everything between "PROXY " and CRLF.
Take take_line(TextCursor& cursor, ProxyHeader& header) noexcept {
  if (!cursor.at_end() && *cursor.at == 'U') {
    const Take unknown = take_literal(cursor, "UNKNOWN");
    return unknown == Take::kTook ? skip_to_line_end(cursor) : unknown;
  }
  const Take tcp = take_literal(cursor, "TCP");
  if (tcp != Take::kTook) return tcp;
  if (cursor.at_end()) return Take::kNeedsMore;
  const char family = *cursor.at++;
  if (family != '4' && family != '6') return Take::kBad;
  const Take space = take_literal(cursor, " ");
  if (space != Take::kTook) return space;
  return take_ends(cursor, family == '4' ? take_v4 : take_v6, header);
}

}  // namespace

ProxyResult parse_v1(std::string_view bytes, ProxyHeader& header) noexcept {
  TextCursor cursor(bytes.substr(0, kLineBytesMax));
  const Take start = take_literal(cursor, "PROXY ");
  if (start == Take::kBad) return refuse(ProxyFault::kNotProxy);
  Take taken = start;
  if (taken == Take::kTook) taken = take_line(cursor, header);
  if (taken == Take::kTook) taken = take_literal(cursor, "\r\n");
  if (taken == Take::kBad) return refuse(ProxyFault::kBadLine);
  if (taken == Take::kNeedsMore) {
    return bytes.size() < kLineBytesMax ? kWantsMore : refuse(ProxyFault::kBadLine);
  }
  header.header_bytes = static_cast<std::uint32_t>(cursor.at - bytes.data());
  return kDone;
}

}  // namespace pixel::edge::proxy_detail
