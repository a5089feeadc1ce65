// SPDX-License-Identifier: Apache-2.0
#include "tools/pixel_log/cat.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/unit/tools/pixel_log/gzip_text.h"
#include "tests/unit/tools/pixel_log/spool_builder.h"
#include "tools/pixel_log/gunzip.h"

namespace pixel::logs {
namespace {

class CatTest : public testing::Test {
 protected:
  std::string print(CatFormat format, CatKind kind = CatKind::kBoth) {
    std::string out;
    const auto add = [&](std::string_view text) {
      out += text;
      return true;
    };
    Cat cat(format, &spool_.cipher(), add, kind);
    EXPECT_TRUE(cat.print_new({spool_.root()}).ok());
    return out;
  }

  const logfmt::SegmentId first_ = SpoolBuilder::segment(0);
  const logfmt::SegmentId second_ = SpoolBuilder::segment(1);
  const logfmt::SegmentId third_ = SpoolBuilder::segment(2);
  SpoolBuilder spool_;
};

TEST_F(CatTest, SealedCompressedAndActiveInOrder) {
  spool_.activate(third_, 5, 2);
  spool_.seal(first_, 0, 3);
  spool_.seal(second_, 3, 2);
  // Of several members, as concatenated objects are.
  const std::string text = SpoolBuilder::get(spool_.data(second_));
  std::filesystem::remove(spool_.data(second_));
  SpoolBuilder::put(spool_.sealed_path(second_, logfmt::SealedName::Type::kCompressedData),
                    gzip_member(text.substr(0, 700)) + gzip_member(text.substr(700)));
  std::string expected(logfmt::kAccessHeader);
  for (std::uint64_t s = 0; s < 7; ++s) {
    expected += spool_.line(s < 3 ? first_ : s < 5 ? second_ : third_, s);
  }
  EXPECT_EQ(print(CatFormat::kLines), expected);
}

TEST_F(CatTest, JsonHasDecodedFieldsByName) {
  spool_.seal(first_, 0, 1);
  const auto object = nlohmann::json::parse(print(CatFormat::kJson));
  EXPECT_EQ(object["cs(User-Agent)"], "a b");
  EXPECT_EQ(object["cs-uri-query"], "x=%41&id=0");
  EXPECT_EQ(object.size(), logfmt::kFieldCount);
}

TEST_F(CatTest, IdsAreDecoded) {
  spool_.seal(SpoolBuilder::segment(0, 3), 41, 2);
  const std::string out = print(CatFormat::kIds);
  EXPECT_NE(out.find("node=1 boot=673F3C2A worker=3 sequence=41\t"), std::string::npos) << out;
  EXPECT_NE(out.find("node=1 boot=673F3C2A worker=3 sequence=42\t"), std::string::npos) << out;
}

TEST_F(CatTest, EventsFollowTheAccessLines) {
  const auto events = SpoolBuilder::events_segment(0);
  spool_.seal(first_, 0, 3);
  spool_.seal(events, 0, 2);
  spool_.activate(SpoolBuilder::events_segment(1), 2, 1);
  const std::string lines = spool_.text(first_, 0, 3);
  const std::string all_events = spool_.text(events, 0, 3);
  EXPECT_EQ(print(CatFormat::kLines), lines + all_events);
  EXPECT_EQ(print(CatFormat::kLines, CatKind::kAccess), lines);
  EXPECT_EQ(print(CatFormat::kLines, CatKind::kEvents), all_events);
  EXPECT_EQ(print(CatFormat::kJson, CatKind::kEvents), all_events);
}

TEST_F(CatTest, OldLinesHave26FieldsAndTheirHeader) {
  spool_.seal(first_, 0, 2);
  const std::string out = print(CatFormat::kOldLines);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < out.size(); at = out.find('\n', at) + 1) {
    lines.push_back(out.substr(at, out.find('\n', at) - at));
  }
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], "#Version: 1.0");
  EXPECT_TRUE(lines[1].starts_with("#Fields: date time x-edge-location "));
  EXPECT_TRUE(lines[1].ends_with(" fle-status fle-encrypted-fields"));
  EXPECT_EQ(std::count(lines[1].begin(), lines[1].end(), ' '), 26);
  const std::string whole = spool_.line(first_, 0);
  for (std::size_t i = 2; i < 4; ++i) {
    EXPECT_EQ(std::count(lines[i].begin(), lines[i].end(), '\t'), 25);
  }
  EXPECT_TRUE(whole.starts_with(lines[2] + "\t"));
  // Printed again, from a file of 26 fields, it is the same.
  const auto copy = spool_.root() / "old.log";
  SpoolBuilder::put(copy, out);
  std::string again;
  const auto add = [&](std::string_view text) {
    again += text;
    return true;
  };
  Cat cat(CatFormat::kOldLines, nullptr, add);
  ASSERT_TRUE(cat.print_new({copy}).ok());
  EXPECT_EQ(again, out);
}

