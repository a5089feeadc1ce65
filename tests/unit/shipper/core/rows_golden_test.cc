// SPDX-License-Identifier: Apache-2.0
// What an operator reads of each mistake in tables, word by word: tests/golden/rows/bad.txt.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "shipper/config.h"

namespace pixel::shipper {
namespace {

constexpr const char* kGoldenPath = "tests/golden/rows/bad.txt";
constexpr std::string_view kSink = "[[sink]]\nname = \"x\"\nkind = \"file\"\npath = \"/x\"\n";

struct GoldenCase {
  std::string name;
  std::string config;
  std::string errors;  // A line for each.
};

std::string take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string line(text.substr(0, end));
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::vector<GoldenCase> parse_cases(std::string_view text) {
  std::vector<GoldenCase> cases;
  bool in_errors = false;
  while (!text.empty()) {
    const std::string line = take_line(text);
    if (line.starts_with("=== ")) {
      cases.push_back({line.substr(4), "", ""});
      in_errors = false;
    } else if (line == "---") {
      in_errors = true;
    } else if (!cases.empty() && !line.empty()) {
      (in_errors ? cases.back().errors : cases.back().config) += line + "\n";
    }
  }
  return cases;
}

std::string errors_of(const std::string& config) {
  const bool has_sink = config.find("[[sink]]") != std::string::npos;
  const auto reader =
      base::ConfigReader::from_text(config + std::string(has_sink ? "" : kSink), "shipper.toml");
  read_config(*reader);
  std::string text;
  for (const std::string& error : reader->errors()) text += error + "\n";
  return text;
}

TEST(RowsGolden, BadTablesSayWhatIsWrong) {
  const auto text = base::read_file(kGoldenPath);
  ASSERT_TRUE(text.ok());
  std::vector<GoldenCase> cases = parse_cases(*text);
  EXPECT_GE(cases.size(), 100U);
  const bool updates = std::getenv("PIXEL_UPDATE_GOLDEN") != nullptr;
  std::set<std::string> names;
  std::string updated;
  for (GoldenCase& each : cases) {
    EXPECT_TRUE(names.insert(each.name).second) << each.name << " occurs twice";
    const std::string errors = errors_of(each.config);
    EXPECT_NE(errors, "") << each.name << " is no error";
    updated += "=== " + each.name + "\n" + each.config + "---\n" + errors + "\n";
    if (!updates) {
      EXPECT_EQ(errors, each.errors) << each.name;
    }
  }
  if (updates) {
    ASSERT_TRUE(base::write_file_atomic(kGoldenPath, updated).ok());
  }
}

}  // namespace
}  // namespace pixel::shipper
