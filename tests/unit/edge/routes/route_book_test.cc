// SPDX-License-Identifier: Apache-2.0
// What each route answers, byte by byte where others may look, and what cannot be built.
#include "edge/routes/route_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "edge/routes/images.h"

namespace pixel::edge::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kUncached =
    "Cache-Control: no-cache, no-store, must-revalidate, private, max-age=0\r\n"
    "Pragma: no-cache\r\n"
    "Expires: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Cross-Origin-Resource-Policy: cross-origin\r\n";

std::unique_ptr<const RouteBook> book_of(const HttpOptions& options) {
  auto book = RouteBook::create(options);
  EXPECT_TRUE(book.ok()) << (book.ok() ? "" : book.error().message);
  return book.ok() ? std::move(*book) : nullptr;
}

std::string error_of(const HttpOptions& options) {
  const auto book = RouteBook::create(options);
  return book.ok() ? "no error" : book.error().message;
}

HttpOptions only(RouteOptions route) {
  HttpOptions options;
  options.alias_pixels = options.alias_snowplow = options.alias_segment = options.alias_health =
      options.alias_tracker = options.alias_robots = false;
  options.routes.push_back(std::move(route));
  return options;
}

RouteOptions route_of(RouteKind kind, std::string path = "/x") {
  RouteOptions route;
  route.kind = kind;
  route.path = std::move(path);
  if (kind == RouteKind::kRedirect) route.hosts = {"example.com"};
  if (kind == RouteKind::kStatic) route.text = "text";
  return route;
}

const ResponseText& text_of(const RouteBook& book, std::uint16_t index) {
  EXPECT_GE(index, kResponseCount);
  return book.texts.at(index - kResponseCount);
}

const Route& find(const RouteBook& book, std::string_view path) {
  static const Route kNone;
  const Route* const route = book.table.find(path);
  EXPECT_NE(route, nullptr) << path;
  return route == nullptr ? kNone : *route;
}

struct KindCase {
  RouteKind kind;
  ResponseId get;
  ResponseId post;
  const char* allow;
};

constexpr KindCase kKindCases[] = {
    {RouteKind::kPixel, ResponseId::kPixel, ResponseId::kNoContent, "GET, HEAD, POST, OPTIONS"},
    {RouteKind::kBeacon, ResponseId::kPixel, ResponseId::kNoContent, "GET, HEAD, POST, OPTIONS"},
    {RouteKind::kBatch, ResponseId::kMethodNotAllowed, ResponseId::kRecords, "POST, OPTIONS"},
    {RouteKind::kEvent, ResponseId::kMethodNotAllowed, ResponseId::kNoContent, "POST, OPTIONS"},
    {RouteKind::kRedirect, ResponseId::kRedirect, ResponseId::kMethodNotAllowed,
     "GET, HEAD, OPTIONS"},
    {RouteKind::kStatic, ResponseId::kStatic, ResponseId::kMethodNotAllowed, "GET, HEAD, OPTIONS"},
    {RouteKind::kHealth, ResponseId::kOk, ResponseId::kMethodNotAllowed, "GET, HEAD, OPTIONS"},
};

TEST(RouteBookTest, WhatEachKindAnswers) {
  for (const KindCase& one : kKindCases) {
    const auto book = book_of(only(route_of(one.kind)));
    const Route& route = find(*book, "/x");
    SCOPED_TRACE(one.allow);
    EXPECT_EQ(route.kind, one.kind);
    EXPECT_EQ(text_of(*book, route.get).id, one.get);
    EXPECT_EQ(text_of(*book, route.post).id, one.post);
    const ResponseText& preflight = text_of(*book, route.preflight);
    EXPECT_EQ(preflight.status, 204U);
    EXPECT_FALSE(preflight.has_length);
    EXPECT_EQ(preflight.headers, "Cache-Control: no-store\r\nAllow: " + std::string(one.allow) +
                                     "\r\nAccess-Control-Allow-Methods: " + one.allow +
                                     "\r\nAccess-Control-Max-Age: 3600\r\n"
                                     "Access-Control-Allow-Origin: *\r\n");
    const ResponseText& not_allowed = text_of(*book, route.not_allowed);
    EXPECT_EQ(not_allowed.status, 405U);
    EXPECT_THAT(not_allowed.headers, HasSubstr("Allow: " + std::string(one.allow) + "\r\n"));
  }
}

