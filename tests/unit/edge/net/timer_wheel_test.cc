// SPDX-License-Identifier: Apache-2.0
#include "edge/net/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/prng.h"

namespace pixel::edge {
namespace {

struct Item : TimerHook {
  std::uint32_t deadline_s = 0;
  std::uint32_t expired_s = 0;
};

// Advances second by second; items expire when their true deadline has come.
void advance_to(TimerWheel<Item>& wheel, std::uint32_t& now_s, std::uint32_t end_s) {
  while (now_s < end_s) {
    ++now_s;
    wheel.advance(now_s, [&](Item& item) -> std::uint32_t {
      if (item.deadline_s > now_s) return item.deadline_s;
      item.expired_s = now_s;
      return 0;
    });
  }
}

TEST(TimerWheel, ExpiresAtTheSecondOfTheDeadline) {
  TimerWheel<Item> wheel(100);
  std::uint32_t now_s = 100;
  Item item;
  item.deadline_s = 103;
  wheel.insert(item, 103);
  advance_to(wheel, now_s, 102);
  EXPECT_EQ(item.expired_s, 0U);
  advance_to(wheel, now_s, 103);
  EXPECT_EQ(item.expired_s, 103U);
}

TEST(TimerWheel, ADeadlineInThePastCountsAsTheNextSecond) {
  TimerWheel<Item> wheel(100);
  std::uint32_t now_s = 100;
  Item item;
  item.deadline_s = 50;
  wheel.insert(item, 50);
  advance_to(wheel, now_s, 101);
  EXPECT_EQ(item.expired_s, 101U);
}

TEST(TimerWheel, AnActiveItemIsFiledAgainAndNeverExpiresEarly) {
  TimerWheel<Item> wheel(0);
  std::uint32_t now_s = 0;
  Item item;
  item.deadline_s = 10;
  wheel.insert(item, 10);
  advance_to(wheel, now_s, 5);
  item.deadline_s = 15;  // It was active; nothing moved.
  advance_to(wheel, now_s, 14);
  EXPECT_EQ(item.expired_s, 0U);
  advance_to(wheel, now_s, 15);
  EXPECT_EQ(item.expired_s, 15U);
}

TEST(TimerWheel, DeadlinesBeyondTheWheelAreMetExactly) {
  TimerWheel<Item> wheel(7);
  std::uint32_t now_s = 7;
  Item item;
  item.deadline_s = 7 + 5 * TimerWheel<Item>::kBuckets + 3;
  wheel.insert(item, item.deadline_s);
  advance_to(wheel, now_s, item.deadline_s + 10);
  EXPECT_EQ(item.expired_s, item.deadline_s);
}

TEST(TimerWheel, MoveBringsADeadlineForward) {
  TimerWheel<Item> wheel(0);
  std::uint32_t now_s = 0;
  Item item;
  item.deadline_s = 620;
  wheel.insert(item, 620);
  item.deadline_s = 10;
  wheel.move(item, 10);
  advance_to(wheel, now_s, 10);
  EXPECT_EQ(item.expired_s, 10U);
}

TEST(TimerWheel, RemoveOfAnUnlinkedItemIsFine) {
  TimerWheel<Item> wheel(0);
  Item item;
  wheel.remove(item);
  wheel.insert(item, 3);
  wheel.remove(item);
  wheel.remove(item);
  std::uint32_t now_s = 0;
  advance_to(wheel, now_s, 10);
  EXPECT_EQ(item.expired_s, 0U);
}

TEST(TimerWheel, ALongJumpVisitsEverythingDue) {
  TimerWheel<Item> wheel(0);
  std::vector<Item> items(100);
  for (std::uint32_t i = 0; i < items.size(); ++i) wheel.insert(items[i], 1 + i * 17);
  std::uint32_t visited = 0;
  wheel.advance(5000, [&](Item&) -> std::uint32_t {
    ++visited;
    return 0;
  });
  EXPECT_EQ(visited, items.size());
}

TEST(TimerWheel, WhatIsBeyondTheLimitIsDueStillAndMayBeRemovedOrMoved) {
  TimerWheel<Item> wheel(0);
  std::vector<Item> items(10);
  for (Item& item : items) wheel.insert(item, 3);
  std::uint32_t visited = 0;
  const auto visit = [&](Item&) -> std::uint32_t {
    ++visited;
    return 0;
  };
  constexpr std::uint32_t kEnd = TimerWheel<Item>::kEndEffort;
  wheel.advance(3, visit, 4 * kEnd);
  EXPECT_EQ(visited, 4U);
  EXPECT_TRUE(wheel.has_due());
  wheel.remove(items[8]);
  wheel.move(items[9], 5);
  wheel.advance(3, visit, 3 * kEnd);
  EXPECT_EQ(visited, 7U);
  wheel.advance(4, visit, 10 * kEnd);
  EXPECT_EQ(visited, 8U);
  EXPECT_FALSE(wheel.has_due());
  wheel.advance(5, visit, 10 * kEnd);
  EXPECT_EQ(visited, 9U);
}

TEST(TimerWheel, WhoOnlyMovesCostsLessThanWhoEnds) {
  TimerWheel<Item> wheel(0);
  std::vector<Item> items(40);
  for (Item& item : items) wheel.insert(item, 3);
  std::uint32_t moved = 0;
  const auto move = [&](Item&) -> std::uint32_t {
    ++moved;
    return 9;
  };
  wheel.advance(3, move, 2 * TimerWheel<Item>::kEndEffort);
  EXPECT_EQ(moved, 2 * TimerWheel<Item>::kEndEffort);
  std::uint32_t ended = 0;
  const auto end = [&](Item&) -> std::uint32_t {
    ++ended;
    return 0;
  };
  wheel.advance(3, end, 1);  // Some effort is left: one more, whatever it costs.
  EXPECT_EQ(ended, 1U);
  wheel.advance(3, end, 0);
  EXPECT_EQ(ended, 1U);
  wheel.advance(9, end);
  EXPECT_EQ(ended, items.size());
}

TEST(TimerWheel, RandomHistoriesExpireOnTime) {
  base::Prng prng(5);
  TimerWheel<Item> wheel(0);
  std::uint32_t now_s = 0;
  std::vector<Item> items(200);
  for (Item& item : items) {
    item.deadline_s = 1 + static_cast<std::uint32_t>(prng.below(3000));
    wheel.insert(item, item.deadline_s);
  }
  for (int round = 0; round < 4000; ++round) {
    advance_to(wheel, now_s, now_s + 1);
    Item& item = items[prng.below(items.size())];
    if (item.expired_s != 0) continue;
    if (prng.chance(1, 2)) {
      item.deadline_s += static_cast<std::uint32_t>(prng.below(50));
    } else {
      item.deadline_s = std::max(now_s + 1, item.deadline_s / 2);
      wheel.move(item, item.deadline_s);
    }
  }
  advance_to(wheel, now_s, now_s + 200'000);
  for (const Item& item : items) EXPECT_EQ(item.expired_s, item.deadline_s);
}

}  // namespace
}  // namespace pixel::edge
