// SPDX-License-Identifier: Apache-2.0
// Paths and patterns: what matches, what does not, and which of two wins.
#include "edge/routes/route.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::edge::test {
namespace {

// A table whose routes carry the place of their path in `get`, from 1.
RouteTable table_of(const std::vector<std::string>& paths) {
  std::vector<RouteTable::Entry> entries;
  for (const std::string& path : paths) {
    Route route;
    route.get = static_cast<std::uint16_t>(entries.size() + 1);
    entries.push_back({path, route});
  }
  return RouteTable(entries);
}

// 0 where there is no route.
int place_of(const RouteTable& table, std::string_view path) {
  static logfmt::GuardedText guarded(4096);
  const Route* const route = table.find(guarded.set(path));
  return route == nullptr ? 0 : route->get;
}

TEST(RouteTableTest, PathsAreExact) {
  const RouteTable table = table_of({"/pixel.gif", "/p"});
  EXPECT_EQ(place_of(table, "/pixel.gif"), 1);
  EXPECT_EQ(place_of(table, "/p"), 2);
  for (const std::string_view path :
       {"/Pixel.gif", "/pixel.gi", "/pixel.gif/", "/pixel.giff", "/", "", "pixel.gif",
        "//pixel.gif", "/pixel%2egif", "*", "/p/", "/./p"}) {
    EXPECT_EQ(place_of(table, path), 0) << path;
  }
}

struct PatternCase {
  const char* pattern;
  const char* path;
  bool matches;
};

constexpr PatternCase kPatternCases[] = {
    {"/v1/pixel/*", "/v1/pixel/page", true},
    {"/v1/pixel/*", "/v1/pixel/a/b/c", true},
    {"/v1/pixel/*", "/v1/pixel/a/", true},
    {"/v1/pixel/*", "/v1/pixel/", false},
    {"/v1/pixel/*", "/v1/pixel", false},
    {"/v1/pixel/*", "/v1/pixel//", false},
    {"/v1/pixel/*", "/v1/pixels/a", false},
    {"/v1/pixel/*", "/v1", false},
    {"/v1/pixel/*", "", false},
    {"/*", "/a", true},
    {"/*", "/a/b", true},
    {"/*", "/", false},
    {"/*", "//a", false},
    {"/*", "*", false},
    {"/{vendor}/{version}", "/com.acme/tp2", true},
    {"/{vendor}/{version}", "/a/b", true},
    {"/{vendor}/{version}", "/a/b/", false},
    {"/{vendor}/{version}", "/a/b/c", false},
    {"/{vendor}/{version}", "/a", false},
    {"/{vendor}/{version}", "/a/", false},
    {"/{vendor}/{version}", "//b", false},
    {"/{vendor}/{version}", "/", false},
    {"/{vendor}/{version}", "", false},
    {"/{vendor}/{version}", "/{vendor}/{version}", true},
    {"/site/{id}/hit", "/site/42/hit", true},
    {"/site/{id}/hit", "/site//hit", false},
    {"/site/{id}/hit", "/site/42/hits", false},
    {"/site/{id}/hit", "/site/42/hi", false},
    {"/site/{id}/hit", "/site/42", false},
    {"/{id}/*", "/a/b", true},
    {"/{id}/*", "/a/b/c", true},
    {"/{id}/*", "/a", false},
    {"/{id}/*", "/a/", false},
    {"/{id}/x", "/a/x", true},
    {"/{id}/x", "/a/y", false},
};

TEST(RouteTableTest, Patterns) {
  for (const PatternCase& one : kPatternCases) {
    EXPECT_EQ(place_of(table_of({one.pattern}), one.path) == 1, one.matches)
        << one.pattern << " and " << one.path;
  }
}

TEST(RouteTableTest, EveryPrefixOfAMatchingPathEndsAtItsEnd) {
  const std::string path = "/com.acme/tp2/more";
  const RouteTable table = table_of({"/{vendor}/{version}/*", "/x/*"});
  for (std::size_t bytes = 0; bytes <= path.size(); ++bytes) {
    EXPECT_EQ(place_of(table, path.substr(0, bytes)) == 1, bytes > path.find("/more") + 1) << bytes;
  }
}

TEST(RouteTableTest, AnExactPathWinsThenTheFirstPattern) {
  const RouteTable table = table_of({"/{a}/{b}", "/a/*", "/a/b"});
  EXPECT_EQ(place_of(table, "/a/b"), 3);
  EXPECT_EQ(place_of(table, "/a/c"), 1);
  EXPECT_EQ(place_of(table, "/a/c/d"), 2);
}

TEST(RouteTableTest, NoPaths) {
  for (const RouteTable& table : {RouteTable(), table_of({})}) {
    EXPECT_EQ(place_of(table, "/p"), 0);
    EXPECT_EQ(place_of(table, ""), 0);
  }
}

TEST(RouteTableTest, ManyPaths) {
  std::vector<std::string> paths;
  for (int i = 0; i < 1000; ++i) paths.push_back("/t/" + std::to_string(i) + ".gif");
  const RouteTable table = table_of(paths);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    EXPECT_EQ(place_of(table, paths[i]), static_cast<int>(i + 1));
    EXPECT_EQ(place_of(table, paths[i] + "x"), 0);
  }
}

TEST(RouteTableDeathTest, PathsThatNoConfigMayGive) {
  EXPECT_DEATH(table_of({"p"}), "CHECK failed");
  EXPECT_DEATH(table_of({"/p", "/p"}), "CHECK failed");
  EXPECT_DEATH(table_of({"/p/*", "/p/*"}), "CHECK failed");
}

}  // namespace
}  // namespace pixel::edge::test
