// SPDX-License-Identifier: Apache-2.0
#include "shipper/decode/text_arena.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "shipper/decode/row_block.h"

namespace pixel::shipper {
namespace {

constexpr std::size_t kBlock = 256 * 1024;

// The arena's addresses of `count` texts of half a block each.
std::set<const char*> fill(TextArena& arena, int count) {
  std::set<const char*> places;
  for (int i = 0; i < count; ++i) {
    places.insert(arena.copy(std::string(kBlock / 2, static_cast<char>('a' + i))).data());
  }
  return places;
}

TEST(TextArena, TextsStayWhereAndWhatTheyWereUntilReuse) {
  base::Prng prng(3);
  TextArena arena;
  for (int round = 0; round < 5; ++round) {
    std::vector<std::pair<std::string, std::string_view>> texts;
    std::size_t bytes = 0;
    for (int i = 0; i < 200; ++i) {
      const std::size_t size = prng.below(10) == 0 ? prng.below(3 * kBlock) : prng.below(500);
      std::string text(size, static_cast<char>('a' + prng.below(26)));
      bytes += size;
      const std::string_view copy = arena.copy(text);
      texts.emplace_back(std::move(text), copy);
    }
    for (const auto& [text, copy] : texts) ASSERT_EQ(text, copy);
    EXPECT_EQ(arena.bytes(), bytes);
    arena.reuse();
    EXPECT_EQ(arena.bytes(), 0U);
  }
}

TEST(TextArena, ReuseGivesTheSameMemoryAgain) {
  TextArena arena;
  const auto first = fill(arena, 8);
  arena.reuse();
  EXPECT_EQ(fill(arena, 8), first);
}

TEST(TextArena, WhatTheLastTextsDidNotNeedIsGivenUp) {
  TextArena arena;
  const auto first = fill(arena, 8);
  arena.reuse();
  const auto second = fill(arena, 2);
  arena.reuse();
  // Others take the memory that was given up: none of these is of the first eight by right.
  std::vector<std::unique_ptr<char[]>> others;
  for (int i = 0; i < 8; ++i) others.emplace_back(new char[kBlock]);
  const auto third = fill(arena, 8);
  std::size_t kept = 0;
  for (const char* const place : third) kept += second.contains(place) ? 1U : 0U;
  EXPECT_EQ(kept, 2U);
  EXPECT_NE(third, first);
}

TEST(TextArena, ClearKeepsOneBlock) {
  TextArena arena;
  const auto first = fill(arena, 4);
  arena.clear();
  EXPECT_EQ(arena.bytes(), 0U);
  EXPECT_TRUE(first.contains(arena.copy("x").data()));
}

TEST(TextArena, ABlockThatIsTooSmallWaitsForItsTurn) {
  TextArena arena;
  const char* const small = arena.copy("small").data();
  arena.reuse();
  const std::string large(2 * kBlock, 'l');
  EXPECT_EQ(arena.copy(large), large);
  EXPECT_EQ(arena.copy("next").data(), small);
}

TEST(RowBlock, ReuseKeepsTheMemoryOfColumnsThatWereHalfFull) {
  RowBlock rows;
  rows.columns.resize(2);
  rows.columns[0].resize(1000);
  rows.columns[1].reserve(1000);
  rows.columns[1].resize(10);
  rows.row_count = 1000;
  rows.reuse();
  EXPECT_EQ(rows.row_count, 0U);
  EXPECT_TRUE(rows.columns[0].empty());
  EXPECT_EQ(rows.columns[0].capacity(), 1000U);
  EXPECT_EQ(rows.columns[1].capacity(), 0U);
}

}  // namespace
}  // namespace pixel::shipper
