// SPDX-License-Identifier: Apache-2.0
#include "base/late_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pixel::base {
namespace {

using ::testing::HasSubstr;

// The one library that every program of ours has loaded anyway.
constinit LateLibrary mathematics("libm.so.6");
constinit const LateFunction<double(double)> cube_root(mathematics, "cbrt");
constinit const LateFunction<double(double)> none(mathematics, "no_such_function");

TEST(LateLibraryTest, FunctionsAreCalledOnceItIsLoaded) {
  ASSERT_TRUE(mathematics.load().ok());
  EXPECT_DOUBLE_EQ(cube_root(27.0), 3.0);
  EXPECT_TRUE(mathematics.load().ok()) << "loading twice is fine";
  EXPECT_DOUBLE_EQ(cube_root(8.0), 2.0);
}

TEST(LateLibraryTest, AnAbsentOneIsAnErrorThatNamesItEachTime) {
  LateLibrary absent("libpixel-none.so");
  for (int attempt = 0; attempt < 2; ++attempt) {
    const Status status = absent.load();
    ASSERT_FALSE(status.ok());
    EXPECT_THAT(status.error().message, HasSubstr("cannot load libpixel-none.so"));
  }
}

TEST(LateLibraryDeathTest, CallsBeforeLoadingOrOfNothingAreProgrammingErrors) {
  static constinit LateLibrary unloaded("libm.so.6");
  const LateFunction<double(double)> early(unloaded, "cbrt");
  EXPECT_DEATH(early(1.0), "handle != nullptr");
  ASSERT_TRUE(mathematics.load().ok());
  EXPECT_DEATH(none(1.0), "address != nullptr");
}

}  // namespace
}  // namespace pixel::base