TEST_F(CatTest, AFileThatIsNoLogIsNamed) {
  const struct {
    std::string text;
    bool is_log;
  } cases[] = {
      {spool_.line(first_, 0), true},
      {std::string(logfmt::kAccessHeader), true},
      {"", true},
      {"bad line\n" + spool_.line(first_, 0), true},
      {spool_.event(SpoolBuilder::events_segment(0), 0), true},
      {"{\"any\": \"json\"}\n", true},
      {"hello\n", false},
      {"hello", false},
      {"{not json\n", false},
      {"# a comment\nkey = value\n", false},
      {std::string("\x7F\x45LF\0\0\n", 7), false},
  };
  for (const auto& each : cases) {
    const auto path = spool_.root() / "some.txt";
    SpoolBuilder::put(path, each.text);
    std::string out;
    const auto add = [&](std::string_view text) {
      out += text;
      return true;
    };
    Cat cat(CatFormat::kLines, nullptr, add);
    ASSERT_TRUE(cat.print_new({path}).ok());
    EXPECT_EQ(cat.no_logs().empty(), each.is_log) << each.text;
    EXPECT_EQ(cat.no_logs().contains(path), !each.is_log) << each.text;
    if (!each.is_log) {
      EXPECT_EQ(out, "");
    }
  }
}

TEST_F(CatTest, FollowingPrintsEachLineOnceThroughSealing) {
  std::string out;
  Cat cat(CatFormat::kLines, nullptr, [&](std::string_view text) {
    out += text;
    return true;
  });
  spool_.activate(first_, 0, 2);
  ASSERT_TRUE(cat.print_new({spool_.root()}).ok());
  ASSERT_TRUE(cat.print_new({spool_.root()}).ok());
  EXPECT_EQ(out, spool_.text(first_, 0, 2));
  spool_.activate(first_, 0, 3);
  ASSERT_TRUE(cat.print_new({spool_.root()}).ok());
  EXPECT_EQ(out, spool_.text(first_, 0, 3));
  std::filesystem::remove(spool_.root() / "active" / logfmt::active_file_name(first_));
  spool_.seal(first_, 0, 4);
  ASSERT_TRUE(cat.print_new({spool_.root()}).ok());
  EXPECT_EQ(out, spool_.text(first_, 0, 4));
}

TEST_F(CatTest, EndsWhenTheReaderGoes) {
  spool_.seal(first_, 0, 9);
  int printed = 0;
  Cat cat(CatFormat::kLines, nullptr, [&](std::string_view) { return ++printed < 4; });
  ASSERT_TRUE(cat.print_new({spool_.root()}).ok());
  EXPECT_TRUE(cat.reader_is_gone());
  EXPECT_EQ(printed, 4);
}

TEST_F(CatTest, MissingFileIsAnError) {
  Cat cat(CatFormat::kLines, nullptr, [](std::string_view) { return true; });
  EXPECT_FALSE(cat.print_new({"/nowhere/x.log"}).ok());
}

TEST(Gunzip, DamageAndCutsAreErrors) {
  const std::string text(5000, 'x');
  const std::string good = gzip_member(text);
  EXPECT_EQ(gunzip(good).value(), text);
  EXPECT_EQ(gunzip(good + good).value(), text + text);
  EXPECT_EQ(gunzip("").value(), "");
  for (std::size_t end = 1; end < good.size(); ++end) {
    EXPECT_FALSE(gunzip(std::string_view(good).substr(0, end)).ok()) << end;
  }
  std::string damaged = good;
  damaged[good.size() - 6] ^= 1;  // The checksum.
  EXPECT_FALSE(gunzip(damaged).ok());
  EXPECT_FALSE(gunzip("not gzip at all, just text").ok());
}

}  // namespace
}  // namespace pixel::logs
