// SPDX-License-Identifier: Apache-2.0
#include "logfmt/request_id.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/prng.h"

namespace pixel::logfmt {
namespace {

// Bytes 00 01 ... 0f: the paper's key words 0f0e0d0c0b0a0908 0706050403020100.
std::array<std::uint8_t, kNodeKeyBytes> paper_key() {
  std::array<std::uint8_t, kNodeKeyBytes> key{};
  for (std::uint8_t i = 0; i < kNodeKeyBytes; ++i) key[i] = i;
  return key;
}

std::string encode(const RequestIdCipher& cipher, const RequestSequence& plain) {
  char out[kRequestIdBytes + 1] = {};
  out[kRequestIdBytes] = '\x7F';
  cipher.encode(plain, out);
  EXPECT_EQ(out[kRequestIdBytes], '\x7F');
  return std::string(out, kRequestIdBytes);
}

TEST(RequestId, PublishedVectorOfSpeck128) {
  // Plaintext 6c61766975716520 7469206564616d20; ciphertext a65d985179783265 7860fedf5c570d18,
  // whose 16 bytes base64(1) writes as pl2YUXl4MmV4YP7fXFcNGA==.
  const RequestSequence plain{0x6c61, 0x7669, 0x75716520, 0x7469206564616d20};
  EXPECT_EQ(encode(RequestIdCipher(paper_key()), plain), "pl2YUXl4MmV4YP7fXFcNGA");
}

TEST(RequestId, RoundTrip) {
  const RequestIdCipher cipher(paper_key());
  base::Prng prng(7);
  for (int i = 0; i < 10'000; ++i) {
    const RequestSequence plain{
        static_cast<std::uint16_t>(prng.next()), static_cast<std::uint16_t>(prng.next()),
        static_cast<std::uint32_t>(prng.next()), prng.next() >> prng.below(64)};
    EXPECT_EQ(cipher.decode(encode(cipher, plain)), plain);
  }
}

TEST(RequestId, UniqueAndOfItsAlphabet) {
  const RequestIdCipher cipher(paper_key());
  std::set<std::string> seen;
  for (std::uint64_t sequence = 0; sequence < 50'000; ++sequence) {
    const std::string id = encode(cipher, {1, 2, 3, sequence});
    EXPECT_EQ(
        id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        std::string::npos);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(RequestId, NeighboursShareNothing) {
  const RequestIdCipher cipher(paper_key());
  const std::string a = encode(cipher, {1, 0, 1, 41});
  const std::string b = encode(cipher, {1, 0, 1, 42});
  int same = 0;
  for (std::size_t i = 0; i < kRequestIdBytes; ++i) same += a[i] == b[i] ? 1 : 0;
  EXPECT_LT(same, 8);
}

TEST(RequestId, AnotherKeyDecodesToAnotherNode) {
  auto other_key = paper_key();
  other_key[15] ^= 1;
  const std::string id = encode(RequestIdCipher(paper_key()), {1, 0, 1, 0});
  const auto noise = RequestIdCipher(other_key).decode(id);
  ASSERT_TRUE(noise.has_value());
  EXPECT_FALSE(noise->node == 1 && noise->boot == 1);
}

TEST(RequestId, RefusesWhatIsNoId) {
  const RequestIdCipher cipher(paper_key());
  const std::string id = encode(cipher, {1, 2, 3, 4});
  EXPECT_FALSE(cipher.decode(""));
  EXPECT_FALSE(cipher.decode("-"));
  EXPECT_FALSE(cipher.decode(id.substr(0, 21)));
  EXPECT_FALSE(cipher.decode(id + "A"));
  for (const char bad : {'+', '/', '=', ' ', '\0', '\x80', '\t'}) {
    std::string changed = id;
    changed[5] = bad;
    EXPECT_FALSE(cipher.decode(changed)) << static_cast<int>(bad);
  }
}

TEST(RequestId, EachIdHasOneSpelling) {
  const RequestIdCipher cipher(paper_key());
  const std::string id = encode(cipher, {1, 2, 3, 4});
  int accepted = 0;
  for (const char last :
       std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
    std::string changed = id;
    changed[21] = last;
    accepted += cipher.decode(changed).has_value() ? 1 : 0;
  }
  EXPECT_EQ(accepted, 4) << "two bits are in use";
}

}  // namespace
}  // namespace pixel::logfmt
