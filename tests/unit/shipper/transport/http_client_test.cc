// SPDX-License-Identifier: Apache-2.0
#include "shipper/transport/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/clock.h"
#include "tests/unit/shipper/transport/raw_server.h"

namespace pixel::shipper {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawServer;
using testing::ScopedVariable;

HttpSettings quick() {
  HttpSettings settings;
  settings.connect_timeout_ns = base::kSecondNs;
  settings.timeout_ns = 2 * base::kSecondNs;
  return settings;
}

std::string error_of(const base::Result<HttpResponse>& response) {
  return response ? "status " + std::to_string(response->status) : response.error().message;
}

TEST(HttpClientTest, AnswerWithStatusHeadersAndBody) {
  RawServer server([](int fd, const std::string&) {
    return RawServer::say_response(fd, "418 Teapot", "short", "X-Thing:  a b \r\nx-thing: c\r\n");
  });
  HttpClient client(quick());
  HttpRequest request;
  request.url = server.url("/a/../b?x=1");
  const auto response = client.send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 418);
  EXPECT_EQ(response->body, "short");
  EXPECT_FALSE(response->is_cut);
  EXPECT_EQ(response->header("x-thing"), "a b");
  EXPECT_EQ(response->header("nothing"), "");
  EXPECT_THAT(server.last_request(), HasSubstr("GET /a/../b?x=1 HTTP/1.1\r\n"));
}

TEST(HttpClientTest, BodiesOfEveryMethodArriveWhole) {
  RawServer server(
      [](int fd, const std::string&) { return RawServer::say_response(fd, "200 OK", ""); });
  HttpClient client(quick());
  std::string body(3'000'000, 'x');
  body[7] = '\0';
  for (const char* method : {"POST", "PUT", "PATCH"}) {
    HttpRequest request;
    request.method = method;
    request.url = server.url();
    request.body = body;
    request.headers = {{"X-Empty", ""}, {"Content-Type", "text/x-test"}};
    ASSERT_TRUE(client.send(request)) << method;
    const std::string received = server.last_request();
    EXPECT_THAT(received.substr(0, 8), HasSubstr(method));
    EXPECT_EQ(received.substr(received.find("\r\n\r\n") + 4), body);
    EXPECT_THAT(received.substr(0, 500), HasSubstr("\r\nX-Empty:\r\n"));
    EXPECT_THAT(received.substr(0, 500), HasSubstr("\r\nContent-Type: text/x-test\r\n"));
    EXPECT_THAT(received.substr(0, 500), Not(HasSubstr("Expect:")));
  }
  HttpRequest empty;
  empty.method = "PUT";
  empty.url = server.url();
  ASSERT_TRUE(client.send(empty));
  EXPECT_THAT(server.last_request(), HasSubstr("Content-Length: 0\r\n"));
  EXPECT_EQ(server.connections(), 1) << "a connection is used again";
}

TEST(HttpClientTest, HeadHasALengthAndNoBody) {
  RawServer server([](int fd, const std::string&) {
    return RawServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n");
  });
  HttpClient client(quick());
  HttpRequest request;
  request.method = "HEAD";
  request.url = server.url();
  for (int i = 0; i < 2; ++i) {
    const auto response = client.send(request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->header("content-length"), "12345");
    EXPECT_EQ(response->body, "");
  }
}

TEST(HttpClientTest, LongBodiesAreCutAndSaySo) {
  RawServer server([](int fd, const std::string&) {
    return RawServer::say_response(fd, "200 OK", std::string(5000, 'y'));
  });
  HttpClient client(quick());
  HttpRequest request;
  request.url = server.url();
  request.body_bytes_max = 4999;
  auto response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body.size(), 4999U);
  EXPECT_TRUE(response->is_cut);
  request.body_bytes_max = 5000;
  response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body.size(), 5000U);
  EXPECT_FALSE(response->is_cut);
}

TEST(HttpClientTest, WhatIsNoWholeAnswerIsAnError) {
  const std::vector<std::string> halves = {
      "",
      "HTTP/1.1 200 O",
      "HTTP/1.1 200 OK\r\nContent-Le",
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive.",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive.",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "SSH-2.0-nothing of ours\r\n",
      "HTTP/1.1 200 OK\r\nX: " + std::string(90'000, 'x') + "\r\nY: " + std::string(90'000, 'y') +
          "\r\n\r\n",
  };
  for (const std::string& half : halves) {
    RawServer server([&](int fd, const std::string&) {
      RawServer::say(fd, half);
      return false;
    });
    HttpClient client(quick());
    HttpRequest request;
    request.url = server.url();
    EXPECT_FALSE(client.send(request)) << half.substr(0, 60);
  }
}

