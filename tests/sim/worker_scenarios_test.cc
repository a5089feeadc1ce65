// SPDX-License-Identifier: Apache-2.0
// One table of scenarios, three worlds: what a client sees and what is logged must be the same on
// the kernel ring, on the epoll ring and on the simulated ring.
#include <algorithm>

#include "tests/sim/scenario.h"

namespace pixel::sim {
namespace {

INSTANTIATE_TEST_SUITE_P(Worlds, Scenario, all_worlds(), name_of_world);

std::size_t pixel_bytes(World& world) {
  const int client = world.connect();
  world.send(client, kGet);
  const std::size_t head_bytes = world.receive(client, 1).find("\r\n\r\n") + 4;
  return world.receive(client, head_bytes + 43).size();
}

TEST_P(Scenario, OnePixelIsAnsweredAndLogged) {
  World& world = open();
  const int client = world.connect();
  world.send(client, kGet);
  const std::string answer = world.receive(client, 100);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("Content-Length: 43\r\n"), std::string::npos);
  const auto lines = world.lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(field(lines[0], 4), std::to_string(world.receive(client, answer.size()).size()));
  EXPECT_EQ(field(lines[0], 8), "/1x1.gif");
  EXPECT_EQ(field(lines[0], 9), "200");
  EXPECT_EQ(field(lines[0], 12), "n=1");
}

TEST_P(Scenario, TheConnectionIsKept) {
  World& world = open();
  const std::size_t bytes = pixel_bytes(world);
  const int client = world.connect();
  for (int i = 1; i <= 5; ++i) {
    world.send(client, get(i));
    EXPECT_EQ(world.receive(client, bytes * static_cast<std::size_t>(i)).size(),
              bytes * static_cast<std::size_t>(i));
  }
  EXPECT_EQ(world.lines().size(), 6U);
}

TEST_P(Scenario, ARequestMayComeByteByByte) {
  World& world = open();
  const int client = world.connect();
  for (const char byte : kGet) world.send(client, std::string_view(&byte, 1));
  EXPECT_TRUE(world.receive(client, 100).starts_with("HTTP/1.1 200"));
  EXPECT_EQ(world.lines().size(), 1U);
}

TEST_P(Scenario, PipelinedRequestsAreAnsweredInOrder) {
  World& world = open();
  const std::size_t bytes = pixel_bytes(world);
  const int client = world.connect();
  std::string requests;
  for (int i = 0; i < 300; ++i) requests += get(i);
  world.send(client, requests + "GET /none HTTP/1.1\r\nHost: t\r\n\r\n");
  const std::string answers = world.receive(client, 300 * bytes + 20);
  EXPECT_EQ(count(answers, "HTTP/1.1 200"), 300U);
  EXPECT_EQ(answers.find("HTTP/1.1 404"), 300 * bytes);
  const auto lines = world.lines();
  ASSERT_EQ(lines.size(), 302U);
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(field(lines[static_cast<std::size_t>(i) + 1], 12), "n=" + std::to_string(i));
  }
}

TEST_P(Scenario, AThousandPipelinedRequestsExceedOneLoopsOutput) {
  World& world = open();
  const std::size_t bytes = pixel_bytes(world);
  const int client = world.connect();
  world.send(client, repeat(kGet, 1000));
  EXPECT_EQ(world.receive(client, 1000 * bytes).size(), 1000 * bytes);
  EXPECT_EQ(world.lines().size(), 1001U);
}

/// Real clocks go on between one answer and the next.
std::string without_dates(std::string answers) {
  constexpr std::string_view kDate = "\r\nDate: ";
  for (std::size_t at = answers.find(kDate); at != std::string::npos;
       at = answers.find(kDate, at + 1)) {
    answers.replace(at + kDate.size(), 29, 29, '*');
  }
  return answers;
}

