// SPDX-License-Identifier: Apache-2.0
// Paths are exact and the method comes first.
#include "edge/http/route.h"

#include <gtest/gtest.h>

#include <string>

namespace pixel::edge::test {
namespace {

RequestView request_of(Method method, std::string_view path) {
  RequestView request;
  request.method = method;
  request.path = path;
  return request;
}

TEST(RouteTest, GetAndHeadOfAPixelPath) {
  const RouteTable table({"/pixel.gif", "/p"});
  EXPECT_EQ(table.route(request_of(Method::kGet, "/pixel.gif")), ResponseId::kPixel);
  EXPECT_EQ(table.route(request_of(Method::kHead, "/p")), ResponseId::kPixel);
}

TEST(RouteTest, PathsAreExact) {
  const RouteTable table({"/pixel.gif"});
  for (const std::string_view path : {"/Pixel.gif", "/pixel.gi", "/pixel.gif/", "/pixel.giff", "/",
                                      "", "pixel.gif", "//pixel.gif", "/pixel%2egif", "*"}) {
    EXPECT_EQ(table.route(request_of(Method::kGet, path)), ResponseId::kNotFound) << path;
  }
}

TEST(RouteTest, TheMethodDecidesFirst) {
  const RouteTable table({"/p"});
  EXPECT_EQ(table.route(request_of(Method::kKnownOther, "/p")), ResponseId::kMethodNotAllowed);
  EXPECT_EQ(table.route(request_of(Method::kKnownOther, "*")), ResponseId::kMethodNotAllowed);
  EXPECT_EQ(table.route(request_of(Method::kUnknown, "/p")), ResponseId::kNotImplemented);
}

TEST(RouteTest, NoPaths) {
  const RouteTable table({});
  EXPECT_EQ(table.route(request_of(Method::kGet, "/p")), ResponseId::kNotFound);
  EXPECT_EQ(table.route(request_of(Method::kGet, "")), ResponseId::kNotFound);
}

TEST(RouteTest, ManyPaths) {
  std::vector<std::string> paths;
  for (int i = 0; i < 1000; ++i) paths.push_back("/t/" + std::to_string(i) + ".gif");
  const RouteTable table(paths);
  for (const std::string& path : paths) {
    EXPECT_EQ(table.route(request_of(Method::kGet, path)), ResponseId::kPixel);
    EXPECT_EQ(table.route(request_of(Method::kGet, path + "x")), ResponseId::kNotFound);
  }
}

TEST(RouteDeathTest, PathsThatNoConfigMayGive) {
  EXPECT_DEATH(RouteTable({"p"}), "CHECK failed");
  EXPECT_DEATH(RouteTable({"/p", "/p"}), "CHECK failed");
}

}  // namespace
}  // namespace pixel::edge::test