TEST(HttpClientTest, AContinueBeforeTheAnswerIsNoAnswer) {
  RawServer server([](int fd, const std::string&) {
    RawServer::say(fd, "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n");
    return RawServer::say_response(fd, "201 Created", "made");
  });
  HttpClient client(quick());
  HttpRequest request;
  request.method = "POST";
  request.url = server.url();
  const auto response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->header("x-early"), "");
}

TEST(HttpClientTest, ResetsAndRefusalsNameTheServerAndNoSecret) {
  RawServer server([](int fd, const std::string&) { return RawServer::reset(fd); });
  HttpClient client(quick());
  HttpRequest request;
  request.method = "POST";
  request.url = server.url("/hook/secret-in-the-path?key=secret-in-the-query");
  request.body = "secret-body";
  request.user = "someone";
  request.password = "secret-password";
  const std::string error = error_of(client.send(request));
  EXPECT_THAT(error, HasSubstr("POST http://127.0.0.1:"));
  EXPECT_THAT(error, Not(HasSubstr("secret")));
  request.url = "http://user:secret@127.0.0.1:1/secret";
  EXPECT_THAT(error_of(client.send(request)), HasSubstr("onnect"));
  EXPECT_THAT(error_of(client.send(request)), Not(HasSubstr("secret")));
}

TEST(HttpClientTest, ASilentServerIsLeftInTime) {
  RawServer server([](int, const std::string&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(900));
    return false;
  });
  HttpSettings settings = quick();
  settings.timeout_ns = 200 * base::kMillisecondNs;
  HttpClient client(settings);
  HttpRequest request;
  request.url = server.url();
  const std::uint64_t begin_ns = base::monotonic_ns();
  EXPECT_THAT(error_of(client.send(request)), HasSubstr("timed out"));
  EXPECT_LT(base::monotonic_ns() - begin_ns, 800 * base::kMillisecondNs);
}

TEST(HttpClientTest, AServerThatStallsIsLeftAndASlowOneIsNot) {
  std::atomic<bool> is_stalled{false};
  RawServer server([&](int fd, const std::string&) {
    RawServer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n");
    for (int i = 0; i < 15; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(is_stalled && i == 7 ? 3500 : 100));
      RawServer::say(fd, "x");
    }
    return false;
  });
  HttpSettings settings = quick();
  settings.timeout_ns = 30 * base::kSecondNs;
  settings.stall_timeout_ns = base::kSecondNs;
  HttpClient client(settings);
  HttpRequest request;
  request.url = server.url();
  const auto slow = client.send(request);
  ASSERT_TRUE(slow) << slow.error().message;
  EXPECT_EQ(slow->body, "xxxxxxxxxxxxxxx");
  is_stalled = true;
  EXPECT_THAT(error_of(client.send(request)), HasSubstr("no byte came or went for 1s"));
}

TEST(HttpClientTest, WhatIsRepeatedIsGivenUpEarlyAndASlowServerIsWaitedForInTheEnd) {
  RawServer server([&](int fd, const std::string&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    return RawServer::say_response(fd, "200 OK", "late");
  });
  HttpSettings settings = quick();
  settings.timeout_ns = 30 * base::kSecondNs;
  settings.patience = std::make_shared<Patience>(100 * base::kMillisecondNs);
  HttpRequest request;
  request.url = server.url();
  request.repeats_as = "batch 1";
  int attempts = 0;
  for (bool is_answered = false; !is_answered; ++attempts) {
    ASSERT_LT(attempts, 20);
    HttpClient client(settings);  // Another connection knows what this one has learned.
    is_answered = bool(client.send(request));
  }
  EXPECT_GT(attempts, 2) << "the first ones did not wait";
  HttpClient client(settings);
  request.repeats_as = "batch 2";
  EXPECT_TRUE(client.send(request)) << "the server was seen to need that long";
  settings.patience = std::make_shared<Patience>(100 * base::kMillisecondNs);
  HttpClient other(settings);
  request.repeats_as.clear();
  EXPECT_TRUE(other.send(request)) << "what nobody repeats is waited for";
}