/// Equal answers lie ready in a row: whoever asks in between must not be answered from there.
TEST_P(Scenario, PipelinedRequestsOfSeveralKindsAreAnsweredInOrder) {
  World& world = open();
  const std::string get(kGet);
  const std::string head = "HEAD /1x1.gif HTTP/1.1\r\nHost: t\r\n\r\n";
  const std::string missing = "GET /none HTTP/1.1\r\nHost: t\r\n\r\n";
  const auto answer_to = [&](const std::string& request, std::size_t bytes) {
    const int client = world.connect();
    world.send(client, request);
    return without_dates(world.receive(client, bytes));
  };
  const std::string pixel = answer_to(get, pixel_bytes(world));
  const std::string pixel_head = answer_to(head, pixel.size() - 43);
  const std::string not_found = answer_to(missing, 20);
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {repeat(get, 3), repeat(pixel, 3)},   {head, pixel_head},   {head, pixel_head},
      {repeat(get, 40), repeat(pixel, 40)}, {missing, not_found}, {get, pixel},
  };
  std::string requests;
  std::string expected;
  for (const auto& [request, answer] : kinds) {
    requests += request;
    expected += answer;
  }
  const int client = world.connect();
  world.send(client, requests + repeat(requests, 4));
  EXPECT_EQ(without_dates(world.receive(client, 5 * expected.size())), repeat(expected, 5));
}

