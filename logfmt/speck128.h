// SPDX-License-Identifier: Apache-2.0
// Speck128/128: 32 rounds over two 64-bit words. Constexpr, so that the published test vector is
// checked by the compiler (request_id.cc). Used to make ids opaque; not for secrets of others.
// Source: Beaulieu et al., "The Simon and Speck families of lightweight block ciphers", 2013.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace pixel::logfmt {

inline constexpr std::size_t kSpeckRounds = 32;
using SpeckKeys = std::array<std::uint64_t, kSpeckRounds>;

/// The paper's (x, y): x is the left word.
struct SpeckBlock {
  std::uint64_t x;
  std::uint64_t y;
  constexpr bool operator==(const SpeckBlock&) const = default;
};

constexpr SpeckBlock speck_round(SpeckBlock block, std::uint64_t key) noexcept {
  block.x = (std::rotr(block.x, 8) + block.y) ^ key;
  block.y = std::rotl(block.y, 3) ^ block.x;
  return block;
}

constexpr SpeckBlock speck_round_back(SpeckBlock block, std::uint64_t key) noexcept {
  block.y = std::rotr(block.y ^ block.x, 3);
  block.x = std::rotl((block.x ^ key) - block.y, 8);
  return block;
}

/// `key` is the paper's (l0, k0) as (x, y). The schedule is the round function itself, keyed by the
/// round's number.
constexpr SpeckKeys speck_expand(SpeckBlock key) noexcept {
  SpeckKeys keys{};
  for (std::size_t i = 0; i < kSpeckRounds; ++i) {
    keys[i] = key.y;
    key = speck_round(key, i);
  }
  return keys;
}

constexpr SpeckBlock speck_encrypt(SpeckBlock block, const SpeckKeys& keys) noexcept {
  for (std::size_t i = 0; i < kSpeckRounds; ++i) block = speck_round(block, keys[i]);
  return block;
}

constexpr SpeckBlock speck_decrypt(SpeckBlock block, const SpeckKeys& keys) noexcept {
  for (std::size_t i = kSpeckRounds; i > 0; --i) block = speck_round_back(block, keys[i - 1]);
  return block;
}

}  // namespace pixel::logfmt