// libcurl has given all of it to the kernel long before.
TEST(HttpClientTest, ARequestThatDrainsSlowlyDoesNotStandStill) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int small = 4096;
  ::setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const std::string body(150'000, 'x');
  std::thread reader([&] {
    const int fd = ::accept(listener, nullptr, nullptr);
    std::string got(16'384, ' ');
    for (std::size_t left = body.size(); left > 0;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      const ssize_t bytes = ::recv(fd, got.data(), got.size(), 0);
      if (bytes <= 0) break;
      left -= std::min(left, static_cast<std::size_t>(bytes));
    }
    RawServer::say_response(fd, "200 OK", "");
    ::close(fd);
  });
  HttpSettings settings = quick();
  settings.timeout_ns = 30 * base::kSecondNs;
  settings.patience = std::make_shared<Patience>(1500 * base::kMillisecondNs);
  HttpClient client(settings);
  HttpRequest request;
  request.method = "POST";
  request.url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  request.body = body;
  request.repeats_as = "batch";
  const std::uint64_t begun_ns = base::monotonic_ns();
  const auto response = client.send(request);
  EXPECT_TRUE(response) << response.error().message;
  EXPECT_GT(base::monotonic_ns() - begun_ns, 3 * base::kSecondNs);
  reader.join();
  ::close(listener);
}

TEST(HttpClientTest, AClosedKeptConnectionIsReplaced) {
  RawServer server([&](int fd, const std::string&) {
    RawServer::say_response(fd, "200 OK", "x");
    return false;  // Without saying so in the answer.
  });
  HttpClient client(quick());
  HttpRequest request;
  request.method = "POST";
  request.url = server.url();
  request.body = "once";
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(client.send(request)) << i;
  EXPECT_EQ(server.requests().size(), 20U);
}

TEST(HttpClientTest, RedirectsAreFollowedOnlyWhereAsked) {
  RawServer server([](int fd, const std::string& request) {
    if (request.starts_with("GET /there")) return RawServer::say_response(fd, "200 OK", "there");
    return RawServer::say_response(fd, "302 Found", "here", "Location: /there\r\nX-First: 1\r\n");
  });
  HttpClient client(quick());
  HttpRequest request;
  request.url = server.url("/here");
  auto response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
  request.follow_redirects = true;
  response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "there");
  EXPECT_EQ(response->header("x-first"), "");
}

TEST(HttpClientTest, OtherSchemesAndBrokenHeadersAreRefused) {
  HttpClient client(quick());
  HttpRequest request;
  for (const char* url :
       {"file:///etc/hostname", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "", "http://"}) {
    request.url = url;
    EXPECT_FALSE(client.send(request)) << url;
  }
  request.url = "http://127.0.0.1:1/";
  request.headers = {{"X-A", "b\r\nX-Injected: 1"}};
  EXPECT_FALSE(client.send(request));
}

TEST(HttpClientTest, AProxyOfTheEnvironmentIsNotUsed) {
  RawServer proxy(
      [](int fd, const std::string&) { return RawServer::say_response(fd, "200 OK", "proxy"); });
  RawServer server(
      [](int fd, const std::string&) { return RawServer::say_response(fd, "200 OK", "server"); });
  const ScopedVariable http("http_proxy", proxy.url("").c_str());
  const ScopedVariable all("ALL_PROXY", proxy.url("").c_str());
  HttpClient direct(quick());
  HttpRequest request;
  request.url = server.url();
  auto response = direct.send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "server");

  const ScopedVariable none("no_proxy", "*");
  HttpSettings settings = quick();
  settings.proxy = proxy.url("");
  HttpClient through(settings);
  response = through.send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "proxy");
}

TEST(HttpClientTest, AuthenticationOfEachKind) {
  RawServer server(
      [](int fd, const std::string&) { return RawServer::say_response(fd, "200 OK", ""); });
  HttpClient client(quick());
  HttpRequest request;
  request.url = server.url();
  request.user = "user";
  request.password = "p:w";
  ASSERT_TRUE(client.send(request));
  EXPECT_THAT(server.last_request(), HasSubstr("Authorization: Basic dXNlcjpwOnc=\r\n"));
  request.user.clear();
  request.bearer_token = "abc";
  ASSERT_TRUE(client.send(request));
  EXPECT_THAT(server.last_request(), HasSubstr("Authorization: Bearer abc\r\n"));
  request.bearer_token.clear();
  ASSERT_TRUE(client.send(request));
  EXPECT_THAT(server.last_request(), Not(HasSubstr("Authorization")));
}

TEST(HttpClientTest, RetryAfterInSecondsAndAsADate) {
  HttpResponse response;
  EXPECT_EQ(retry_after_ns(response, 0), 0U);
  const auto with = [&](const char* value) {
    response.headers = {{"retry-after", value}};
    return retry_after_ns(response, 784'111'777);  // Sun, 06 Nov 1994 08:49:37 GMT
  };
  EXPECT_EQ(with("7"), 7 * base::kSecondNs);
  EXPECT_EQ(with("0"), 0U);
  EXPECT_EQ(with("99999999999999999999"), 3600 * base::kSecondNs);
  EXPECT_EQ(with("Sun, 06 Nov 1994 08:49:47 GMT"), 10 * base::kSecondNs);
  EXPECT_EQ(with("Sun, 06 Nov 1994 08:49:27 GMT"), 0U);
  EXPECT_EQ(with("soon"), 0U);
  EXPECT_EQ(with("-5"), 0U);
}

}  // namespace
}  // namespace pixel::shipper
