// SPDX-License-Identifier: Apache-2.0
// HOT: see siphash.h.
#include "edge/policy/siphash.h"

#include <bit>
#include <cstddef>
#include <cstring>

namespace pixel::edge {
namespace {

static_assert(std::endian::native == std::endian::little, "loads and stores are little-endian");

std::uint64_t load64(const void* bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

struct State {
  std::uint64_t v0, v1, v2, v3;

  explicit State(const SipBytes& key) noexcept {
    const std::uint64_t k0 = load64(key.data());
    const std::uint64_t k1 = load64(key.data() + 8);
    v0 = k0 ^ 0x736f6d6570736575ULL;
    v1 = k1 ^ 0x646f72616e646f6dULL ^ 0xee;  // 0xee, 0xee and 0xdd make the 128-bit variant.
    v2 = k0 ^ 0x6c7967656e657261ULL;
    v3 = k1 ^ 0x7465646279746573ULL;
  }

  void rounds(int count) noexcept {
    for (int i = 0; i < count; ++i) {
      v0 += v1;
      v1 = std::rotl(v1, 13) ^ v0;
      v0 = std::rotl(v0, 32);
      v2 += v3;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  }

  void take(std::uint64_t word) noexcept {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }

  std::uint64_t fold() const noexcept { return v0 ^ v1 ^ v2 ^ v3; }
};

}  // namespace

SipBytes siphash128(const SipBytes& key, std::string_view bytes) noexcept {
  State state(key);
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) state.take(load64(bytes.data() + at));
  std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56;
  for (unsigned shift = 0; at < bytes.size(); ++at, shift += 8) {
    last |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at])) << shift;
  }
  state.take(last);
  state.v2 ^= 0xee;
  state.rounds(4);
  const std::uint64_t low = state.fold();
  state.v1 ^= 0xdd;
  state.rounds(4);
  const std::uint64_t high = state.fold();
  SipBytes out;
  std::memcpy(out.data(), &low, 8);
  std::memcpy(out.data() + 8, &high, 8);
  return out;
}

SipBytes siphash128(const SipBytes& key, std::uint64_t number) noexcept {
  char bytes[8];
  std::memcpy(bytes, &number, 8);
  return siphash128(key, std::string_view(bytes, 8));
}

}  // namespace pixel::edge
