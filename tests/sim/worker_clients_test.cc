// SPDX-License-Identifier: Apache-2.0
// Who the client is and what is kept of it, in all worlds: PROXY headers, forwarded addresses,
// limits, policy, changed rules.
#include "edge/rules.h"
#include "tests/sim/scenario.h"

namespace pixel::sim {
namespace {

class Clients : public Scenario {};
INSTANTIATE_TEST_SUITE_P(Worlds, Clients, all_worlds(), name_of_world);

WorldOptions behind_proxy() {
  WorldOptions options;
  options.proxy = true;
  options.config.client.proxy_from = {"127.0.0.0/8", "198.51.100.0/24"};
  return options;
}

TEST_P(Clients, AProxyHeaderNamesTheClient) {
  World& world = open(behind_proxy());
  const int client = world.connect();
  world.send(client, "PROXY TCP4 198.51.100.7 203.0.113.1 56324 443\r\n" + get(1));
  world.send(client, get(2));
  EXPECT_EQ(count(receive_answers(world, client, 2), "HTTP/1.1 200"), 2U);
  ASSERT_EQ(world.lines().size(), 2U);
  for (const std::string& line : world.lines()) {
    EXPECT_EQ(field(line, 5), "198.51.100.7");
    EXPECT_EQ(field(line, 27), "56324");
  }
}

TEST_P(Clients, AProxyHeaderMayComeByteByByte) {
  World& world = open(behind_proxy());
  const int client = world.connect();
  const std::string all = "PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\n" + get(1);
  for (const char byte : all) world.send(client, {&byte, 1});
  EXPECT_EQ(count(receive_answers(world, client, 1), "HTTP/1.1 200"), 1U);
  EXPECT_EQ(field(world.lines().at(0), 5), "2001:db8::7");
}

TEST_P(Clients, OnlyOneProxyHeaderIsTaken) {
  World& world = open(behind_proxy());
  const int client = world.connect();
  const std::string header = "PROXY TCP4 198.51.100.7 203.0.113.1 1 2\r\n";
  world.send(client, header + header + get(1));
  EXPECT_EQ(receive_answers(world, client, 1).substr(9, 3), "400");
  EXPECT_TRUE(world.ended(client));
}

TEST_P(Clients, WithoutAProxyHeaderThereIsNoAnswer) {
  World& world = open(behind_proxy());
  const int client = world.connect();
  world.send(client, get(1));
  world.pass_ms(100);
  static_cast<void>(world.ended(client));
  EXPECT_EQ(world.receive(client, 0), "");
  EXPECT_EQ(world.lines().size(), 0U);
  EXPECT_EQ(world.counters().proxy_faults[1].get(), 1U);
}

TEST_P(Clients, StrangersMayNotSendProxyHeaders) {
  WorldOptions options = behind_proxy();
  options.config.client.proxy_from = {"203.0.113.0/24"};
  World& world = open(options);
  const int client = world.connect();
  world.send(client, "PROXY TCP4 198.51.100.7 203.0.113.1 1 2\r\n" + get(1));
  world.pass_ms(100);
  static_cast<void>(world.ended(client));
  EXPECT_EQ(world.receive(client, 0), "");
  EXPECT_EQ(world.counters().proxy_strangers.get(), 1U);
}

TEST_P(Clients, AHalfProxyHeaderTimesOutInSilence) {
  WorldOptions options = behind_proxy();
  options.header_timeout_ns = 1'000'000'000;
  World& world = open(options);
  const int client = world.connect();
  world.send(client, "PROXY TCP4 198");
  EXPECT_TRUE(world.ended(client));
  EXPECT_EQ(world.receive(client, 0), "");
}

TEST_P(Clients, ForwardedAddressesCountByHops) {
  WorldOptions options;
  options.config.client.source = edge::ClientSource::kXForwardedFor;
  options.config.client.hops = 1;
  World& world = open(options);
  const int client = world.connect();
  world.send(client,
             "GET /1x1.gif HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: 6.6.6.6, 198.51.100.9\r\n"
             "X-Forwarded-Proto: https\r\n\r\n");
  world.receive(client, 100);
  ASSERT_EQ(world.lines().size(), 1U);
  EXPECT_EQ(field(world.lines()[0], 5), "198.51.100.9");
  EXPECT_EQ(field(world.lines()[0], 17), "https");
}

TEST_P(Clients, AnAddressHasOnlySoManyConnections) {
  WorldOptions options;
  options.connections_per_address = 2;
  World& world = open(options);
  const int first = world.connect();
  const int second = world.connect();
  world.send(first, kGet);
  world.send(second, kGet);
  world.receive(first, 100);
  world.receive(second, 100);
  const int third = world.connect();
  world.pass_ms(50);
  static_cast<void>(world.ended(third));
  EXPECT_EQ(world.counters().connections_over_limit.get(), 1U);
  world.half_close(first);
  EXPECT_TRUE(world.ended(first));
  const int fourth = world.connect();
  world.send(fourth, kGet);
  EXPECT_TRUE(world.receive(fourth, 100).starts_with("HTTP/1.1 200"));
}

TEST_P(Clients, VisitorsGetACookieAndTheLineHasIt) {
  WorldOptions options;
  options.config.policy.visitor = true;
  World& world = open(options);
  const int client = world.connect();
  world.send(client, kGet);
  const std::string answer = receive_answers(world, client, 1);
  const std::size_t cookie = answer.find("Set-Cookie: pe_visitor=");
  ASSERT_NE(cookie, std::string::npos) << answer;
  const std::string id = answer.substr(cookie + 23, answer.find(';', cookie) - cookie - 23);
  EXPECT_EQ(field(world.lines().at(0), 13), "pe_visitor=" + id);
  world.send(client, "GET /1x1.gif HTTP/1.1\r\nHost: t\r\nCookie: pe_visitor=" + id + "\r\n\r\n");
  EXPECT_EQ(count(receive_answers(world, client, 2), "pe_visitor=" + id), 2U);
}

TEST_P(Clients, AnOptOutMayLeaveNoLine) {
  WorldOptions options;
  options.config.policy.on_opt_out = edge::SignalAction::kDrop;
  World& world = open(options);
  const int client = world.connect();
  world.send(client,
             "GET /1x1.gif HTTP/1.1\r\nHost: t\r\nSec-GPC: 1\r\n\r\n" + get(2) +
                 "POST /1x1.gif HTTP/1.1\r\nHost: t\r\nDNT: 1\r\nContent-Length: 2\r\n\r\n{}");
  const std::string answers = receive_answers(world, client, 3);
  EXPECT_EQ(count(answers, "HTTP/1.1 20"), 3U);
  ASSERT_EQ(world.lines().size(), 1U);
  EXPECT_EQ(field(world.lines()[0], 12), "n=2");
  EXPECT_EQ(world.events().size(), 0U);
  EXPECT_EQ(world.counters().lines_dropped.get(), 2U);
}

TEST_P(Clients, WhatMayHideAnOptOutSaysNothingOfThePerson) {
  WorldOptions options;
  options.config.policy.on_opt_out = edge::SignalAction::kAnonymise;
  World& world = open(options);
  const int client = world.connect();
  world.send(client, "GET /1x1.gif?email=x HTTP/1.1\r\nHost: t\r\nUser-Agent: u\r\nX Bad: y\r\n");
  EXPECT_EQ(receive_answers(world, client, 1).substr(9, 3), "400");
  ASSERT_EQ(world.lines().size(), 1U);
  EXPECT_EQ(field(world.lines()[0], 5), "0.0.0.0");
  EXPECT_EQ(field(world.lines()[0], 11), "-");
  EXPECT_EQ(field(world.lines()[0], 12), "-");
}

TEST_P(Clients, HealthPathsHideWhatOtherPathsHide) {
  WorldOptions options;
  options.config.policy.on_opt_out = edge::SignalAction::kAnonymise;
  World& world = open(options);
  const int client = world.connect();
  world.send(client,
             "POST /health?email=x HTTP/1.1\r\nHost: t\r\nDNT: 1\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(receive_answers(world, client, 1).substr(9, 3), "405");
  ASSERT_EQ(world.lines().size(), 1U);
  EXPECT_EQ(field(world.lines()[0], 5), "0.0.0.0");
}

TEST_P(Clients, ASilentConnectionOnAProxyListenerIsClosedSoon) {
  WorldOptions options = behind_proxy();
  options.header_timeout_ns = 1'000'000'000;
  World& world = open(options);
  const int client = world.connect();
  EXPECT_TRUE(world.ended(client));
  EXPECT_EQ(world.receive(client, 0), "");
}

TEST_P(Clients, TooManyRequestsAreLimitedAndLogged) {
  WorldOptions options;
  options.config.policy.requests_per_second = 2;
  World& world = open(options);
  const int client = world.connect();
  world.send(client, repeat(kGet, 5));
  const std::string answers = receive_answers(world, client, 5);
  EXPECT_EQ(count(answers, "HTTP/1.1 200"), 2U);
  EXPECT_EQ(count(answers, "HTTP/1.1 429"), 3U);
  ASSERT_EQ(world.lines().size(), 5U);
  EXPECT_EQ(field(world.lines()[4], 14), "LimitExceeded");
}

TEST_P(Clients, RulesChangeWhileServing) {
  World& world = open();
  const int client = world.connect();
  world.send(client, "GET /later HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_TRUE(receive_answers(world, client, 1).starts_with("HTTP/1.1 404"));
  for (int round = 0; round < 3; ++round) {
    edge::EdgeConfig config;
    edge::RouteOptions later;
    later.path = "/later";
    config.http.routes = {later};
    auto rules = edge::Rules::create(config);
    ASSERT_TRUE(rules);
    auto own = std::make_unique<edge::WorkerRules>(std::move(rules).value(), 64 * 1024);
    EXPECT_TRUE(world.control().try_offer(own));
    world.pass_ms(1200);
    world.send(client, "GET /later HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(
        count(receive_answers(world, client, static_cast<std::size_t>(round) + 2), "HTTP/1.1 200"),
        static_cast<std::size_t>(round) + 1);
  }
  EXPECT_EQ(world.counters().rules_changed.get(), 3U);
}

}  // namespace
}  // namespace pixel::sim
