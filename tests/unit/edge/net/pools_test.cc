// SPDX-License-Identifier: Apache-2.0
// Block pool, connection table and queues, completion tokens, peer addresses.
#include <gtest/gtest.h>

#include <cstring>

#include "edge/net/connection.h"

namespace pixel::edge {
namespace {

TEST(BlockPool, GivesEachBlockOnceAndThenNone) {
  BlockPool pool(3, 64);
  EXPECT_EQ(pool.take(), 0U);
  EXPECT_EQ(pool.take(), 1U);
  EXPECT_EQ(pool.take(), 2U);
  EXPECT_EQ(pool.take(), BlockPool::kNone);
  EXPECT_EQ(pool.taken_count(), 3U);
}

TEST(BlockPool, TheLastOneGivenBackIsTheNextOneTaken) {
  BlockPool pool(4, 64);
  const auto a = pool.take();
  const auto b = pool.take();
  pool.give_back(a);
  pool.give_back(b);
  EXPECT_EQ(pool.take(), b);
  EXPECT_EQ(pool.take(), a);
  EXPECT_EQ(pool.fresh_count(), 2U);
}

TEST(BlockPool, BlocksDoNotOverlap) {
  BlockPool pool(2, 100);
  std::memset(pool.block(pool.take()), 'a', 100);
  std::memset(pool.block(pool.take()), 'b', 100);
  EXPECT_EQ(pool.block(0)[99], 'a');
  EXPECT_EQ(pool.block(1)[0], 'b');
}

TEST(CompletionToken, PacksAndUnpacksItsParts) {
  for (const std::uint32_t generation : {0U, 1U, kGenerationMask}) {
    for (const std::uint32_t index : {0U, 7U, 0xFFFFFFFFU}) {
      const auto token = unpack(pack({Operation::kSendTail, generation, index}));
      EXPECT_EQ(token.operation, Operation::kSendTail);
      EXPECT_EQ(token.generation, generation);
      EXPECT_EQ(token.index, index);
    }
  }
}

TEST(CompletionToken, AGenerationBeyondItsBitsDoesNotReachTheOperation) {
  EXPECT_EQ(unpack(pack({Operation::kReceive, 0xFFFFFFFF, 1})).operation, Operation::kReceive);
}

TEST(ConnectionTable, ALateCompletionMeetsAStranger) {
  ConnectionTable table(1);
  Connection* first = table.open(10);
  ASSERT_NE(first, nullptr);
  const CompletionToken token{Operation::kReceive, first->generation, first->index};
  EXPECT_EQ(table.find(token), first);
  EXPECT_EQ(table.open(11), nullptr);
  first->open = false;
  table.release(*first);
  EXPECT_EQ(table.find(token), nullptr);
  Connection* second = table.open(12);
  EXPECT_EQ(second->index, token.index);
  EXPECT_EQ(table.find(token), nullptr);
}

TEST(ConnectionTable, GenerationsWrapWithinTheirBits) {
  ConnectionTable table(1);
  for (int i = 0; i < 3; ++i) {
    Connection* connection = table.open(1);
    if (i == 0) connection->generation = kGenerationMask;
    connection->open = false;
    table.release(*connection);
  }
  EXPECT_EQ(table.open(1)->generation, 2U);
}

TEST(ConnectionTable, VisitsOnlyOpenOnes) {
  ConnectionTable table(8);
  table.open(1);
  Connection* closed = table.open(2);
  table.open(3);
  closed->open = false;
  int sum = 0;
  table.for_each_open([&](Connection& connection) { sum += connection.fd; });
  EXPECT_EQ(sum, 4);
}

TEST(ConnectionQueue, AConnectionCanBeInSeveral) {
  ConnectionTable table(2);
  Connection& connection = *table.open(1);
  ConnectionQueue<OutputTag> outputs;
  ConnectionQueue<CloserTag> closers;
  outputs.push(connection);
  closers.push(connection);
  EXPECT_EQ(connection.queues_count, 2);
  EXPECT_EQ(&outputs.pop(), &connection);
  EXPECT_EQ(&closers.pop(), &connection);
  EXPECT_EQ(connection.queues_count, 0);
  EXPECT_TRUE(outputs.empty() && closers.empty());
}

}  // namespace
}  // namespace pixel::edge