TEST_P(Scenario, HeadHasNoBody) {
  World& world = open();
  const int client = world.connect();
  world.send(client, "HEAD /1x1.gif HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(world.ended(client));
  const std::string answer = world.receive(client, 1);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
  EXPECT_EQ(field(world.lines().at(0), 4), std::to_string(answer.size()));
}

TEST_P(Scenario, CloseIsHonoured) {
  World& world = open();
  const int client = world.connect();
  world.send(client,
             "GET /1x1.gif HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n" + std::string(kGet));
  EXPECT_TRUE(world.ended(client));
  EXPECT_EQ(count(world.receive(client, 1), "HTTP/1.1 200"), 1U);
  EXPECT_EQ(world.lines().size(), 1U);
}

struct Refused {
  const char* request;
  const char* status;
  bool logged;
};

TEST_P(Scenario, RefusalsAreAnsweredAndClosed) {
  const Refused table[] = {
      {"GET /1x1.gif HTTP/1.1\r\n\r\n", "400", true},
      {"GET  /1x1.gif HTTP/1.1\r\nHost: t\r\n\r\n", "400", false},
      {"GET /1x1.gif HTTP/3.0\r\nHost: t\r\n\r\n", "505", true},
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400", false},
  };
  for (const Refused& row : table) {
    World& world = open();
    const int client = world.connect();
    world.send(client, row.request);
    EXPECT_TRUE(world.ended(client)) << row.request;
    EXPECT_EQ(world.receive(client, 1).substr(9, 3), row.status) << row.request;
    const auto lines = world.lines();
    ASSERT_EQ(lines.size(), row.logged ? 1U : 0U) << row.request;
    if (row.logged) {
      EXPECT_EQ(field(lines[0], 9), row.status);
    }
  }
}

TEST_P(Scenario, OtherMethodsAreAnsweredAndKept) {
  World& world = open();
  const int client = world.connect();
  world.send(client,
             "DELETE /1x1.gif HTTP/1.1\r\nHost: t\r\n\r\nBREW / HTTP/1.1\r\nHost: t\r\n\r\n");
  const std::string answers = world.receive(client, 300);
  EXPECT_EQ(count(answers, "HTTP/1.1 405"), 1U);
  EXPECT_EQ(count(answers, "HTTP/1.1 501"), 1U);
  ASSERT_EQ(world.lines().size(), 2U);
  EXPECT_EQ(field(world.lines()[0], 14), "Error");
}

TEST_P(Scenario, TooLongLinesAndHeads) {
  WorldOptions options;
  options.limits.request_line_bytes = 1000;
  options.limits.head_bytes = 3000;
  World& world = open(options);
  const int line = world.connect();
  world.send(line, "GET /1x1.gif?" + std::string(1000, 'a') + " HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_TRUE(world.ended(line));
  EXPECT_EQ(world.receive(line, 1).substr(9, 3), "414");
  const int head = world.connect();
  world.send(head, "GET /1x1.gif HTTP/1.1\r\nHost: t\r\nX: " + std::string(3000, 'a') + "\r\n\r\n");
  EXPECT_TRUE(world.ended(head));
  EXPECT_EQ(world.receive(head, 1).substr(9, 3), "431");
}

TEST_P(Scenario, HalfClosedClientsGetTheirAnswers) {
  World& world = open();
  const std::size_t bytes = pixel_bytes(world);
  const int client = world.connect();
  world.send(client, repeat(kGet, 20));
  world.half_close(client);
  EXPECT_TRUE(world.ended(client));
  EXPECT_EQ(world.receive(client, 20 * bytes).size(), 20 * bytes);
}

TEST_P(Scenario, ASlowReaderGetsEverythingInTheEnd) {
  World& world = open();
  const std::size_t bytes = pixel_bytes(world);
  const int client = world.connect();
  // More answers than socket buffers hold, while nothing is read.
  std::size_t sent = 0;
  for (int i = 0; i < 12; ++i) {
    world.send(client, repeat(kGet, 100));
    sent += 100;
    world.pass_ms(20);
  }
  const std::string answers = world.receive(client, sent * bytes);
  EXPECT_EQ(answers.size(), sent * bytes);
  EXPECT_EQ(count(answers, "HTTP/1.1 200 OK\r\n"), sent);
  EXPECT_EQ(world.lines().size(), sent + 1);
}

TEST_P(Scenario, AFloodWithoutReadingIsCutAndHurtsNobody) {
  World& world = open();
  const std::size_t bytes = pixel_bytes(world);
  const int flood = world.connect();
  for (int i = 0; i < 100; ++i) world.send(flood, repeat(kGet, 400));
  const int good = world.connect();
  world.send(good, kGet);
  EXPECT_EQ(world.receive(good, bytes).size(), bytes);
  // What the flood received before it was cut is right answers, in order and whole but the last.
  const std::string answers = world.receive(flood, 200 * bytes);
  for (std::size_t at = 0; at + 15 <= answers.size(); at += bytes) {
    ASSERT_EQ(answers.substr(at, 15), "HTTP/1.1 200 OK");
  }
  EXPECT_GT(answers.size(), bytes);
}

TEST_P(Scenario, FewBuffersManyClients) {
  WorldOptions options;
  options.receive_buffers = 2;
  World& world = open(options);
  const std::size_t bytes = pixel_bytes(world);
  std::vector<int> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(world.connect());
  for (const int client : clients) world.send(client, repeat(kGet, 30));
  for (const int client : clients) {
    EXPECT_EQ(world.receive(client, 30 * bytes).size(), 30 * bytes);
  }
  EXPECT_EQ(world.lines().size(), 601U);
}

TEST_P(Scenario, MoreClientsThanSlotsWaitForTheirTurn) {
  WorldOptions options;
  options.connections_max = 4;
  World& world = open(options);
  std::vector<int> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(world.connect());
    world.send(clients.back(), kGet);
    EXPECT_FALSE(world.receive(clients.back(), 100).empty());
  }
  const int late = world.connect();
  for (const int client : clients) world.half_close(client);
  for (const int client : clients) EXPECT_TRUE(world.ended(client));
  world.pass_ms(1100);
  // It waited in the backlog, or was refused and comes again.
  const int again = world.connect();
  world.send(again, kGet);
  EXPECT_TRUE(world.receive(again, 100).starts_with("HTTP/1.1 200"));
  static_cast<void>(late);
}

TEST_P(Scenario, OneFreeSlotOfFewIsTakenAgain) {
  WorldOptions options;
  options.connections_max = 4;
  World& world = open(options);
  std::vector<int> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(world.connect());
    world.send(clients.back(), kGet);
    EXPECT_FALSE(world.receive(clients.back(), 100).empty());
  }
  world.half_close(clients[0]);
  EXPECT_TRUE(world.ended(clients[0]));
  world.pass_ms(1100);
  const int late = world.connect();
  world.send(late, kGet);
  EXPECT_TRUE(world.receive(late, 100).starts_with("HTTP/1.1 200"));
  world.send(clients[1], kGet);  // Who was there is there still.
  EXPECT_EQ(count(world.receive(clients[1], 400), "HTTP/1.1 200"), 2U);
}

TEST_P(Scenario, ResetClientsAreForgotten) {
  World& world = open();
  for (int i = 0; i < 10; ++i) {
    const int client = world.connect();
    world.send(client, "GET /1x1.gif HTT");
    world.pass_ms(10);
    world.reset(client);
  }
  const int good = world.connect();
  world.send(good, kGet);
  EXPECT_TRUE(world.receive(good, 100).starts_with("HTTP/1.1 200"));
  world.pass_ms(1500);
  EXPECT_EQ(world.counters().connections_open.get(), 1U);
}

