// SPDX-License-Identifier: Apache-2.0
// What an operator reads: each error text, its line, the nearest key; and that a value refused
// leaves its default.
#include "base/config_reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/units.h"

namespace pixel::base {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The errors of reading [s] with `read`.
std::vector<std::string> errors_of(const std::string& text,
                                   const std::function<void(ConfigSection&)>& read) {
  const auto reader = ConfigReader::from_text(text, "edge.toml");
  ConfigSection root = reader->root();
  ConfigSection section = root.section("s");
  read(section);
  section.finish();
  root.finish();
  return reader->errors();
}

TEST(ConfigReader, ReadsEveryType) {
  std::uint64_t big = 0;
  std::uint32_t middle = 0;
  std::uint16_t small = 0;
  bool flag = false;
  std::string text;
  std::filesystem::path path;
  std::vector<std::string> texts;
  std::uint64_t bytes = 0;
  std::uint64_t ns = 0;
  std::size_t choice = 0;
  constexpr std::array<std::string_view, 2> kChoices{"process", "disk"};
  EXPECT_THAT(errors_of("[s]\nbig = 9223372036854775807\nmiddle = 4294967295\nsmall = 65535\n"
                        "flag = true\ntext = \"x\"\npath = \"/a/b\"\ntexts = [\"a\", \"b\"]\n"
                        "bytes = \"64MiB\"\nage = \"60s\"\nmode = \"disk\"\n",
                        [&](ConfigSection& s) {
                          s.read("big", big);
                          s.read("middle", middle);
                          s.read("small", small);
                          s.read("flag", flag);
                          s.read("text", text);
                          s.read("path", path);
                          s.read("texts", texts);
                          s.read_bytes("bytes", bytes);
                          s.read_duration("age", ns);
                          s.read_choice("mode", kChoices, choice);
                        }),
              IsEmpty());
  EXPECT_EQ(big, 9'223'372'036'854'775'807U);
  EXPECT_EQ(middle, 4'294'967'295U);
  EXPECT_EQ(small, 65'535U);
  EXPECT_TRUE(flag);
  EXPECT_EQ(text, "x");
  EXPECT_EQ(path, "/a/b");
  EXPECT_THAT(texts, ElementsAre("a", "b"));
  EXPECT_EQ(bytes, 64 * kMiB);
  EXPECT_EQ(ns, 60 * kSecondNs);
  EXPECT_EQ(choice, 1U);
}

TEST(ConfigReader, AbsentKeysLeaveDefaults) {
  std::uint32_t workers = 7;
  std::filesystem::path path = "/default";
  const auto read = [&](ConfigSection& s) {
    s.read("workers", workers, {1, 2});
    s.read("path", path);
  };
  EXPECT_THAT(errors_of("", read), IsEmpty());
  EXPECT_THAT(errors_of("[s]\n", read), IsEmpty());
  EXPECT_EQ(workers, 7U) << "defaults are not checked against bounds";
  EXPECT_EQ(path, "/default");
}

TEST(ConfigReader, Integers) {
  const auto error = [](const std::string& value, Bounds bounds) {
    std::uint64_t number = 5;
    const auto errors = errors_of("\n[s]\n\nworkers = " + value + "\n",
                                  [&](ConfigSection& s) { s.read("workers", number, bounds); });
    EXPECT_EQ(number, 5U);
    return errors.size() == 1 ? errors[0] : "errors: " + std::to_string(errors.size());
  };
  const std::string bounded =
      "edge.toml:4:11: s.workers: expected an integer from 1 to 1024, found ";
  EXPECT_EQ(error("0", {1, 1024}), bounded + "0");
  EXPECT_EQ(error("1025", {1, 1024}), bounded + "1025");
  EXPECT_EQ(error("-1", {1, 1024}), bounded + "-1");
  EXPECT_EQ(error("\"4\"", {1, 1024}), bounded + "\"4\"");
  EXPECT_EQ(error("4.0", {1, 1024}), bounded + "a floating-point number");
  EXPECT_EQ(error("true", {1, 1024}), bounded + "true");
  EXPECT_EQ(error("\"a\\n\\u001b[1m\"", {1, 1024}), bounded + "\"a\\x0a\\x1b[1m\"");
  EXPECT_EQ(error("[4]", {1, 1024}), bounded + "an array");
  EXPECT_EQ(error("{a = 4}", {1, 1024}), bounded + "a table");
  EXPECT_EQ(error("2026-11-20", {1, 1024}), bounded + "a date or time");
  EXPECT_EQ(error("-1", {}),
            "edge.toml:4:11: s.workers: expected an integer of at least 0, found -1");
  EXPECT_EQ(error("2", {3, UINT64_MAX}),
            "edge.toml:4:11: s.workers: expected an integer of at least 3, found 2");
}

TEST(ConfigReader, NarrowIntegersHaveTheirTypesBounds) {
  std::uint16_t small = 5;
  std::uint32_t middle = 5;
  EXPECT_THAT(
      errors_of("[s]\nsmall = 65536\nmiddle = 4294967296\n",
                [&](ConfigSection& s) {
                  s.read("small", small);
                  s.read("middle", middle);
                }),
      ElementsAre("edge.toml:2:9: s.small: expected an integer from 0 to 65535, found 65536",
                  "edge.toml:3:10: s.middle: expected an integer from 0 to 4294967295, found "
                  "4294967296"));
  EXPECT_EQ(small, 5);
  EXPECT_EQ(middle, 5U);
}

TEST(ConfigReader, OtherTypes) {
  bool flag = true;
  std::string text = "default";
  std::vector<std::string> texts{"default"};
  std::vector<std::string> mixed{"default"};
  EXPECT_THAT(errors_of("[s]\nflag = 1\ntext = 2\ntexts = \"a\"\nmixed = [\"a\", 1]\n",
                        [&](ConfigSection& s) {
                          s.read("flag", flag);
                          s.read("text", text);
                          s.read("texts", texts);
                          s.read("mixed", mixed);
                        }),
              ElementsAre("edge.toml:2:8: s.flag: expected true or false, found 1",
                          "edge.toml:3:8: s.text: expected a string, found 2",
                          "edge.toml:4:9: s.texts: expected an array of strings, found \"a\"",
                          "edge.toml:5:15: s.mixed[1]: expected a string, found 1"));
  EXPECT_TRUE(flag);
  EXPECT_EQ(text, "default");
  EXPECT_THAT(texts, ElementsAre("default"));
  EXPECT_THAT(mixed, ElementsAre("default"));
}

TEST(ConfigReader, Paths) {
  for (const char* initial : {"", "/default"}) {
    std::filesystem::path path = initial;
    const auto read = [&](ConfigSection& s) { s.read("path", path); };
    EXPECT_THAT(errors_of("[s]\npath = \"\"\n", read),
                ElementsAre("edge.toml:2:8: s.path: expected a path, found \"\""));
    EXPECT_EQ(path, initial);
    EXPECT_THAT(errors_of("[s]\npath = 3\n", read),
                ElementsAre("edge.toml:2:8: s.path: expected a path, found 3"));
    EXPECT_EQ(path, initial);
  }
}

TEST(ConfigReader, SizesAndDurations) {
  std::uint64_t bytes = 5;
  std::uint64_t ns = 5;
  const auto error = [&](const std::string& line, Bounds bounds) {
    const auto errors = errors_of("[s]\n" + line + "\n", [&](ConfigSection& s) {
      s.read_bytes("bytes", bytes, bounds);
      s.read_duration("age", ns, bounds);
    });
    EXPECT_EQ(bytes, 5U);
    EXPECT_EQ(ns, 5U);
    return errors.size() == 1 ? errors[0] : "errors: " + std::to_string(errors.size());
  };
  EXPECT_EQ(error("bytes = 64", {}),
            "edge.toml:2:9: s.bytes: expected a size such as \"64MiB\", found 64");
  EXPECT_EQ(error("bytes = \"64\"", {}),
            "edge.toml:2:9: s.bytes: expected a size such as \"64MiB\", found \"64\"");
  EXPECT_EQ(error("age = \"1 s\"", {}),
            "edge.toml:2:7: s.age: expected a duration such as \"60s\", found \"1 s\"");
  EXPECT_EQ(error("bytes = \"1KiB\"", {kMiB, kGiB}),
            "edge.toml:2:9: s.bytes: expected \"1MiB\" to \"1GiB\", found \"1KiB\"");
  EXPECT_EQ(error("age = \"2s\"", {kMillisecondNs, kSecondNs}),
            "edge.toml:2:7: s.age: expected \"1ms\" to \"1s\", found \"2s\"");
  EXPECT_EQ(error("bytes = \"1KiB\"", {kMiB, UINT64_MAX}),
            "edge.toml:2:9: s.bytes: expected at least \"1MiB\", found \"1KiB\"");
}

TEST(ConfigReader, Choices) {
  constexpr std::array<std::string_view, 3> kChoices{"auto", "once", "twice"};
  std::size_t index = 2;
  const auto read = [&](ConfigSection& s) { s.read_choice("decode", kChoices, index); };
  EXPECT_THAT(
      errors_of("[s]\ndecode = \"thrice\"\n", read),
      ElementsAre("edge.toml:2:10: s.decode: expected one of \"auto\", \"once\", \"twice\", "
                  "found \"thrice\""));
  EXPECT_THAT(
      errors_of("[s]\ndecode = 1\n", read),
      ElementsAre("edge.toml:2:10: s.decode: expected one of \"auto\", \"once\", \"twice\", "
                  "found 1"));
  EXPECT_EQ(index, 2U);
  EXPECT_THAT(errors_of("[s]\ndecode = \"auto\"\n", read), IsEmpty());
  EXPECT_EQ(index, 0U);
}

TEST(ConfigReader, UnknownKeysAndTheNearestKnownOne) {
  std::uint64_t number = 0;
  EXPECT_THAT(errors_of("top = 1\n[s]\nwrokers = 1\nzebra = 2\n[sx]\na = 1\n",
                        [&](ConfigSection& s) {
                          s.read("workers", number);
                          s.read("listen", number);
                        }),
              ElementsAre("edge.toml:1:1: top: unknown key",
                          "edge.toml:3:1: s.wrokers: unknown key; did you mean \"workers\"?",
                          "edge.toml:4:1: s.zebra: unknown key",
                          "edge.toml:5:2: sx: unknown key; did you mean \"s\"?"));
}

TEST(ConfigReader, AllErrorsAtOnceInTheOrderOfLines) {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  EXPECT_THAT(errors_of("[s]\nunknown = 1\nb = \"x\"\na = \"x\"\n",
                        [&](ConfigSection& s) {
                          s.read("a", a);
                          s.read("b", b);
                          s.fail("c", "a reason");
                        }),
              ElementsAre("edge.toml:1:1: s.c: expected a reason, found nothing",
                          "edge.toml:2:1: s.unknown: unknown key",
                          "edge.toml:3:5: s.b: expected an integer of at least 0, found \"x\"",
                          "edge.toml:4:5: s.a: expected an integer of at least 0, found \"x\""));
}

TEST(ConfigReader, ASectionThatIsNone) {
  EXPECT_THAT(errors_of("s = 3\n", [](ConfigSection& s) { EXPECT_FALSE(s.has("x")); }),
              ElementsAre("edge.toml:1:5: s: expected a table, found 3"));
}

TEST(ConfigReader, ArraysOfTables) {
  const auto reader = ConfigReader::from_text(
      "[[sink]]\nname = \"a\"\n[[sink]]\nname = \"b\"\nport = \"x\"\n", "s.toml");
  ConfigSection root = reader->root();
  std::vector<std::string> names;
  std::uint16_t port = 0;
  for (ConfigSection& sink : root.sections("sink")) {
    sink.read("name", names.emplace_back());
    sink.read("port", port);
    sink.finish();
  }
  EXPECT_THAT(root.sections("absent"), IsEmpty());
  root.finish();
  EXPECT_THAT(names, ElementsAre("a", "b"));
  EXPECT_THAT(
      reader->errors(),
      ElementsAre("s.toml:5:8: sink.port: expected an integer from 0 to 65535, found \"x\""));
}

TEST(ConfigReader, ArraysOfTablesWhoseErrorsNameTheElement) {
  const auto reader = ConfigReader::from_text(
      "[[route]]\nname = \"a\"\n[[route]]\nname = 1\nnone = \"b\"\n", "s.toml");
  ConfigSection root = reader->root();
  std::string name;
  for (ConfigSection& route : root.numbered_sections("route")) {
    route.read("name", name);
    route.finish();
  }
  root.finish();
  EXPECT_THAT(reader->errors(),
              ElementsAre("s.toml:4:8: route[1].name: expected a string, found 1",
                          "s.toml:5:1: route[1].none: unknown key; did you mean \"name\"?"));
}

TEST(ConfigReader, ErrorsOfMeaningInArrays) {
  std::vector<std::string> texts;
  std::vector<std::string> none;
  std::string text;
  const auto fail_elements = [&](ConfigSection& s) {
    s.read("texts", texts);
    s.read("none", none);
    s.read("text", text);
    s.fail_element("texts", 0, "this");
    s.fail_element("texts", 1, "that");
    s.fail_element("texts", 2, "more");
    s.fail_element("none", 0, "something");
    s.fail_element("text", 0, "an array");
    s.fail_element("absent", 0, "anything");
  };
  EXPECT_THAT(errors_of("[s]\ntexts = [\"a\",\n  \"b\"]\nnone = []\ntext = \"c\"\n", fail_elements),
              ElementsAre("edge.toml:1:1: s.absent: expected anything, found nothing",
                          "edge.toml:2:9: s.texts: expected more, found an array",
                          "edge.toml:2:10: s.texts[0]: expected this, found \"a\"",
                          "edge.toml:3:3: s.texts[1]: expected that, found \"b\"",
                          "edge.toml:4:8: s.none: expected something, found an empty array",
                          "edge.toml:5:8: s.text: expected an array, found \"c\""));
}

TEST(ConfigReader, ErrorsInWordsOfTheirOwn) {
  EXPECT_THAT(errors_of("[s]\n\nold = 1\n",
                        [](ConfigSection& s) {
                          s.report("old", "is gone");
                          s.report("absent", "is missing");
                        }),
              ElementsAre("edge.toml:1:1: s.absent: is missing", "edge.toml:3:7: s.old: is gone"));
}

TEST(ConfigReader, ArraysOfTablesThatAreNone) {
  for (const auto& [text, column] :
       {std::pair("sink = 3\n", 8), {"sink = [1]\n", 8}, {"[sink]\na = 1\n", 1}}) {
    const auto reader = ConfigReader::from_text(text, "s.toml");
    ConfigSection root = reader->root();
    root.sections("sink");
    root.finish();
    ASSERT_EQ(reader->errors().size(), 1U) << text;
    EXPECT_THAT(reader->errors()[0],
                testing::StartsWith(fmt::format(
                    "s.toml:1:{}: sink: expected an array of tables ([[sink]]), found", column)));
  }
}

TEST(ConfigReader, KeysInFileOrder) {
  const auto reader = ConfigReader::from_text("[t]\nzebra = 1\napple = 2\nmango = 3\n", "t.toml");
  ConfigSection table = reader->root().section("t");
  EXPECT_THAT(table.keys(), ElementsAre("zebra", "apple", "mango"));
  EXPECT_TRUE(table.has("apple"));
  EXPECT_FALSE(table.has("pear"));
  EXPECT_THAT(reader->root().section("absent").keys(), IsEmpty());
}

TEST(ConfigReader, NestedSectionsNameTheirPath) {
  const auto reader = ConfigReader::from_text("[a.b]\nc = true\n", "t.toml");
  std::uint64_t number = 0;
  reader->root().section("a").section("b").read("c", number);
  EXPECT_THAT(reader->errors(),
              ElementsAre("t.toml:2:5: a.b.c: expected an integer of at least 0, found true"));
}

TEST(ConfigReader, TextThatIsNotToml) {
  const auto error = [](const std::string& text) {
    const auto reader = ConfigReader::from_text(text, "t.toml");
    std::uint64_t number = 5;
    reader->root().section("s").read("x", number);
    reader->root().finish();
    EXPECT_EQ(number, 5U);
    const auto errors = reader->errors();
    return errors.size() == 1 ? errors[0] : "errors: " + std::to_string(errors.size());
  };
  EXPECT_THAT(error("a = 1\nb = \n"), testing::StartsWith("t.toml:2:5: not valid TOML: "));
  EXPECT_THAT(error("a = 1\n\na = 2\n"), testing::StartsWith("t.toml:3:5: not valid TOML: "));
  EXPECT_THAT(error("\xFF\xFE"), testing::StartsWith("t.toml:1:1: not valid TOML: "));
  EXPECT_THAT(error("a = " + std::string(100'000, '[')),
              testing::StartsWith("t.toml:1:261: not valid TOML: "));
  EXPECT_THAT(error("a = 99999999999999999999\n"),
              testing::StartsWith("t.toml:1:25: not valid TOML"));
}

TEST(ConfigReader, Files) {
  std::string pattern = (std::filesystem::temp_directory_path() / "config.XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  const std::filesystem::path path = std::filesystem::path(pattern) / "edge.toml";
  EXPECT_THAT(ConfigReader::from_file(path)->errors(),
              ElementsAre("cannot open " + path.string() + ": No such file or directory"));
  ASSERT_TRUE(write_file_atomic(path, "x = 1\n").ok());
  const auto reader = ConfigReader::from_file(path);
  reader->root().finish();
  EXPECT_THAT(reader->errors(), ElementsAre(path.string() + ":1:1: x: unknown key"));
  std::filesystem::remove_all(pattern);
}

TEST(NearestWord, OnlyWhereOneIsNear) {
  const std::vector<std::string> known{"workers", "listen", "idle_timeout"};
  EXPECT_EQ(nearest_word("worker", known), "workers");
  EXPECT_EQ(nearest_word("listne", known), "listen");
  EXPECT_EQ(nearest_word("idle-timeout", known), "idle_timeout");
  EXPECT_EQ(nearest_word("zzz", known), "");
  EXPECT_EQ(nearest_word("", known), "");
  EXPECT_EQ(nearest_word("workers", {}), "");
}

}  // namespace
}  // namespace pixel::base
