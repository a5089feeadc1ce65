// SPDX-License-Identifier: Apache-2.0
#include "logfmt/request_ids.h"

#include <gtest/gtest.h>

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "base/prng.h"
#include "logfmt/request_id_variants.h"

namespace pixel::logfmt {
namespace {

const RequestIdCipher& cipher() {
  static const RequestIdCipher made({9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 11, 22, 33, 44, 55, 66});
  return made;
}

std::string one(const RequestSequence& plain) {
  std::string text(kRequestIdBytes, '\0');
  cipher().encode(plain, text.data());
  return text;
}

std::string_view next(RequestIds& ids, const RequestSequence& plain) {
  return {ids.of(plain), kRequestIdBytes};
}

// RFC 4648 section 5 of the block's 16 bytes, six bits at a time.
std::string base64url(const SpeckBlock& block) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string bits;
  for (const std::uint64_t word : {block.x, block.y}) bits += std::bitset<64>(word).to_string();
  bits += "0000";
  std::string text;
  for (std::size_t at = 0; at < bits.size(); at += 6) {
    text += kDigits[std::bitset<6>(bits.substr(at, 6)).to_ulong()];
  }
  return text;
}

TEST(RequestIds, InOrderAsTheCipherWritesThem) {
  RequestIds ids(cipher());
  for (std::uint64_t sequence = 0; sequence < 1'000; ++sequence) {
    const RequestSequence plain{1, 2, 3, sequence};
    ASSERT_EQ(next(ids, plain), one(plain)) << sequence;
  }
}

TEST(RequestIds, EachVariantWritesWhatTheCipherWrites) {
#if PIXEL_X86_64
  std::vector<WriteEight*> variants;
  if (base::cpu_has_avx2()) variants.push_back(write_eight_avx2);
  if (base::cpu_has_avx512()) variants.push_back(write_eight_avx512);
  base::Prng prng(6);
  for (int round = 0; round < 1'000; ++round) {
    SpeckKeys keys;
    for (std::uint64_t& key : keys) key = prng.next();
    const std::uint64_t left = prng.next();
    const std::uint64_t sequence = prng.next() >> prng.below(64);
    for (WriteEight* const write : variants) {
      alignas(64) char out[8 * kIdStrideBytes];
      write(left, sequence, keys, out);
      for (std::uint64_t i = 0; i < 8; ++i) {
        const SpeckBlock block = speck_encrypt({left, sequence + i}, keys);
        ASSERT_EQ(std::string(out + i * kIdStrideBytes, kRequestIdBytes), base64url(block));
      }
    }
  }
#endif
}

TEST(RequestIds, AnyOrderAnyLane) {
  RequestIds ids(cipher());
  base::Prng prng(5);
  RequestSequence plain{1, 2, 3, 0};
  for (int i = 0; i < 10'000; ++i) {
    plain.sequence += prng.below(9);
    plain.sequence -= prng.below(4);
    if (prng.below(10) == 0) plain.node = static_cast<std::uint16_t>(prng.below(3));
    if (prng.below(10) == 0) plain.worker = static_cast<std::uint16_t>(prng.below(3));
    if (prng.below(10) == 0) plain.boot = static_cast<std::uint32_t>(prng.below(3));
    ASSERT_EQ(next(ids, plain), one(plain)) << plain.sequence;
  }
}

TEST(RequestIds, TheFirstAndTheLastSequence) {
  RequestIds ids(cipher());
  for (const std::uint64_t sequence : {UINT64_MAX - 1, UINT64_MAX, std::uint64_t{0},
                                       std::uint64_t{1}, UINT64_MAX, std::uint64_t{2}}) {
    const RequestSequence plain{0, 0, 0, sequence};
    EXPECT_EQ(next(ids, plain), one(plain)) << sequence;
  }
}

}  // namespace
}  // namespace pixel::logfmt
