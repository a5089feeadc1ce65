// SPDX-License-Identifier: Apache-2.0
// Listeners: one socket per worker on one port, and a clear word where a port cannot be had.
#include "edge/net/listener.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

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
  const std::uint16_t port = port_of(listeners->of_worker(0)[0]);
  EXPECT_THAT(listeners->bound, ElementsAre("127.0.0.1:" + std::to_string(port)));
  std::set<int> distinct;
  for (std::size_t worker = 0; worker < 3; ++worker) {
    ASSERT_THAT(listeners->of_worker(worker), SizeIs(1));
    const int fd = listeners->of_worker(worker)[0];
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
    EXPECT_EQ(connect_to(port_of(first->of_worker(0)[0])), 0);
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
  const auto listeners = open_listeners({"127.0.0.1:0"}, 2);
  ASSERT_TRUE(listeners.ok());
  const std::uint16_t port = port_of(listeners->of_worker(0)[0]);
  const base::UniqueFd copy(::dup(listeners->of_worker(0)[0]));
  EXPECT_EQ(connect_to(port), 0);
  listeners->shut();
  EXPECT_EQ(connect_to(port), ECONNREFUSED);
}

}  // namespace
}  // namespace pixel::edge
