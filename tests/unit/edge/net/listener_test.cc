// SPDX-License-Identifier: Apache-2.0
// Listeners: one socket per worker on one port, and a clear word where a port cannot be had.
#include "edge/net/listener.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "base/address.h"

namespace pixel::edge {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t bytes = sizeof address;
  EXPECT_EQ(::getsockname(fd, static_cast<sockaddr*>(static_cast<void*>(&address)), &bytes), 0);
  return ntohs(address.sin_port);
}

int option_of(int fd, int level, int name) {
  int value = -1;
  socklen_t bytes = sizeof value;
  EXPECT_EQ(::getsockopt(fd, level, name, &value, &bytes), 0);
  return value;
}

int connect_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  const base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto* const target = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  return ::connect(fd.get(), target, sizeof address) == 0 ? 0 : errno;
}

TEST(Listeners, AnyPortIsTheSameForAllWorkers) {
  const auto listeners = open_listeners({"127.0.0.1:0"}, 3);
  ASSERT_TRUE(listeners.ok());
  ASSERT_THAT(listeners->by_worker, SizeIs(3));
  const std::uint16_t port = port_of(listeners->of_worker(0)[0].fd);
  EXPECT_THAT(listeners->bound, ElementsAre("127.0.0.1:" + std::to_string(port)));
  std::set<int> distinct;
  for (std::size_t worker = 0; worker < 3; ++worker) {
    ASSERT_THAT(listeners->of_worker(worker), SizeIs(1));
    const int fd = listeners->of_worker(worker)[0].fd;
    distinct.insert(fd);
    EXPECT_EQ(port_of(fd), port);
    EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
    EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_REUSEPORT), 1);
    EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  }
  EXPECT_THAT(distinct, SizeIs(3));
  EXPECT_EQ(connect_to(port), 0);
}

TEST(Listeners, BothFamiliesShareAPortNumber) {
  const auto v4 = open_listeners({"127.0.0.1:0"}, 1);
  ASSERT_TRUE(v4.ok());
  const std::string port = v4->bound[0].substr(v4->bound[0].rfind(':'));
  const auto v6 = open_listeners({"[::1]" + port}, 1);
  if (!v6) GTEST_SKIP() << "no IPv6 here: " << v6.error().message;
  EXPECT_THAT(v6->bound, ElementsAre("[::1]" + port));
}

TEST(Listeners, ARestartIsNotHeldUpByAConnectionInTimeWait) {
  std::string address;
  {
    const auto first = open_listeners({"127.0.0.1:0"}, 1);
    ASSERT_TRUE(first.ok());
    address = first->bound[0];
    EXPECT_EQ(connect_to(port_of(first->of_worker(0)[0].fd)), 0);
  }
  EXPECT_TRUE(open_listeners({address}, 1).ok());
}

TEST(Listeners, SharesNoPortWithAStranger) {
  const auto first = open_listeners({"127.0.0.1:0"}, 1);
  ASSERT_TRUE(first.ok());
  const auto second = open_listeners({"127.0.0.1:0", first->bound[0]}, 1);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message, HasSubstr("cannot listen on " + first->bound[0] +
                                                ": Address already in use; another process"));
}

TEST(Listeners, SaysWhatIsWrongWithAnAddress) {
  EXPECT_THAT(open_listeners({"192.0.2.1:0"}, 1).error().message,
              HasSubstr("this machine has no such address"));
  EXPECT_THAT(open_listeners({"somewhere"}, 1).error().message, HasSubstr("expected host:port"));
}

TEST(Listeners, ShutRefusesNewConnectionsWhoeverHoldsCopies) {
  auto listeners = open_listeners({"127.0.0.1:0"}, 2);
  ASSERT_TRUE(listeners.ok());
  const std::uint16_t port = port_of(listeners->of_worker(0)[0].fd);
  const base::UniqueFd copy(::dup(listeners->of_worker(0)[0].fd));
  EXPECT_EQ(connect_to(port), 0);
  listeners->shut();
  EXPECT_EQ(connect_to(port), ECONNREFUSED);
}

// What a predecessor would give away: copies of every descriptor.
std::vector<base::UniqueFd> copies_of(const Listeners& listeners) {
  std::vector<base::UniqueFd> copies;
  for (const auto& of_worker : listeners.by_worker) {
    for (const Listener& each : of_worker) copies.emplace_back(::dup(each.fd.get()));
  }
  return copies;
}

std::size_t count_of(const Listeners& listeners) {
  std::size_t count = 0;
  for (const auto& of_worker : listeners.by_worker) count += of_worker.size();
  return count;
}

// How many of them have a connection to accept.
int accept_all(const Listeners& listeners) {
  int accepted = 0;
  for (const auto& of_worker : listeners.by_worker) {
    for (const Listener& each : of_worker) {
      while (base::UniqueFd(::accept4(each.fd.get(), nullptr, nullptr, SOCK_CLOEXEC))) ++accepted;
    }
  }
  return accepted;
}

