// SPDX-License-Identifier: Apache-2.0
// See histogram.h. HOT: record. Values below 256 have a bucket each; above, the seven bits after
// the leading one choose it.
#include "tools/pixel_load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace pixel::load {
namespace {

constexpr unsigned kStepBits = 7;
constexpr std::uint64_t kSteps = std::uint64_t{1} << kStepBits;

constexpr unsigned shift_of(std::uint64_t value) noexcept {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  return width <= kStepBits + 1 ? 0 : width - (kStepBits + 1);
}

constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
  const unsigned shift = shift_of(value);
  return shift * kSteps + (value >> shift);
}

// The middle of a bucket: half a step is the largest error.
constexpr std::uint64_t middle_of(std::size_t bucket) noexcept {
  if (bucket < 2 * kSteps) return bucket;
  const std::uint64_t shift = bucket / kSteps - 1;
  const std::uint64_t lower = (bucket - shift * kSteps) << shift;
  return lower + (std::uint64_t{1} << shift) / 2;
}

constexpr std::size_t kBucketCount = bucket_of(Histogram::kValueMax) + 1;

}  // namespace

Histogram::Histogram() : buckets_(kBucketCount) {}

void Histogram::record(std::uint64_t value) noexcept {
  value = std::min(value, kValueMax);
  ++buckets_[bucket_of(value)];
  ++count_;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

void Histogram::merge(const Histogram& other) noexcept {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

double Histogram::mean() const noexcept {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::uint64_t Histogram::percentile(double percent) const noexcept {
  if (count_ == 0) return 0;
  const double exact_rank = std::ceil(percent / 100 * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(exact_rank), 1, count_);
  if (rank == count_) return max_;
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    passed += buckets_[i];
    if (passed >= rank) return std::clamp(middle_of(i), min_, max_);
  }
  return max_;
}

}  // namespace pixel::load