TEST(RouteBookTest, APixelIsNeverStoredNorValidated) {
  const auto book = book_of(only(route_of(RouteKind::kPixel)));
  const ResponseText& pixel = text_of(*book, find(*book, "/x").get);
  EXPECT_EQ(pixel.headers, std::string(kUncached) + "Access-Control-Allow-Origin: *\r\n");
  EXPECT_EQ(pixel.body, preset_image("gif").bytes);
  EXPECT_EQ(pixel.content_type, "image/gif");
}

TEST(RouteBookTest, AnswersToPost) {
  for (const RouteKind kind : {RouteKind::kPixel, RouteKind::kBeacon, RouteKind::kEvent}) {
    RouteOptions route = route_of(kind);
    route.answer = "ok";
    auto book = book_of(only(route));
    EXPECT_EQ(text_of(*book, find(*book, "/x").post).body, "ok");
    EXPECT_EQ(text_of(*book, find(*book, "/x").post).content_type, "text/plain");
    route.answer = "image";
    route.image = "png";
    book = book_of(only(route));
    EXPECT_EQ(text_of(*book, find(*book, "/x").post).body, preset_image("png").bytes);
    EXPECT_EQ(text_of(*book, find(*book, "/x").post).content_type, "image/png");
  }
}

TEST(RouteBookTest, ImageNoneIs204) {
  RouteOptions route = route_of(RouteKind::kPixel);
  route.image = "none";
  const auto book = book_of(only(route));
  const ResponseText& text = text_of(*book, find(*book, "/x").get);
  EXPECT_EQ(text.status, 204U);
  EXPECT_TRUE(text.body.empty() && text.content_type.empty() && !text.has_length);
  EXPECT_THAT(text.headers, HasSubstr("no-store"));
}

TEST(RouteBookTest, RedirectsHaveTheirStatusAndNoBody) {
  for (const auto& [status, reason] : {std::pair{302U, "Found"}, std::pair{303U, "See Other"},
                                       std::pair{307U, "Temporary Redirect"}}) {
    RouteOptions route = route_of(RouteKind::kRedirect);
    route.redirect_status = status;
    const auto book = book_of(only(route));
    const ResponseText& text = text_of(*book, find(*book, "/x").get);
    EXPECT_EQ(text.status, status);
    EXPECT_EQ(text.reason, reason);
    EXPECT_TRUE(text.body.empty() && text.has_length && text.content_type.empty());
    char out[64];
    std::size_t bytes = 0;
    EXPECT_EQ(book->extras[find(*book, "/x").own].redirect.resolve("u=https://example.com/", "",
                                                                   out, sizeof out, bytes),
              RedirectRules::Fault::kNone);
  }
}

TEST(RouteBookTest, StaticContentMayBeCachedWhereItIsSaid) {
  RouteOptions route = route_of(RouteKind::kStatic, "/app.js");
  auto book = book_of(only(route));
  EXPECT_EQ(text_of(*book, find(*book, "/app.js").get).headers,
            std::string(kUncached) + "Access-Control-Allow-Origin: *\r\n");
  EXPECT_EQ(text_of(*book, find(*book, "/app.js").get).content_type,
            "text/javascript; charset=utf-8");
  route.max_age_ns = 60 * base::kSecondNs;
  HttpOptions options = only(route);
  options.cors = "echo";
  book = book_of(options);
  EXPECT_EQ(text_of(*book, find(*book, "/app.js").get).headers,
            "Cache-Control: public, max-age=60\r\nX-Content-Type-Options: nosniff\r\n"
            "Cross-Origin-Resource-Policy: cross-origin\r\nVary: Origin\r\n");
}

