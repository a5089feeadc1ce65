// SPDX-License-Identifier: Apache-2.0
#include "base/count_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace pixel::base {
namespace {

TEST(CountBytes, CountsWhereverTheByteLies) {
  for (std::size_t size = 0; size < 70; ++size) {
    std::string text(size, '.');
    for (std::size_t at = 0; at < size; ++at) {
      text[at] = '\n';
      EXPECT_EQ(count_bytes(text, '\n'), 1U) << at << " of " << size;
      text[at] = '.';
    }
    EXPECT_EQ(count_bytes(text, '\n'), 0U);
  }
}

// Its counters of one byte would overflow after 255 blocks.
TEST(CountBytes, CountsManyOfThem) {
  for (const std::size_t size : {std::size_t{254}, std::size_t{255}, std::size_t{256}}) {
    const std::string text(size * 16 + 7, '\n');
    EXPECT_EQ(count_bytes(text, '\n'), text.size());
  }
}

}  // namespace
}  // namespace pixel::base
