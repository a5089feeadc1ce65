// SPDX-License-Identifier: Apache-2.0
#include "base/statsd.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/unique_fd.h"

namespace pixel::base {
namespace {

using testing::ElementsAre;

constexpr std::string_view kFirst =
    "# HELP requests_total Help.\n# TYPE requests_total counter\n"
    "requests_total{worker=\"0\",response=\"pixel\"} 5\n"
    "requests_total{worker=\"1\",response=\"pixel\"} 7\n"
    "requests_total{worker=\"0\",response=\"not found\"} 0\n"
    "# TYPE open gauge\nopen{worker=\"0\"} 3\nopen{worker=\"1\"} 4\n"
    "# TYPE ready gauge\nready 1\n";

TEST(StatsdText, AddsUpWorkersAndNamesLabels) {
  StatsdText text("edge");
  EXPECT_THAT(text.lines(kFirst),
              ElementsAre("edge.requests_total.pixel:12|c", "edge.open:7|g", "edge.ready:1|g"));
}

TEST(StatsdText, CountersGoOutAsTheirGrowth) {
  StatsdText text("edge");
  text.lines("# TYPE a counter\na 5\n");
  EXPECT_THAT(text.lines("# TYPE a counter\na 5\n"), ElementsAre());
  EXPECT_THAT(text.lines("# TYPE a counter\na 8\n"), ElementsAre("edge.a:3|c"));
}

TEST(StatsdText, OtherBytesOfLabelsAreReplaced) {
  StatsdText text("edge");
  EXPECT_THAT(text.lines("# TYPE a counter\na{x=\"b:c|d e\"} 1\n"),
              ElementsAre("edge.a.b_c_d_e:1|c"));
}

TEST(StatsdPusher, PushesByUdpAndOnceMoreAtItsEnd) {
  UniqueFd server(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  auto* const where = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(server.get(), where, bytes), 0);
  ASSERT_EQ(::getsockname(server.get(), where, &bytes), 0);
  {
    auto pusher = StatsdPusher::start("127.0.0.1:" + std::to_string(ntohs(address.sin_port)), "p",
                                      3'600'000'000'000, [] { return "# TYPE a counter\na 2\n"; });
    ASSERT_TRUE(pusher);
  }
  char datagram[100];
  const ssize_t count = ::recv(server.get(), datagram, sizeof datagram, MSG_DONTWAIT);
  EXPECT_EQ(std::string_view(datagram, static_cast<std::size_t>(std::max<ssize_t>(count, 0))),
            "p.a:2|c");
}

TEST(StatsdPusher, ANameIsNoAddress) {
  EXPECT_FALSE(StatsdPusher::start("localhost:8125", "p", 1, [] { return ""; }));
}

}  // namespace
}  // namespace pixel::base
