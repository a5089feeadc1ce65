// SPDX-License-Identifier: Apache-2.0
// Bodies, records and routes, in all worlds.
#include "tests/sim/scenario.h"

namespace pixel::sim {
namespace {

class Requests : public Scenario {};
INSTANTIATE_TEST_SUITE_P(Worlds, Requests, all_worlds(), name_of_world);

std::string post(std::string_view path, std::string_view body, std::string_view headers = "") {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

std::string status_of(World& world, int client) { return world.receive(client, 12).substr(9, 3); }

TEST_P(Requests, ABeaconIsARecordAndALine) {
  World& world = open();
  const int client = world.connect();
  world.send(client, post("/1x1.gif?p=1", "{\"a\":1}", "Content-Type: text/plain\r\n"));
  EXPECT_EQ(status_of(world, client), "204");
  ASSERT_EQ(world.lines().size(), 1U);
  ASSERT_EQ(world.events().size(), 1U);
  const std::string event = world.events()[0];
  EXPECT_NE(event.find("\"record\":{\"a\":1}"), std::string::npos) << event;
  EXPECT_NE(event.find("\"id\":\"" + field(world.lines()[0], 15) + "\""), std::string::npos);
  EXPECT_EQ(field(world.lines()[0], 6), "POST");
}

TEST_P(Requests, RequestBytesCountTheBody) {
  World& world = open();
  const int client = world.connect();
  const std::string request = post("/1x1.gif", std::string(5'000, 'x'));
  world.send(client, request);
  EXPECT_EQ(status_of(world, client), "204");
  ASSERT_EQ(world.lines().size(), 1U);
  EXPECT_EQ(field(world.lines()[0], 18), std::to_string(request.size()));
}

TEST_P(Requests, ABodyMayComeByteByByteAndRequestsFollow) {
  World& world = open();
  const int client = world.connect();
  const std::string all = post("/1x1.gif", "{\"a\":1}") + get(2) + post("/i", "[1]") + get(3);
  for (const char byte : all) world.send(client, {&byte, 1});
  const std::string answers = receive_answers(world, client, 4);
  EXPECT_EQ(count(answers, "HTTP/1.1 204"), 2U);
  EXPECT_EQ(count(answers, "HTTP/1.1 200"), 2U);
  ASSERT_EQ(world.lines().size(), 4U);
  EXPECT_EQ(field(world.lines()[3], 12), "n=3");
  EXPECT_EQ(world.events().size(), 2U);
}

TEST_P(Requests, ChunkedBodiesLoseTheirFraming) {
  World& world = open();
  const int client = world.connect();
  world.send(client,
             "POST /1x1.gif HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
             "4\r\n{\"a\"\r\n3;x=y\r\n:1}\r\n0\r\nTrailer: t\r\n\r\n" +
                 get(2));
  const std::string answers = receive_answers(world, client, 2);
  EXPECT_EQ(count(answers, "HTTP/1.1 204"), 1U);
  EXPECT_EQ(count(answers, "HTTP/1.1 200"), 1U);
  ASSERT_EQ(world.events().size(), 1U);
  EXPECT_NE(world.events()[0].find("{\"a\":1}"), std::string::npos);
}

TEST_P(Requests, ABrokenChunkIsRefusedAndLogged) {
  World& world = open();
  const int client = world.connect();
  world.send(client,
             "POST /1x1.gif HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
             "zz\r\n");
  EXPECT_EQ(status_of(world, client), "400");
  EXPECT_TRUE(world.ended(client));
  ASSERT_EQ(world.lines().size(), 1U);
  EXPECT_EQ(field(world.lines()[0], 9), "400");
  EXPECT_EQ(world.events().size(), 0U);
}

TEST_P(Requests, WhoeverExpectsItIsToldToContinue) {
  World& world = open();
  const int client = world.connect();
  world.send(client,
             "POST /1x1.gif HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n"
             "Expect: 100-continue\r\n\r\n");
  EXPECT_TRUE(world.receive(client, 25).starts_with("HTTP/1.1 100 Continue\r\n\r\n"));
  world.send(client, "abc");
  EXPECT_EQ(count(receive_answers(world, client, 1), "HTTP/1.1 204"), 1U);
}

TEST_P(Requests, TooLargeABodyIsRefusedBeforeItIsRead) {
  World& world = open();
  const int client = world.connect();
  world.send(client, "POST /1x1.gif HTTP/1.1\r\nHost: t\r\nContent-Length: 65537\r\n\r\nxx");
  EXPECT_EQ(status_of(world, client), "413");
  EXPECT_TRUE(world.ended(client));
  const int chunked = world.connect();
  world.send(chunked, "POST /1x1.gif HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n");
  world.send(chunked, "10001\r\n" + std::string(65'537, 'x'));
  EXPECT_EQ(status_of(world, chunked), "413");
  EXPECT_EQ(world.lines().size(), 2U);
}

TEST_P(Requests, ABodyOfTheLimitIsTaken) {
  World& world = open();
  const int client = world.connect();
  world.send(client, post("/1x1.gif", "\"" + std::string(65'534, 'x') + "\""));
  EXPECT_EQ(status_of(world, client), "204");
  EXPECT_EQ(world.lines().size(), 1U);
}

TEST_P(Requests, ADribblingBodyTimesOutWith408AndItsLine) {
  WorldOptions options;
  options.body_timeout_ns = 1'000'000'000;
  World& world = open(options);
  const int client = world.connect();
  world.send(client, "POST /1x1.gif?slow=1 HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nab");
  EXPECT_TRUE(world.ended(client));
  EXPECT_EQ(status_of(world, client), "408");
  ASSERT_EQ(world.lines().size(), 1U);
  EXPECT_EQ(field(world.lines()[0], 9), "408");
  EXPECT_EQ(field(world.lines()[0], 12), "slow=1");
  EXPECT_EQ(world.counters().timeouts_body.get(), 1U);
}

TEST_P(Requests, MoreBodiesThanBlocksAreAnsweredUnavailable) {
  if (GetParam() == WorldKind::kSimulated) GTEST_SKIP() << "its time runs while a client waits";
  WorldOptions options;
  options.bodies_max = 1;
  World& world = open(options);
  const std::string half = "POST /1x1.gif HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nab";
  const int first = world.connect();
  world.send(first, half);
  world.pass_ms(50);
  const int second = world.connect();
  world.send(second, half);
  EXPECT_EQ(status_of(world, second), "503");
  world.send(first, "cdefghi");
  EXPECT_EQ(status_of(world, first), "204");
}

TEST_P(Requests, ASlowBodyMakesPlaceForAnother) {
  WorldOptions options;
  options.bodies_max = 2;
  World& world = open(options);
  const std::string half = "POST /1x1.gif HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nab";
  const int oldest = world.connect();
  world.send(oldest, half);
  world.pass_ms(50);
  const int older = world.connect();
  world.send(older, half);
  world.pass_ms(1100);
  const int newcomer = world.connect();
  world.send(newcomer, half);
  EXPECT_EQ(status_of(world, oldest), "408");
  world.send(older, "cdefghi");
  world.send(newcomer, "cdefghi");
  EXPECT_EQ(status_of(world, older), "204");
  EXPECT_EQ(status_of(world, newcomer), "204");
  EXPECT_EQ(world.counters().bodies_evicted.get(), 1U);
  EXPECT_EQ(world.lines().size(), 3U);
}

TEST_P(Requests, ABodyWithAGetIsReadAndForgotten) {
  World& world = open();
  const int client = world.connect();
  world.send(client, "GET /1x1.gif HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nGET " + get(2));
  EXPECT_EQ(count(receive_answers(world, client, 2), "HTTP/1.1 200"), 2U);
  EXPECT_EQ(world.events().size(), 0U);
}

TEST_P(Requests, ABatchIsAnsweredRecordByRecord) {
  World& world = open();
  const int client = world.connect();
  world.send(client, post("/v1/batch", "{\"batch\":[{\"a\":1},7,{\"b\":2}]}"));
  const std::string answer = receive_answers(world, client, 1);
  EXPECT_EQ(answer.substr(9, 3), "200") << answer;
  EXPECT_NE(answer.find("\"accepted\":2"), std::string::npos) << answer;
  EXPECT_NE(answer.find("not_an_object"), std::string::npos) << answer;
  EXPECT_EQ(world.events().size(), 3U);  // The bad one is kept with its fault.
  EXPECT_EQ(world.lines().size(), 1U);
  const std::size_t body = answer.size() - (answer.find("\r\n\r\n") + 4);
  EXPECT_EQ(field(world.lines()[0], 31), std::to_string(body));
  EXPECT_EQ(field(world.lines()[0], 4), std::to_string(answer.size()));
}

TEST_P(Requests, ABadBatchIsRefusedWithItsReason) {
  World& world = open();
  const int client = world.connect();
  world.send(client, post("/v1/batch", "{\"batch\":"));
  const std::string answer = receive_answers(world, client, 1);
  EXPECT_EQ(answer.substr(9, 3), "400");
  EXPECT_NE(answer.find("X-Pixel-Error: invalid_json\r\n"), std::string::npos) << answer;
  EXPECT_EQ(world.events().size(), 1U);
}

TEST_P(Requests, APixelsBadDataNeverFailsThePage) {
  World& world = open();
  const int client = world.connect();
  world.send(client, "GET /v1/pixel/track?data=%%% HTTP/1.1\r\nHost: t\r\n\r\n");
  const std::string answer = receive_answers(world, client, 1);
  EXPECT_EQ(answer.substr(9, 3), "200");
  EXPECT_NE(answer.find("X-Pixel-Error: "), std::string::npos) << answer;
  EXPECT_EQ(field(world.lines()[0], 12), "data=%25%25%25");
}

TEST_P(Requests, OptionsAreAnsweredOnEveryPath) {
  World& world = open();
  const int client = world.connect();
  world.send(client,
             "OPTIONS /any/where/at/all HTTP/1.1\r\nHost: t\r\nOrigin: https://a.example\r\n"
             "Access-Control-Request-Method: POST\r\n"
             "Access-Control-Request-Headers: content-type\r\n\r\n"
             "OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n"
             "OPTIONS / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string answers = receive_answers(world, client, 3);
  EXPECT_EQ(count(answers, "HTTP/1.1 204"), 3U);
  EXPECT_EQ(count(answers, "Access-Control-Allow-Headers: content-type\r\n"), 1U);
}

TEST_P(Requests, EchoedOriginsAreInTheAnswerAndItsSize) {
  WorldOptions options;
  options.config.http.cors = "echo";
  World& world = open(options);
  const int client = world.connect();
  world.send(client, "GET /1x1.gif HTTP/1.1\r\nHost: t\r\nOrigin: https://a.example\r\n\r\n");
  const std::string answer = receive_answers(world, client, 1);
  EXPECT_EQ(count(answer, "Access-Control-Allow-Origin: https://a.example\r\n"), 1U) << answer;
  EXPECT_EQ(count(answer, "Access-Control-Allow-Credentials: true\r\n"), 1U);
  ASSERT_EQ(world.lines().size(), 1U);
  const std::size_t head_bytes = answer.find("\r\n\r\n") + 4;
  EXPECT_EQ(field(world.lines()[0], 4), std::to_string(head_bytes + 43));
}

TEST_P(Requests, ClicksGoToListedHostsOnly) {
  WorldOptions options;
  edge::RouteOptions click;
  click.kind = edge::RouteKind::kRedirect;
  click.path = "/r";
  click.hosts = {"shop.example"};
  options.config.http.routes = {click};
  World& world = open(options);
  const int client = world.connect();
  world.send(client,
             "GET /r?u=https%3A%2F%2Fshop.example%2Fx%3Fa%3D1 HTTP/1.1\r\nHost: t\r\n\r\n"
             "GET /r?u=https%3A%2F%2Fevil.example%2F HTTP/1.1\r\nHost: t\r\n\r\n");
  const std::string answers = receive_answers(world, client, 2);
  EXPECT_EQ(count(answers, "HTTP/1.1 302"), 1U);
  EXPECT_EQ(count(answers, "Location: https://shop.example/x?a=1\r\n"), 1U) << answers;
  EXPECT_EQ(count(answers, "HTTP/1.1 400"), 1U);
  ASSERT_EQ(world.lines().size(), 2U);
  EXPECT_EQ(field(world.lines()[0], 14), "Redirect");
}

TEST_P(Requests, HealthFollowsReadinessWithoutALine) {
  World& world = open();
  const int client = world.connect();
  const std::string ask = "GET /health HTTP/1.1\r\nHost: t\r\n\r\n";
  world.send(client, ask);
  EXPECT_EQ(status_of(world, client), "200");
  world.control().ready.store(false);
  world.send(client, ask);
  EXPECT_EQ(count(receive_answers(world, client, 2), "HTTP/1.1 503"), 1U);
  EXPECT_EQ(world.lines().size(), 0U);
}

TEST_P(Requests, OptionsTellsHealthAndWhatIsAllowed) {
  World& world = open();
  const int client = world.connect();
  world.send(client, "OPTIONS /health HTTP/1.1\r\nHost: t\r\n\r\n");
  const std::string answer = receive_answers(world, client, 1);
  EXPECT_EQ(answer.substr(9, 3), "200");
  EXPECT_EQ(count(answer, "\r\nAllow: GET, HEAD, OPTIONS\r\n"), 1U) << answer;
  world.control().ready.store(false);
  world.send(client, "OPTIONS /health HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(count(receive_answers(world, client, 2), "HTTP/1.1 503"), 1U);
  EXPECT_EQ(world.lines().size(), 0U);
}

TEST_P(Requests, PagesMayReadTheStatusOfErrors) {
  World& world = open();
  const int client = world.connect();
  world.send(client, post("/v1/batch", "{", "Origin: https://a.example\r\n"));
  const std::string answer = receive_answers(world, client, 1);
  EXPECT_EQ(answer.substr(9, 3), "400");
  EXPECT_EQ(count(answer, "Access-Control-Allow-Origin: *\r\n"), 1U) << answer;
}

TEST_P(Requests, HealthIsUnavailableWhileThereIsNoPlace) {
  WorldOptions options;
  options.segment_bytes = 8 * 1024;
  World& world = open(options);
  const int client = world.connect();
  const std::string ask = "GET /health HTTP/1.1\r\nHost: t\r\n\r\n";
  for (int i = 0; i < 200; ++i) world.send(client, get(i));  // More lines than all segments hold.
  receive_answers(world, client, 200);
  world.send(client, ask);
  const std::string answers = receive_answers(world, client, 201);
  EXPECT_TRUE(answers.substr(answers.rfind("HTTP/1.1 ")).starts_with("HTTP/1.1 503")) << answers;
  world.offer_segment();
  world.pass_ms(1200);
  const int later = world.connect();
  world.send(later, ask);
  EXPECT_EQ(status_of(world, later), "200");
}

TEST_P(Requests, RecordsWithoutPlaceAreRefusedWithTheirLine) {
  WorldOptions options;
  options.segment_bytes = 8 * 1024;  // No record of this size fits.
  World& world = open(options);
  const int client = world.connect();
  world.send(client, post("/1x1.gif", "\"" + std::string(16'000, 'x') + "\""));
  EXPECT_EQ(status_of(world, client), "503");
  EXPECT_EQ(world.events().size(), 0U);
  EXPECT_EQ(world.lines().size(), 0U);
}

}  // namespace
}  // namespace pixel::sim