TEST(RouteBookTest, TextWithoutAnExtensionIsPlainText) {
  const auto book = book_of(only(route_of(RouteKind::kStatic, "/")));
  EXPECT_EQ(text_of(*book, find(*book, "/").get).content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(text_of(*book, find(*book, "/").get).body, "text");
}

TEST(RouteBookTest, NoTextNamesAnOriginWhereTheWorkerDoes) {
  for (const char* mode : {"echo", "list", "none"}) {
    HttpOptions options;
    options.cors = mode;
    if (options.cors == "list") options.cors_origins = {"https://a.example"};
    const auto book = book_of(options);
    for (const ResponseText& text : book->texts) {
      EXPECT_THAT(text.headers, Not(HasSubstr("Access-Control-Allow-Origin"))) << mode;
    }
    EXPECT_EQ(
        text_of(*book, book->unknown.preflight).headers.find("Access-Control") == std::string::npos,
        options.cors == "none");
  }
}

TEST(RouteBookTest, WhoseOriginIsEchoed) {
  HttpOptions options;
  options.cors = "echo";
  auto book = book_of(options);
  Route route = book->unknown;
  EXPECT_EQ(route.cors, Cors::kEcho);
  for (const char* origin : {"https://a.example", "null", "http://[::1]:80", "HTTPS://A"}) {
    EXPECT_TRUE(book->echoes(route, origin)) << origin;
  }
  for (const std::string& origin :
       {std::string(), std::string("a b"), std::string("a\r\nX: y"), std::string("a,b"),
        std::string("caf\xc3\xa9"), std::string(1, '\0'), std::string(301, 'a')}) {
    EXPECT_FALSE(book->echoes(route, origin)) << origin;
  }
  options.cors = "list";
  options.cors_origins = {"https://A.example", "https://b.example:8443"};
  book = book_of(options);
  route = book->unknown;
  EXPECT_THAT(book->origins, ElementsAre("https://a.example", "https://b.example:8443"));
  for (const char* origin : {"https://a.example", "HTTPS://a.EXAMPLE", "https://b.example:8443"}) {
    EXPECT_TRUE(book->echoes(route, origin)) << origin;
  }
  for (const char* origin : {"", "null", "http://a.example", "https://a.example:443",
                             "https://a.example.evil.example", "https://a.exampl"}) {
    EXPECT_FALSE(book->echoes(route, origin)) << origin;
  }
  options.cors = "any";
  options.cors_origins.clear();
  book = book_of(options);
  EXPECT_FALSE(book->echoes(book->unknown, "https://a.example"));
}

TEST(RouteBookTest, CustomHeadersAndHstsAreOnEveryAnswerOfARoute) {
  RouteOptions route = route_of(RouteKind::kBeacon);
  route.headers = {"X-Mine: route", "cross-origin-resource-policy: same-site"};
  HttpOptions options = only(route);
  options.headers = {"X-Mine: all", "X-All:  1 "};
  options.hsts_max_age_ns = 86400 * base::kSecondNs;
  const auto book = book_of(options);
  const Route& built = find(*book, "/x");
  for (const std::uint16_t index : {built.get, built.post, built.preflight, built.not_allowed}) {
    const std::string& headers = text_of(*book, index).headers;
    EXPECT_THAT(headers, HasSubstr("\r\nX-Mine: route\r\nX-All: 1\r\n"));
    EXPECT_THAT(headers, HasSubstr("Strict-Transport-Security: max-age=86400\r\n"));
    EXPECT_THAT(headers, Not(HasSubstr("X-Mine: all")));
    EXPECT_THAT(headers, Not(HasSubstr("cross-origin\r\n")));
  }
  const ResponseText& unknown = text_of(*book, book->unknown.get);
  EXPECT_EQ(unknown.status, 404U);
  EXPECT_THAT(unknown.headers, HasSubstr("X-Mine: all\r\nX-All: 1\r\n"));
}

struct AliasCase {
  const char* path;
  RouteKind kind;
  ResponseId get;
  const char* content_type;
  std::size_t body_bytes;
};

constexpr AliasCase kAliasCases[] = {
    {"/1x1.gif", RouteKind::kPixel, ResponseId::kPixel, "image/gif", 43},
    {"/pixel.gif", RouteKind::kPixel, ResponseId::kPixel, "image/gif", 43},
    {"/i", RouteKind::kPixel, ResponseId::kPixel, "image/gif", 43},
    {"/ice.png", RouteKind::kPixel, ResponseId::kPixel, "image/gif", 43},
    {"/collect", RouteKind::kPixel, ResponseId::kPixel, "image/gif", 35},
    {"/com.snowplowanalytics.snowplow/tp2", RouteKind::kPixel, ResponseId::kPixel, "image/gif", 43},
    {"/com.snowplowanalytics.iglu/v1", RouteKind::kPixel, ResponseId::kPixel, "image/gif", 43},
    {"/v1/pixel/page", RouteKind::kPixel, ResponseId::kPixel, "image/gif", 43},
    {"/health", RouteKind::kHealth, ResponseId::kOk, "text/plain", 2},
};

TEST(RouteBookTest, PathsOfOtherSystemsTags) {
  const auto book = book_of({});
  for (const AliasCase& alias : kAliasCases) {
    const Route& route = find(*book, alias.path);
    SCOPED_TRACE(alias.path);
    EXPECT_EQ(route.kind, alias.kind);
    const ResponseText& text = text_of(*book, route.get);
    EXPECT_EQ(text.id, alias.get);
    EXPECT_EQ(text.content_type, alias.content_type);
    EXPECT_EQ(text.body.size(), alias.body_bytes);
  }
  EXPECT_TRUE(find(*book, "/v1/pixel/page").reads_data_parameter);
  EXPECT_FALSE(find(*book, "/v1/pixel/page").get_is_prebuilt());
  EXPECT_TRUE(find(*book, "/i").get_is_prebuilt());
  const Route& tp2 = find(*book, "/com.snowplowanalytics.snowplow/tp2");
  EXPECT_EQ(text_of(*book, tp2.post).body, "ok");
  EXPECT_EQ(text_of(*book, tp2.get).body, preset_image("gif-snowplow").bytes);
  const Route& batch = find(*book, "/v1/batch");
  EXPECT_EQ(batch.kind, RouteKind::kBatch);
  EXPECT_EQ(book->extras[batch.own].batch_key, "batch");
  EXPECT_EQ(book->extras[batch.own].records_max, 500U);
  EXPECT_EQ(book->extras[batch.own].body_bytes_max, 500U * 1024);
  EXPECT_EQ(book->extras[batch.own].record_bytes_max, 32U * 1024);
  EXPECT_TRUE(book->takes_bodies);
  EXPECT_EQ(book->body_bytes_max, 1024U * 1024);
  for (const char* path : {"/", "/crossdomain.xml", "/a", "/v1/", "/a/b/c"}) {
    EXPECT_EQ(book->table.find(path), nullptr) << path;
  }
}

TEST(RouteBookTest, RobotsAndCrossdomainAndTheTracker) {
  HttpOptions options;
  options.alias_crossdomain = true;
  const auto book = book_of(options);
  const ResponseText& robots = text_of(*book, find(*book, "/robots.txt").get);
  EXPECT_EQ(robots.content_type, "text/plain; charset=utf-8");
  for (const char* agent : {"*", "Googlebot", "AdsBot-Google"}) {
    EXPECT_THAT(robots.body, HasSubstr("User-agent: " + std::string(agent) + "\nDisallow: /\n"));
  }
  const ResponseText& policy = text_of(*book, find(*book, "/crossdomain.xml").get);
  EXPECT_EQ(policy.content_type, "application/xml");
  EXPECT_THAT(policy.body, HasSubstr("<allow-access-from domain=\"*\" secure=\"true\"/>"));
  const ResponseText& tracker = text_of(*book, find(*book, "/pixel.js").get);
  EXPECT_EQ(tracker.content_type, "text/javascript; charset=utf-8");
  EXPECT_THAT(tracker.headers, HasSubstr("Cache-Control: public, max-age=86400\r\n"));
  EXPECT_THAT(tracker.body, HasSubstr("sendBeacon"));
}

TEST(RouteBookTest, EachAliasCanBeSwitchedOff) {
  const HttpOptions none = only(route_of(RouteKind::kPixel, "/mine"));
  const auto book = book_of(none);
  for (const AliasCase& alias : kAliasCases) {
    EXPECT_EQ(book->table.find(alias.path), nullptr) << alias.path;
  }
  for (const char* path : {"/pixel.js", "/robots.txt", "/v1/batch"}) {
    EXPECT_EQ(book->table.find(path), nullptr) << path;
  }
  EXPECT_NE(book->table.find("/mine"), nullptr);
}

TEST(RouteBookTest, AnOwnRouteReplacesAnAliasOfTheSamePath) {
  HttpOptions options;
  RouteOptions robots = route_of(RouteKind::kStatic, "/robots.txt");
  robots.text = "User-agent: *\nAllow: /\n";
  options.routes = {robots, route_of(RouteKind::kHealth, "/i"),
                    route_of(RouteKind::kBeacon, "/{vendor}/{version}")};
  const auto book = book_of(options);
  EXPECT_EQ(text_of(*book, find(*book, "/robots.txt").get).body, robots.text);
  EXPECT_EQ(find(*book, "/i").kind, RouteKind::kHealth);
  EXPECT_EQ(find(*book, "/a/b").kind, RouteKind::kBeacon);
}

TEST(RouteBookTest, NoBodiesWithoutARouteForThem) {
  const auto book = book_of(only(route_of(RouteKind::kHealth)));
  EXPECT_FALSE(book->takes_bodies);
  EXPECT_EQ(book->body_bytes_max, 0U);
  EXPECT_EQ(find(*book, "/x").own, 0U);
  EXPECT_EQ(book->extras.size(), 1U);
}

TEST(RouteBookTest, EqualAnswersAreBuiltOnce) {
  HttpOptions options = only(route_of(RouteKind::kPixel, "/0"));
  const std::size_t texts = book_of(options)->texts.size();
  for (int i = 1; i < 999; ++i) {
    options.routes.push_back(route_of(RouteKind::kPixel, "/" + std::to_string(i)));
  }
  EXPECT_EQ(book_of(options)->texts.size(), texts);
}

TEST(RouteBookTest, NoAnswerIsLongerThanPromised) {
  RouteOptions route = route_of(RouteKind::kStatic);
  route.text = std::string(kRouteContentBytesMax, 'x');
  route.headers = {"X-Long: " + std::string(4000, 'y')};
  HttpOptions options = only(route);
  options.headers = {"X-Longer: " + std::string(4000, 'z')};
  const auto book = book_of(options);
  const ResponseSet set(book->texts);
  for (std::size_t i = 0; i < kResponseCount + book->texts.size(); ++i) {
    EXPECT_LE(set.get(i, Persistence::kKeepAliveHttp10).total_bytes, kRouteAnswerBytesMax);
  }
}

// No validator and no range may ever be offered where a hit would be swallowed.
TEST(RouteBookTest, NoAnswerCanBeRevalidatedOrCutIntoRanges) {
  const auto book = book_of({});
  for (const ResponseText& text : book->texts) {
    for (const char* name : {"ETag", "Last-Modified", "Accept-Ranges", "Content-Range"}) {
      EXPECT_THAT(text.headers, Not(HasSubstr(name)));
    }
    EXPECT_NE(text.status, 304U);
    EXPECT_NE(text.status, 206U);
  }
}

class RouteBookFileTest : public ::testing::Test {
 protected:
  RouteBookFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "routes.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~RouteBookFileTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const char* name, const std::string& bytes) {
    const auto path = folder_ / name;
    EXPECT_TRUE(base::write_file_atomic(path, bytes).ok());
    return path;
  }
  std::filesystem::path folder_;
};

