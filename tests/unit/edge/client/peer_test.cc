// SPDX-License-Identifier: Apache-2.0
#include "edge/client/peer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace pixel::edge {
namespace {

sockaddr_storage address_of(const char* text, std::uint16_t port) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
  } else if (::inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
  }
  return storage;
}

Peer peer_of(const sockaddr_storage& address) {
  Peer peer;
  set_peer(peer, address);
  return peer;
}

TEST(Peer, WritesBothFamilies) {
  EXPECT_EQ(peer_of(address_of("192.0.2.7", 443)).view(), "192.0.2.7");
  EXPECT_EQ(peer_of(address_of("192.0.2.7", 443)).port, 443);
  EXPECT_EQ(peer_of(address_of("2001:db8::1", 65535)).view(), "2001:db8::1");
  const char* longest = "2001:db8:1111:2222:3333:4444:5555:6666";
  EXPECT_EQ(peer_of(address_of(longest, 1)).view(), longest);
}

TEST(Peer, MappedAddressesAreWrittenAsIpv4) {
  EXPECT_EQ(peer_of(address_of("::ffff:198.51.100.9", 80)).view(), "198.51.100.9");
}

TEST(Peer, AnotherFamilyHasNone) { EXPECT_EQ(peer_of(sockaddr_storage{}).view(), "-"); }

}  // namespace
}  // namespace pixel::edge
