// SPDX-License-Identifier: Apache-2.0
// Digests that xxhsum prints: `printf abc | xxhsum -H2`.
#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/prng.h"

namespace pixel::base {
namespace {

TEST(Hash, KnownDigests) {
  EXPECT_EQ(hash128_hex(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash128_hex("abc"), "06b05ab6733a618578af5f94892f3950");
  EXPECT_EQ(hash64(""), 0x2D06800538D394C2U);
  EXPECT_EQ(hash64("abc"), 0x78AF5F94892F3950U);
}

TEST(Hash, PiecesGiveTheSameDigest) {
  Prng prng(4);
  std::string text(5'000, '\0');
  for (char& c : text) c = static_cast<char>(prng.next());
  for (int round = 0; round < 50; ++round) {
    Hasher128 hasher;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t bytes = std::min<std::size_t>(prng.below(700), text.size() - at);
      hasher.update(std::string_view(text).substr(at, bytes));
      at += bytes;
    }
    EXPECT_EQ(hasher.hex(), hash128_hex(text));
  }
}

TEST(Hash, MoreUpdatesMayFollowADigest) {
  Hasher128 hasher;
  EXPECT_EQ(hasher.hex(), hash128_hex(""));
  hasher.update("ab");
  EXPECT_EQ(hasher.hex(), hash128_hex("ab"));
  Hasher128 moved = std::move(hasher);
  moved.update("c");
  EXPECT_EQ(moved.hex(), hash128_hex("abc"));
}

}  // namespace
}  // namespace pixel::base