TEST_P(Scenario, ADribblingHeadTimesOutWith408AndItsLine) {
  WorldOptions options;
  options.header_timeout_ns = 1'000'000'000;
  World& world = open(options);
  const int client = world.connect();
  world.send(client, "GET /1x1.gif?slow=1 HTTP/1.1\r\nHost: t\r\nX-Half: he");
  EXPECT_TRUE(world.ended(client));
  EXPECT_EQ(world.receive(client, 1).substr(9, 3), "408");
  ASSERT_EQ(world.lines().size(), 1U);
  EXPECT_EQ(field(world.lines()[0], 9), "408");
  EXPECT_EQ(field(world.lines()[0], 12), "slow=1");
}

TEST_P(Scenario, AnIdleConnectionIsClosedInSilence) {
  WorldOptions options;
  options.keep_alive_timeout_ns = 1'000'000'000;
  World& world = open(options);
  const int client = world.connect();
  world.send(client, kGet);
  const std::string answer = world.receive(client, 100);
  EXPECT_TRUE(world.ended(client));
  EXPECT_EQ(world.receive(client, answer.size()).substr(0, answer.size()), answer);
  EXPECT_EQ(world.counters().timeouts_idle.get(), 1U);
}

TEST_P(Scenario, AFullDiskRefusesAndRecovers) {
  WorldOptions options;
  options.has_segments = false;
  World& world = open(options);
  const int client = world.connect();
  world.send(client, kGet);
  EXPECT_TRUE(world.receive(client, 100).starts_with("HTTP/1.1 503"));
  EXPECT_EQ(world.lines().size(), 0U);
  EXPECT_EQ(world.counters().lines_refused.get(), 1U);
  world.offer_segment();
  world.pass_ms(1100);
  const int later = world.connect();
  world.send(later, kGet);
  EXPECT_TRUE(world.receive(later, 100).starts_with("HTTP/1.1 200"));
  EXPECT_EQ(world.lines().size(), 1U);
}

TEST_P(Scenario, ServeWhenFullAnswersAndCounts) {
  WorldOptions options;
  options.has_segments = false;
  options.serve_when_full = true;
  World& world = open(options);
  const int client = world.connect();
  world.send(client, kGet);
  EXPECT_TRUE(world.receive(client, 100).starts_with("HTTP/1.1 200"));
  EXPECT_EQ(world.counters().lines_unlogged.get(), 1U);
}

TEST_P(Scenario, SegmentsRotateUnderLoadWithoutLosingALine) {
  WorldOptions options;
  options.segment_bytes = 64 * 1024;
  World& world = open(options);
  for (int i = 0; i < 6; ++i) world.offer_segment();
  const std::size_t bytes = pixel_bytes(world);
  const int client = world.connect();
  for (int i = 0; i < 10; ++i) {
    world.send(client, repeat(kGet, 100));
    world.receive(client, static_cast<std::size_t>(i + 1) * 100 * bytes);
  }
  EXPECT_EQ(world.lines().size(), 1001U);
  EXPECT_EQ(world.counters().lines_refused.get(), 0U);
}

TEST_P(Scenario, DrainAnswersWhatHasCome) {
  World& world = open();
  const int idle = world.connect();
  world.send(idle, kGet);
  world.receive(idle, 100);
  const int half = world.connect();
  world.send(half, "GET /1x1.gif HTTP/1.1\r\nHo");
  world.pass_ms(50);
  world.drain(300);
  EXPECT_TRUE(world.ended(idle));
  EXPECT_EQ(world.lines().size(), 1U);
  EXPECT_EQ(world.counters().answered[0].get(), 1U);
}

TEST_P(Scenario, DrainTellsBusyClientsToGoAndClosesIdleOnes) {
  World& world = open();
  const int busy = world.connect();
  const int idle = world.connect();
  world.send(busy, kGet);
  world.send(idle, kGet);
  world.receive(busy, 100);
  world.receive(idle, 100);
  world.control().drain_at(UINT64_MAX / 2);
  world.send(busy, get(2));
  receive_answers(world, busy, 2);
  world.send(busy, get(3));
  const std::string answers = receive_answers(world, busy, 3);
  EXPECT_EQ(count(answers, "HTTP/1.1 200"), 3U);
  EXPECT_EQ(count(answers, "Connection: close"), 1U);
  EXPECT_TRUE(world.ended(busy));
  EXPECT_TRUE(world.ended(idle));
  EXPECT_EQ(world.lines().size(), 4U);
}

}  // namespace
}  // namespace pixel::sim