TEST_F(RouteBookFileTest, ImagesAndStaticContentFromFiles) {
  RouteOptions image = route_of(RouteKind::kPixel, "/p");
  image.image = "file";
  image.file = write("own.webp", std::string("RIFF\0webp", 9));
  HttpOptions options = only(image);
  RouteOptions page = route_of(RouteKind::kStatic, "/page");
  page.text.clear();
  page.file = write("page.html", "<p>");
  options.routes.push_back(page);
  page.path = "/other";
  page.content_type = "application/xhtml+xml";
  options.routes.push_back(page);
  const auto book = book_of(options);
  EXPECT_EQ(text_of(*book, find(*book, "/p").get).body, std::string("RIFF\0webp", 9));
  EXPECT_EQ(text_of(*book, find(*book, "/p").get).content_type, "image/webp");
  EXPECT_EQ(text_of(*book, find(*book, "/page").get).content_type, "text/html; charset=utf-8");
  EXPECT_EQ(text_of(*book, find(*book, "/other").get).content_type, "application/xhtml+xml");
}

TEST_F(RouteBookFileTest, ErrorsNameRouteKeyAndFile) {
  RouteOptions route = route_of(RouteKind::kStatic);
  route.text.clear();
  route.file = "/nowhere/x.txt";
  EXPECT_EQ(error_of(only(route)),
            "route \"/x\": file: cannot open /nowhere/x.txt: No such file or directory");
  route.file = write("x.unknown", "x");
  EXPECT_EQ(error_of(only(route)), "route \"/x\": content_type: " + route.file.string() +
                                       " has no extension that says it; set content_type");
  route.file = write("empty.txt", "");
  EXPECT_EQ(error_of(only(route)), "route \"/x\": file: " + route.file.string() + " is empty");
  route.file = write("large.txt", std::string(kRouteContentBytesMax + 1, 'x'));
  EXPECT_EQ(error_of(only(route)),
            "route \"/x\": file: " + route.file.string() + " has 65537 bytes; 65536 is the limit");
  route.file = folder_;
  route.content_type = "text/plain";
  EXPECT_THAT(error_of(only(route)), HasSubstr("route \"/x\": file: "));
}

