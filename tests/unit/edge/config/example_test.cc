// SPDX-License-Identifier: Apache-2.0
// edge/edge.toml: every key of the tables with its default, and every key of every kind of route.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "edge/setting_list.h"

namespace pixel::edge {
namespace {

using ::testing::IsEmpty;

struct Line {
  std::string text;
  bool follows_comment = false;
};

// The lines of the example; with `routes`, those of its commented examples of [[route]] as well.
std::vector<Line> example_lines(bool routes) {
  const auto text = base::read_file("edge/edge.toml");
  EXPECT_TRUE(text.ok());
  std::vector<Line> lines;
  bool was_comment = false;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    std::string line = text->substr(at, end - at);
    at = end + 1;
    const bool is_example = line.starts_with("#[[route]]") ||
                            (line.starts_with("#") && line.size() > 1 && line[1] >= 'a' &&
                             line[1] <= 'z' && line.find(" = ") != std::string::npos);
    if (is_example && routes) line.erase(0, 1);
    if (!line.empty() && line[0] != '#') lines.push_back({line, was_comment});
    was_comment = !is_example && line.starts_with("# ");
  }
  return lines;
}

std::string joined(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) text += line.text + "\n";
  return text;
}

// "server.workers" of each line.
std::vector<std::string> keys_of(const std::vector<Line>& lines) {
  std::vector<std::string> keys;
  std::string section;
  for (const Line& line : lines) {
    if (line.text.starts_with('[')) {
      section = line.text.substr(1, line.text.find(']') - 1);
    } else {
      keys.push_back(section + "." + line.text.substr(0, line.text.find(" = ")));
    }
  }
  return keys;
}

TEST(ConfigExample, HasEveryKeyOfTheTableInItsOrderWithItsDefault) {
  std::vector<std::string> keys;
  for (const Setting& setting : list_settings(EdgeConfig{})) {
    keys.push_back(setting.section + "." + setting.key);
  }
  const std::vector<Line> lines = example_lines(false);
  EXPECT_EQ(keys_of(lines), keys);
  EXPECT_GT(keys.size(), 80U);
  const auto loaded = load_config_text(joined(lines), "edge.toml");
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(dump(loaded.config), dump(EdgeConfig{}));
}

// A key whose meaning its name and the line before it already say needs no comment of its own.
TEST(ConfigExample, MostKeysHaveAComment) {
  std::size_t keys = 0;
  std::size_t explained = 0;
  for (const Line& line : example_lines(true)) {
    if (line.text.starts_with('[')) continue;
    ++keys;
    explained += line.follows_comment ? 1 : 0;
  }
  EXPECT_GT(10 * explained, 7 * keys) << explained << " of " << keys;
}

// Values in the examples of routes that cannot be the default.
const std::set<std::string> kExamplesOwn = {"path", "hosts", "text", "file", "batch_key"};

TEST(ConfigExample, ShowsEachKindOfRouteWithAllItsKeysAndDefaults) {
  const std::vector<Line> lines = example_lines(true);
  const auto loaded = load_config_text(joined(lines), "edge.toml");
  EXPECT_THAT(loaded.errors, IsEmpty());
  std::map<RouteKind, std::map<std::string, std::string>> shown;
  std::map<std::string, std::string>* current = nullptr;
  std::size_t index = 0;
  for (const Line& line : lines) {
    if (line.text == "[[route]]") {
      ASSERT_LT(index, loaded.config.http.routes.size());
      current = &shown[loaded.config.http.routes[index++].kind];
    } else if (current != nullptr) {
      const std::size_t equals = line.text.find(" = ");
      ASSERT_NE(equals, std::string::npos) << line.text;
      (*current)[line.text.substr(0, equals)] = line.text.substr(equals + 3);
    }
  }
  for (std::size_t kind = 0; kind < kRouteKindNames.size(); ++kind) {
    RouteOptions defaults;
    defaults.kind = static_cast<RouteKind>(kind);
    for (const Setting& setting : list_route_settings(defaults)) {
      const auto& keys = shown[defaults.kind];
      const auto place = keys.find(setting.key);
      ASSERT_NE(place, keys.end()) << kRouteKindNames[kind] << ": " << setting.key;
      if (!kExamplesOwn.contains(setting.key)) {
        EXPECT_EQ(place->second, setting.value) << kRouteKindNames[kind] << ": " << setting.key;
      }
    }
  }
}

}  // namespace
}  // namespace pixel::edge