TEST(InheritedListeners, AreSpreadSoThatNoneIsLeftAndMissingOnesAreOpened) {
  struct Case {
    std::uint32_t before;
    std::uint32_t after;
    std::size_t opened;
  };
  for (const Case& each : {Case{1, 1, 0}, {1, 4, 3}, {2, 3, 1}, {3, 3, 0}, {5, 2, 0}, {4, 1, 0}}) {
    SCOPED_TRACE(std::to_string(each.before) + " to " + std::to_string(each.after));
    auto first = open_listeners({"127.0.0.1:0", "127.0.0.1:0"}, each.before);
    ASSERT_TRUE(first.ok());
    const auto second = open_listeners(first->bound, each.after, copies_of(*first));
    ASSERT_TRUE(second.ok()) << second.error().message;
    EXPECT_EQ(second->bound, first->bound);
    EXPECT_EQ(second->opened_count, 2 * each.opened);
    EXPECT_EQ(second->shared_count, 0U);
    EXPECT_THAT(second->unused, ::testing::IsEmpty());
    EXPECT_EQ(count_of(*second), 2 * std::max(each.before, each.after));
    for (std::uint32_t worker = 0; worker < each.after; ++worker) {
      std::set<std::size_t> addresses;
      for (const ListenerView& view : second->of_worker(worker)) {
        addresses.insert(view.address_index);
        EXPECT_EQ(":" + std::to_string(port_of(view.fd)),
                  second->bound[view.address_index].substr(9));
      }
      EXPECT_THAT(addresses, SizeIs(2)) << "worker " << worker;
    }
  }
}

TEST(InheritedListeners, NoConnectionIsRefusedOrLostFromOneToTheNext) {
  constexpr int kConnections = 200;
  auto first = open_listeners({"127.0.0.1:0"}, 4);
  ASSERT_TRUE(first.ok());
  const std::uint16_t port = port_of(first->of_worker(0)[0].fd);
  int refused = 0;
  const auto connect_some = [&] {
    for (int i = 0; i < kConnections; ++i) refused += connect_to(port) == 0 ? 0 : 1;
  };
  connect_some();
  const auto second = open_listeners(first->bound, 2, copies_of(*first));
  ASSERT_TRUE(second.ok());
  connect_some();
  first->kept_elsewhere = true;
  first->shut();
  connect_some();
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(accept_all(*second), 3 * kConnections);
}

TEST(InheritedListeners, PortZeroTakesThePortThatIsThere) {
  const auto first = open_listeners({"127.0.0.1:0"}, 2);
  ASSERT_TRUE(first.ok());
  const auto second = open_listeners({"127.0.0.1:0"}, 2, copies_of(*first));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->bound, first->bound);
  EXPECT_EQ(second->opened_count, 0U);
}

TEST(InheritedListeners, ASocketGivenTwiceIsTakenOnce) {
  const auto first = open_listeners({"127.0.0.1:0"}, 2);
  ASSERT_TRUE(first.ok());
  auto copies = copies_of(*first);
  for (base::UniqueFd& again : copies_of(*first)) copies.push_back(std::move(again));
  const auto second = open_listeners(first->bound, 2, std::move(copies));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(count_of(*second), 2U);
  EXPECT_THAT(second->unused, ::testing::IsEmpty());
}

TEST(InheritedListeners, ASocketWithoutReusePortIsCompletedAllTheSame) {
  const base::UniqueFd plain(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* const target = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  ASSERT_EQ(::bind(plain.get(), target, sizeof address), 0);
  ASSERT_EQ(::listen(plain.get(), 1), 0);
  std::vector<base::UniqueFd> inherited;
  inherited.emplace_back(::dup(plain.get()));
  const std::string text = "127.0.0.1:" + std::to_string(port_of(plain.get()));
  const auto listeners = open_listeners({text}, 3, std::move(inherited));
  ASSERT_TRUE(listeners.ok()) << listeners.error().message;
  EXPECT_EQ(listeners->opened_count + listeners->shared_count, 2U);
  EXPECT_EQ(option_of(plain.get(), IPPROTO_TCP, TCP_NODELAY), 1);
  for (std::size_t worker = 0; worker < 3; ++worker) {
    EXPECT_THAT(listeners->of_worker(worker), SizeIs(1));
  }
}

// Another user's sockets let no other into their group; so it is with systemd's and a service's.
TEST(InheritedListeners, AreSharedWhereTheKernelRefusesMore) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be another user for a moment";
  const auto first = open_listeners({"127.0.0.1:0"}, 2);
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(::seteuid(65'534), 0);
  const auto second = open_listeners(first->bound, 5, copies_of(*first));
  ASSERT_EQ(::seteuid(0), 0);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(second->opened_count, 0U);
  EXPECT_EQ(second->shared_count, 3U);
  EXPECT_EQ(count_of(*second), 5U);
}

TEST(InheritedListeners, WhatIsNoListenerOrNotWantedIsNamed) {
  const auto other = open_listeners({"127.0.0.1:0"}, 1);
  ASSERT_TRUE(other.ok());
  auto inherited = copies_of(*other);
  inherited.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  inherited.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  inherited.emplace_back(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  inherited.emplace_back(::dup(0));
  const auto listeners = open_listeners({"127.0.0.2:0"}, 1, std::move(inherited));
  ASSERT_TRUE(listeners.ok());
  EXPECT_EQ(listeners->opened_count, 1U);
  EXPECT_THAT(listeners->unused,
              ElementsAre(HasSubstr("does not listen"), HasSubstr("no IPv4 or IPv6 socket"),
                          HasSubstr("no stream socket"), HasSubstr("no stream socket"),
                          other->bound[0] + ": not in server.listen"));
}

TEST(InheritedListeners, AStrangersPortIsStillAnError) {
  const auto stranger = open_listeners({"127.0.0.1:0"}, 1);
  const auto mine = open_listeners({"127.0.0.1:0"}, 1);
  ASSERT_TRUE(stranger.ok() && mine.ok());
  const auto both = open_listeners({mine->bound[0], stranger->bound[0]}, 1, copies_of(*mine));
  ASSERT_FALSE(both.ok());
  EXPECT_THAT(both.error().message, HasSubstr("another process listens there"));
}

}  // namespace
}  // namespace pixel::edge
