// SPDX-License-Identifier: Apache-2.0
#include "logfmt/request_ids.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "base/prng.h"

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

TEST(RequestIds, InOrderAsTheCipherWritesThem) {
  RequestIds ids(cipher());
  for (std::uint64_t sequence = 0; sequence < 1'000; ++sequence) {
    const RequestSequence plain{1, 2, 3, sequence};
    ASSERT_EQ(next(ids, plain), one(plain)) << sequence;
  }
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
