// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/unique_fd.h"

namespace pixel::base {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return Error{"odd"};
  return value / 2;
}

TEST(Result, ValueOrError) {
  EXPECT_TRUE(half(4).ok());
  EXPECT_EQ(*half(4), 2);
  EXPECT_FALSE(half(3));
  EXPECT_EQ(half(3).error().message, "odd");
  EXPECT_TRUE(ok_status().ok());
}

TEST(Result, MovesItsValueOut) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 7);
  Result<std::string> text(std::string("abc"));
  EXPECT_EQ(text->size(), 3U);
}

TEST(Result, AnotherErrorType) {
  enum class Cause { kFull };
  const Result<int, Cause> result(Cause::kFull);
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.error(), Cause::kFull);
}

TEST(ResultDeathTest, TheAbsentSideIsACheckFailure) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(half(3).value(), "CHECK failed");
  EXPECT_DEATH((void)half(4).error(), "CHECK failed");
}

TEST(UniqueFd, OwnsOne) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  UniqueFd reader(ends[0]);
  {
    UniqueFd writer(ends[1]);
    UniqueFd moved(std::move(writer));
    EXPECT_FALSE(writer);  // NOLINT: the moved-from state is the contract.
    writer = std::move(moved);
    EXPECT_EQ(writer.get(), ends[1]);
  }
  char byte = 0;
  EXPECT_EQ(::read(reader.get(), &byte, 1), 0) << "the writing end is closed";
  EXPECT_EQ(reader.release(), ends[0]);
  EXPECT_FALSE(reader);
  EXPECT_EQ(::close(ends[0]), 0);
}

}  // namespace
}  // namespace pixel::base
