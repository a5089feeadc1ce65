// SPDX-License-Identifier: Apache-2.0
#include "base/find_byte.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/logfmt/guarded_text.h"

namespace pixel::base {
namespace {

TEST(FindByte, FindsTheFirstOneWhereverItLies) {
  for (std::size_t size = 0; size < 70; ++size) {
    std::string text(size, '.');
    for (std::size_t at = size; at-- > 0;) {
      text[at] = '%';
      ASSERT_EQ(find_byte(text, '%'), at) << size;
    }
  }
}

TEST(FindByte, WhatLiesBehindTheTextIsNoPartOfIt) {
  const std::string text = std::string(40, '.') + std::string(64, '%');
  for (std::size_t size = 0; size <= 40; ++size) {
    const auto part = std::string_view(text).substr(40 - size, size);
    ASSERT_EQ(find_byte(part, '%'), std::string_view::npos) << size;
  }
}

TEST(FindByte, ReadsNothingOfAPageThatIsNotIts) {
  logfmt::GuardedText guarded(256);
  for (std::size_t size = 0; size < 70; ++size) {
    ASSERT_EQ(find_byte(guarded.set(std::string(size, '.')), '%'), std::string_view::npos);
    if (size > 0) {
      ASSERT_EQ(find_byte(guarded.set(std::string(size - 1, '.') + "%"), '%'), size - 1);
    }
  }
  EXPECT_EQ(find_byte(std::string_view(), '%'), std::string_view::npos);
}

}  // namespace
}  // namespace pixel::base
