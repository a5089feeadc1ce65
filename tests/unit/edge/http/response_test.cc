// SPDX-License-Identifier: Apache-2.0
// The answers byte by byte, their log fields, and the Date.
#include "edge/http/response.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "edge/http/parser.h"

namespace pixel::edge::test {
namespace {

using namespace std::string_view_literals;

constexpr Persistence kAllPersistence[] = {Persistence::kKeepAlive, Persistence::kKeepAliveHttp10,
                                           Persistence::kClose};

std::string_view bytes_of(const Response& response) {
  return {response.bytes, response.total_bytes};
}
std::string_view head_of(const Response& response) { return {response.bytes, response.head_bytes}; }
std::string_view body_of(const Response& response) {
  return bytes_of(response).substr(response.head_bytes);
}

std::string_view run_of(const Response& response) { return {response.bytes, response.run_bytes}; }
std::string repeat(std::string_view text, std::size_t times) {
  std::string repeated;
  for (std::size_t i = 0; i < times; ++i) repeated += text;
  return repeated;
}

TEST(ResponseTest, ThePixelByteByByte) {
  const ResponseSet set;
  const Response& pixel = set.get(ResponseId::kPixel, Persistence::kKeepAlive);
  EXPECT_EQ(head_of(pixel),
            "HTTP/1.1 200 OK\r\n"
            "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            "Content-Type: image/gif\r\n"
            "Content-Length: 43\r\n"
            "Cache-Control: no-cache, no-store, must-revalidate, private, max-age=0\r\n"
            "Pragma: no-cache\r\n"
            "Expires: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Access-Control-Allow-Origin: *\r\n"
            "Cross-Origin-Resource-Policy: cross-origin\r\n"
            "\r\n");
  EXPECT_EQ(body_of(pixel),
            "GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0"
            "\0\x02\x02\x44\x01\0;"sv);
}

TEST(ResponseTest, AnErrorByteByByte) {
  const ResponseSet set;
  EXPECT_EQ(bytes_of(set.get(ResponseId::kMethodNotAllowed, Persistence::kClose)),
            "HTTP/1.1 405 Method Not Allowed\r\n"
            "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            "Content-Type: text/plain\r\n"
            "Content-Length: 19\r\n"
            "Cache-Control: no-store\r\n"
            "Allow: GET, HEAD\r\n"
            "Connection: close\r\n"
            "\r\n"
            "Method Not Allowed\n");
}

struct ErrorCase {
  ResponseId id;
  std::uint32_t status;
  std::string_view result_type;
  std::string_view detailed_result_type;
};

constexpr ErrorCase kErrorCases[] = {
    {ResponseId::kBadRequest, 400, "Error", "InvalidRequest"},
    {ResponseId::kNotFound, 404, "Error", "Error"},
    {ResponseId::kMethodNotAllowed, 405, "Error", "InvalidRequestMethod"},
    {ResponseId::kRequestTimeout, 408, "Error", "ClientCommError"},
    {ResponseId::kContentTooLarge, 413, "Error", "InvalidRequestBody"},
    {ResponseId::kUriTooLong, 414, "Error", "InvalidRequest"},
    {ResponseId::kExpectationFailed, 417, "Error", "InvalidRequestHeader"},
    {ResponseId::kTooManyRequests, 429, "LimitExceeded", "LimitExceeded"},
    {ResponseId::kHeadersTooLarge, 431, "Error", "InvalidRequestHeader"},
    {ResponseId::kNotImplemented, 501, "Error", "InvalidRequestMethod"},
    {ResponseId::kServiceUnavailable, 503, "CapacityExceeded", "CapacityExceeded"},
    {ResponseId::kVersionNotSupported, 505, "Error", "InvalidRequest"},
};
// The answers that are no errors.
constexpr ResponseId kGoodAnswers[] = {
    ResponseId::kPixel,  ResponseId::kNoContent, ResponseId::kOk,       ResponseId::kRecords,
    ResponseId::kStatic, ResponseId::kRedirect,  ResponseId::kPreflight};
static_assert(std::size(kErrorCases) + std::size(kGoodAnswers) == kResponseCount);

TEST(ResponseTest, ErrorsSayWhatTheLogSays) {
  const ResponseSet set;
  for (const ErrorCase& one : kErrorCases) {
    for (const Persistence persistence : kAllPersistence) {
      const Response& response = set.get(one.id, persistence);
      SCOPED_TRACE(one.status);
      EXPECT_EQ(response.status, one.status);
      EXPECT_EQ(response.result_type, one.result_type);
      EXPECT_EQ(response.detailed_result_type, one.detailed_result_type);
      EXPECT_EQ(response.content_type, "text/plain");
      EXPECT_NE(head_of(response).find("\r\nCache-Control: no-store\r\n"), std::string_view::npos);
    }
  }
}

TEST(ResponseTest, GoodAnswersAreHitsAndRedirects) {
  const ResponseSet set;
  for (const ResponseId id : kGoodAnswers) {
    const Response& response = set.get(id, Persistence::kKeepAlive);
    const bool redirects = id == ResponseId::kRedirect;
    SCOPED_TRACE(response_name(id));
    EXPECT_EQ(response.result_type, redirects ? "Redirect" : "Hit");
    EXPECT_EQ(response.detailed_result_type, response.result_type);
    EXPECT_LT(response.status, 400U);
    EXPECT_NE(head_of(response).find("no-store"), std::string_view::npos);
  }
}

TEST(ResponseTest, ThePixelIsAHit) {
  const ResponseSet set;
  const Response& pixel = set.get(ResponseId::kPixel, Persistence::kClose);
  EXPECT_EQ(pixel.status, 200U);
  EXPECT_EQ(pixel.result_type, "Hit");
  EXPECT_EQ(pixel.detailed_result_type, "Hit");
  EXPECT_EQ(pixel.content_type, "image/gif");
  EXPECT_EQ(pixel.content_length, 43);
}

TEST(ResponseTest, OnlyWhereItBelongs) {
  const ResponseSet set;
  for (std::size_t id = 0; id < kResponseCount; ++id) {
    const std::string_view head =
        head_of(set.get(static_cast<ResponseId>(id), Persistence::kKeepAlive));
    const bool allow = head.find("\r\nAllow: GET, HEAD\r\n") != std::string_view::npos;
    const bool retry = head.find("\r\nRetry-After: 1\r\n") != std::string_view::npos;
    EXPECT_EQ(allow, static_cast<ResponseId>(id) == ResponseId::kMethodNotAllowed);
    EXPECT_EQ(retry, static_cast<ResponseId>(id) == ResponseId::kServiceUnavailable ||
                         static_cast<ResponseId>(id) == ResponseId::kTooManyRequests);
  }
}

// RFC 9110 section 8.6: no Content-Length with 204. A batch's comes with its body.
bool has_length(const Response& response) {
  return response.status != 204 && response.id != ResponseId::kRecords;
}

// Whatever the answer: one head, framed by Content-Length, and persistence as asked for.
TEST(ResponseTest, EveryAnswerIsFramed) {
  const ResponseSet set;
  std::set<const char*> distinct;
  for (std::size_t id = 0; id < kResponseCount; ++id) {
    for (const Persistence persistence : kAllPersistence) {
      const Response& response = set.get(static_cast<ResponseId>(id), persistence);
      const std::string_view head = head_of(response);
      EXPECT_TRUE(distinct.insert(response.bytes).second);
      EXPECT_TRUE(head.starts_with("HTTP/1.1 " + std::to_string(response.status) + " "));
      EXPECT_EQ(head.find("\r\n\r\n"), head.size() - 4);
      const std::string length =
          "\r\nContent-Length: " + std::to_string(body_of(response).size()) + "\r\n";
      EXPECT_EQ(head.find(length) != std::string_view::npos, has_length(response));
      EXPECT_EQ(head.find("Content-Length") != std::string_view::npos, has_length(response));
      if (has_length(response)) {
        EXPECT_EQ(static_cast<std::size_t>(response.content_length), body_of(response).size());
      } else {
        EXPECT_EQ(response.content_length, -1);
        EXPECT_EQ(body_of(response), "");
      }
      const bool close = head.find("\r\nConnection: close\r\n") != std::string_view::npos;
      const bool keep = head.find("\r\nConnection: keep-alive\r\n") != std::string_view::npos;
      EXPECT_EQ(close, persistence == Persistence::kClose);
      EXPECT_EQ(keep, persistence == Persistence::kKeepAliveHttp10);
    }
  }
}

TEST(ResponseTest, AnswersOfRoutesComeBehindThePlainOnes) {
  ResponseText text;
  text.id = ResponseId::kStatic;
  text.status = 203;
  text.reason = "Non-Authoritative Information";
  text.content_type = "text/x-own";
  text.headers = "X-A: b\r\n";
  text.body = std::string(70'000, 'x');
  const ResponseText texts[] = {plain_response_text(ResponseId::kNoContent), text};
  ResponseSet set(texts);
  set.set_date(784111777);
  EXPECT_EQ(set.get(kResponseCount, Persistence::kKeepAlive).status, 204U);
  const Response& own = set.get(kResponseCount + 1, Persistence::kKeepAliveHttp10);
  EXPECT_EQ(head_of(own),
            "HTTP/1.1 203 Non-Authoritative Information\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/x-own\r\n"
            "Content-Length: 70000\r\n"
            "X-A: b\r\n"
            "Connection: keep-alive\r\n"
            "\r\n");
  EXPECT_EQ(body_of(own), text.body);
  EXPECT_EQ(own.content_length, 70'000);
  EXPECT_EQ(own.content_type, "text/x-own");
  EXPECT_EQ(own.id, ResponseId::kStatic);
  EXPECT_EQ(own.result_type, "Hit");
}

TEST(ResponseTest, PipelinedPixelsLieReady) {
  const ResponseSet set;
  const Response& pixel = set.get(ResponseId::kPixel, Persistence::kKeepAlive);
  EXPECT_GE(pixel.run_bytes, 16 * pixel.total_bytes);
  // The last answer of a connection, and errors, come once.
  for (const Response* const once : {&set.get(ResponseId::kPixel, Persistence::kClose),
                                     &set.get(ResponseId::kNotFound, Persistence::kKeepAlive)}) {
    EXPECT_EQ(once->run_bytes, once->total_bytes);
  }
}

TEST(ResponseTest, ManyRoutesDoNotTakeMemoryWithoutEnd) {
  const std::vector<ResponseText> texts(1000, plain_response_text(ResponseId::kPixel));
  const ResponseSet set(texts);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < kResponseCount + texts.size(); ++i) {
    const Response& response = set.get(i, Persistence::kKeepAlive);
    bytes += response.run_bytes - response.total_bytes;
  }
  EXPECT_GT(bytes, 0U);
  EXPECT_LT(bytes, 1024U * 1024);
}

TEST(ResponseTest, EachSortHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t id = 0; id < kResponseCount; ++id) {
    EXPECT_TRUE(names.insert(response_name(static_cast<ResponseId>(id))).second);
  }
}

TEST(ResponseTest, SetDateChangesOnlyTheDate) {
  struct DateCase {
    std::int64_t unix_seconds;
    std::string_view date;
  };
  // The dates as GNU date prints them.
  constexpr DateCase kDates[] = {
      {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
      {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},  // The example of RFC 9110.
      {951827696, "Tue, 29 Feb 2000 12:34:56 GMT"},
      {1735689599, "Tue, 31 Dec 2024 23:59:59 GMT"},
      {1735689600, "Wed, 01 Jan 2025 00:00:00 GMT"},
      {4102444800, "Fri, 01 Jan 2100 00:00:00 GMT"},
      {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
      {1795200720, "Fri, 20 Nov 2026 18:52:00 GMT"},
  };
  const ResponseSet fresh;
  ResponseSet set;
  for (const DateCase& one : kDates) {
    set.set_date(one.unix_seconds);
    for (std::size_t id = 0; id < kResponseCount; ++id) {
      for (const Persistence persistence : kAllPersistence) {
        const Response& response = set.get(static_cast<ResponseId>(id), persistence);
        std::string expected(bytes_of(fresh.get(static_cast<ResponseId>(id), persistence)));
        const std::size_t at = expected.find("\r\nDate: ") + 8;
        expected.replace(at, one.date.size(), one.date);
        EXPECT_EQ(bytes_of(response), expected);
        EXPECT_EQ(run_of(response), repeat(expected, response.run_bytes / expected.size()));
      }
    }
  }
}

TEST(ResponseTest, EveryRefusalHasTheAnswerOfItsStatus) {
  const ResponseSet set;
  for (std::size_t i = 1; i < kRefusalCount; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    const Response& response = set.get(response_of(refusal), Persistence::kClose);
    EXPECT_EQ(response.status, refusal_status(refusal));
  }
}

}  // namespace
}  // namespace pixel::edge::test
