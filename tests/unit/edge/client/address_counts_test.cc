// SPDX-License-Identifier: Apache-2.0
#include "edge/client/address_counts.h"

#include <gtest/gtest.h>

#include <map>

#include "base/prng.h"

namespace pixel::edge {
namespace {

IpAddress address(std::uint32_t number) {
  IpAddress made;
  made.bytes[14] = static_cast<std::uint8_t>(number >> 8);
  made.bytes[15] = static_cast<std::uint8_t>(number);
  return made;
}

TEST(AddressCounts, CountsEachAddress) {
  AddressCounts counts(4);
  EXPECT_EQ(counts.add(address(1)), 1U);
  EXPECT_EQ(counts.add(address(1)), 2U);
  EXPECT_EQ(counts.add(address(2)), 1U);
  counts.remove(address(1));
  EXPECT_EQ(counts.add(address(1)), 2U);
}

TEST(AddressCounts, AgreesWithAMapWhateverComesAndGoes) {
  constexpr std::uint32_t kMax = 64;
  AddressCounts counts(kMax);
  std::map<std::uint32_t, std::uint32_t> model;
  std::uint32_t total = 0;
  base::Prng prng(7);
  for (int step = 0; step < 200'000; ++step) {
    const auto number = static_cast<std::uint32_t>(prng.below(90));
    if (total < kMax && prng.chance(1, 2)) {
      ++total;
      ASSERT_EQ(counts.add(address(number)), ++model[number]);
    } else if (model[number] > 0) {
      --total;
      --model[number];
      counts.remove(address(number));
    }
  }
  for (const auto& [number, count] : model) {
    if (total < kMax) {
      ASSERT_EQ(counts.add(address(number)), count + 1);
      counts.remove(address(number));
    }
  }
}

}  // namespace
}  // namespace pixel::edge
