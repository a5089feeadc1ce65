// SPDX-License-Identifier: Apache-2.0
// Any text as a configuration file: never a crash or an exception; each error names the file; a
// value that was not accepted leaves its default.
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/config_reader.h"

namespace pixel::base {
namespace {

void read_section(ConfigSection section) {
  std::uint64_t number = 5;
  std::uint32_t number32 = 5;
  std::uint16_t number16 = 5;
  bool flag = true;
  std::string text = "default";
  std::filesystem::path path = "/default";
  std::vector<std::string> texts{"default"};
  std::uint64_t bytes = 4096;
  std::uint64_t ns = 1'000;
  std::size_t choice = 1;
  constexpr std::array<std::string_view, 3> kChoices{"once", "twice", "auto"};
  section.read("workers", number, {1, 1024});
  section.read("number32", number32);
  section.read("number16", number16);
  section.read("flag", flag);
  section.read("text", text);
  section.read("path", path);
  section.read("texts", texts);
  section.read_bytes("bytes", bytes, {1, 1U << 30});
  section.read_duration("age", ns, {1, 1'000'000'000'000});
  section.read_choice("decode", kChoices, choice);
  CHECK(number >= 1 && number <= 1024);
  CHECK(bytes >= 1 && bytes <= 1U << 30);
  CHECK(ns >= 1 && ns <= 1'000'000'000'000);
  CHECK(choice < kChoices.size());
  for (const std::string& key : section.keys()) CHECK(section.has(key));
  section.finish();
}

}  // namespace
}  // namespace pixel::base

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto reader = pixel::base::ConfigReader::from_text(text, "fuzz.toml");
  auto root = reader->root();
  pixel::base::read_section(root.section("server"));
  for (auto& sink : root.sections("sink")) pixel::base::read_section(sink);
  root.finish();
  for (const std::string& error : reader->errors()) CHECK(error.starts_with("fuzz.toml:"));
  return 0;
}
