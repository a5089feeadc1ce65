// SPDX-License-Identifier: Apache-2.0
#include "shipper/tail/foreign/registry.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "tests/unit/shipper/support/temporary_directory.h"

namespace pixel::shipper {
namespace {

Incarnation content(std::uint64_t length, const std::string& path) {
  Incarnation state;
  state.key = 0x1234'5678'9abc'def0;
  state.mark = {length, length / 10, "", std::string(32, 'a')};
  state.head = {100, 77};
  state.file.facts.key = {8, 1234};
  state.file.facts.born_ns = 1'700'000'000'123'456'789;
  state.file.facts.is_regular = true;
  state.file.path = path;
  state.seen_at = 1'700'000'001;
  return state;
}

class RegistryTest : public testing::Test {
 protected:
  std::filesystem::path file(int which) const {
    return directory_.path() / ("registry." + std::to_string(which));
  }
  std::string text(int which) const { return base::read_file(file(which)).value(); }
  // Without syncs: some thousands of them.
  void put(int which, std::string_view bytes) const {
    std::ofstream out(file(which), std::ios::binary | std::ios::trunc);
    ASSERT_TRUE((out << bytes).flush().good());
  }
  void append(Registry& registry, ForeignBooks& books, const std::string& record) const {
    ASSERT_TRUE(apply_record(books, record).ok()) << record;
    ASSERT_TRUE(registry.append({record}, books).ok());
  }
  // Two sources, contents, pieces, a copy.
  ForeignBooks fill(Registry& registry) const {
    ForeignBooks books = registry.open().value();
    append(registry, books, source_record("bucket", 0));
    append(registry, books, source_record("nginx", 1));
    append(registry, books, incarnation_record(0, 0, content(100, "/a b/%1\n\xff.gz")));
    append(registry, books, piece_record(0, {0, 0}, {0, 0, 0, true, 100, 10, true}));
    append(registry, books, incarnation_record(1, 5, content(0, "-")));
    append(registry, books, piece_record(1, {3, 9}, {5, 7, 1, false, 0, 0, false}));
    append(registry, books, copy_record(1, 5, content(1, "/copy").file));
    return books;
  }
  TemporaryDirectory directory_{TemporaryDirectory::memory()};
};

TEST_F(RegistryTest, IsReadAsItWasWritten) {
  Registry registry(directory_.path());
  const ForeignBooks books = fill(registry);
  EXPECT_EQ(Registry(directory_.path()).open().value(), books);
  EXPECT_EQ(text(0), text(1));
}

// beats#3537: a registry of zero bytes after a power failure began everything anew.
TEST_F(RegistryTest, EveryPrefixOfOneFileIsMendedFromTheOther) {
  Registry registry(directory_.path());
  const ForeignBooks books = fill(registry);
  const std::string whole = text(0);
  for (int which = 0; which < 2; ++which) {
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
      put(0, whole);
      put(1, whole);
      put(which, std::string_view(whole).substr(0, bytes));
      Registry damaged(directory_.path());
      const auto opened = damaged.open();
      ASSERT_TRUE(opened.ok()) << opened.error().message;
      ASSERT_EQ(*opened, books) << bytes;
      ASSERT_NE(damaged.damage(), "") << bytes;
      ASSERT_EQ(text(0), text(1));
    }
  }
}

TEST_F(RegistryTest, EveryChangedByteOfOneFileIsMendedFromTheOther) {
  Registry registry(directory_.path());
  const ForeignBooks books = fill(registry);
  const std::string whole = text(0);
  for (int which = 0; which < 2; ++which) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
      put(1 - which, whole);
      put(which, changed);
      Registry damaged(directory_.path());
      const auto opened = damaged.open();
      ASSERT_TRUE(opened.ok()) << opened.error().message;
      ASSERT_EQ(*opened, books) << at;
      ASSERT_NE(damaged.damage(), "") << at;
    }
  }
}

TEST_F(RegistryTest, DamageOfBothFilesIsAnErrorAndNoNewBegin) {
  Registry registry(directory_.path());
  fill(registry);
  const std::string whole = text(0);
  put(0, std::string_view(whole).substr(0, whole.size() - 1));
  put(1, std::string_view(whole).substr(1));
  const auto opened = Registry(directory_.path()).open();
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("neither copy of the registry is whole"),
            std::string::npos);
}

TEST_F(RegistryTest, OneFileIsEnough) {
  Registry registry(directory_.path());
  const ForeignBooks books = fill(registry);
  std::filesystem::remove(file(0));
  EXPECT_EQ(Registry(directory_.path()).open().value(), books);
  std::filesystem::remove(file(1));
  EXPECT_EQ(Registry(directory_.path()).open().value(), books);
}

TEST_F(RegistryTest, LongLogsBeginANewGenerationWithTheSameBooks) {
  Registry registry(directory_.path());
  registry.set_log_bytes_max(2000);
  ForeignBooks books = fill(registry);
  for (std::uint64_t i = 0; i < 200; ++i) {
    append(registry, books, incarnation_record(0, 0, content(100 + i, "/x")));
  }
  EXPECT_LT(text(0).size(), 10'000U);
  EXPECT_EQ(Registry(directory_.path()).open().value(), books);
  append(registry, books, retired_record(0, 0, {1, 10}));
  append(registry, books, forget_record(0, 0));
  const ForeignBooks after = Registry(directory_.path()).open().value();
  EXPECT_EQ(after, books);
  EXPECT_TRUE(after.at("bucket").pieces.empty());
  EXPECT_EQ(after.at("bucket").next_incarnation, 1U);
}

TEST_F(RegistryTest, AFailedWriteIsFollowedByANewGeneration) {
  Registry registry(directory_.path());
  ForeignBooks books = fill(registry);
  // What a full disk leaves: the begin of a record in one file.
  const std::string whole = text(0);
  put(0, whole + "file 0 0 12");
  Registry after(directory_.path());
  EXPECT_EQ(after.open().value(), books);
  append(after, books, incarnation_record(0, 1, content(5, "/y")));
  EXPECT_EQ(Registry(directory_.path()).open().value(), books);
}

}  // namespace
}  // namespace pixel::shipper
