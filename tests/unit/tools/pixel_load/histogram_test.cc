// SPDX-License-Identifier: Apache-2.0
#include "tools/pixel_load/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/prng.h"

namespace pixel::load {
namespace {

// The definition, on sorted values.
std::uint64_t exact_percentile(std::vector<std::uint64_t> values, double percent) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(
      std::max(1.0, std::ceil(percent / 100 * static_cast<double>(values.size()))));
  return values[rank - 1];
}

constexpr double kPercents[] = {0, 1, 50, 90, 99, 99.9, 99.99, 100};

TEST(Histogram, EmptyHasNoValues) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.percentile(50), 0U);
  EXPECT_EQ(histogram.min(), 0U);
  EXPECT_EQ(histogram.max(), 0U);
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (std::uint64_t v = 1; v <= 200; ++v) histogram.record(v);
  EXPECT_EQ(histogram.percentile(50), 100U);
  EXPECT_EQ(histogram.percentile(99), 198U);
  EXPECT_EQ(histogram.percentile(100), 200U);
}

TEST(Histogram, EveryMagnitudeIsWithinHalfAPercent) {
  for (std::uint64_t value = 1; value < Histogram::kValueMax / 3; value = value * 3 / 2 + 1) {
    Histogram histogram;
    histogram.record(value);
    histogram.record(Histogram::kValueMax);  // Keeps min and max from correcting the answer.
    histogram.record(0);
    const auto found = static_cast<double>(histogram.percentile(50));
    EXPECT_NEAR(found, static_cast<double>(value), static_cast<double>(value) * 0.004) << value;
  }
}

TEST(Histogram, PercentilesOfSkewedValuesFitTheDefinition) {
  base::Prng random(7);
  Histogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 50'000; ++i) {
    const double uniform = static_cast<double>(random.below(1'000'000) + 1) / 1e6;
    values.push_back(static_cast<std::uint64_t>(50'000 / std::pow(uniform, 1.3)));
    histogram.record(values.back());
  }
  for (const double percent : kPercents) {
    const auto exact = static_cast<double>(exact_percentile(values, percent));
    EXPECT_NEAR(static_cast<double>(histogram.percentile(percent)), exact, exact * 0.01) << percent;
  }
  EXPECT_EQ(histogram.max(), *std::max_element(values.begin(), values.end()));
}

TEST(Histogram, MergedPartsEqualTheWhole) {
  base::Prng random(3);
  Histogram whole;
  std::vector<Histogram> parts(4);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const std::uint64_t value = random.below(1ULL << (1 + random.below(40)));
    whole.record(value);
    parts[i % 3].record(value);  // The fourth stays empty.
  }
  Histogram merged;
  for (const Histogram& part : parts) merged.merge(part);
  EXPECT_EQ(merged.count(), whole.count());
  EXPECT_EQ(merged.min(), whole.min());
  EXPECT_EQ(merged.max(), whole.max());
  EXPECT_NEAR(merged.mean(), whole.mean(), whole.mean() * 1e-9);
  for (const double p : kPercents) EXPECT_EQ(merged.percentile(p), whole.percentile(p)) << p;
}

TEST(Histogram, TooLargeValuesCountAsTheLargest) {
  Histogram histogram;
  histogram.record(UINT64_MAX);
  EXPECT_EQ(histogram.percentile(50), Histogram::kValueMax);
}

}  // namespace
}  // namespace pixel::load