TEST(RouteBookTest, OptionsThatMustNotBeAreErrors) {
  HttpOptions options = only(route_of(RouteKind::kPixel));
  options.routes.push_back(options.routes[0]);
  EXPECT_EQ(error_of(options), "route \"/x\": path: expected one that no other route has");
  RouteOptions closed = route_of(RouteKind::kRedirect);
  closed.hosts.clear();
  EXPECT_EQ(error_of(only(closed)),
            "route \"/x\": hosts: expected at least one host that a target may have");
  closed.hosts = {"example.com", "*"};
  EXPECT_THAT(error_of(only(closed)), HasSubstr("route \"/x\": hosts[1]: expected a host"));
  RouteOptions batch = route_of(RouteKind::kBatch);
  batch.records_max = 501;
  EXPECT_EQ(error_of(only(batch)), "route \"/x\": records_max: expected 1 to 500");
  RouteOptions text = route_of(RouteKind::kStatic);
  text.text = std::string(kRouteContentBytesMax + 1, 'x');
  EXPECT_EQ(error_of(only(text)), "route \"/x\": text: 65537 bytes; 65536 is the limit");
  options = HttpOptions();
  options.cors = "all";
  EXPECT_THAT(error_of(options), HasSubstr("cors.mode: expected"));
  options = HttpOptions();
  options.headers = {"X-A: b", "X-A: b\r\nX-B: c"};
  EXPECT_THAT(error_of(options), HasSubstr("headers.lines[1]: expected a header such as"));
  options = HttpOptions();
  for (int i = 0; i < 1001; ++i) {
    options.routes.push_back(route_of(RouteKind::kPixel, "/" + std::to_string(i)));
  }
  EXPECT_EQ(error_of(options), "1001 routes; 1000 is the limit");
}

}  // namespace
}  // namespace pixel::edge::test
