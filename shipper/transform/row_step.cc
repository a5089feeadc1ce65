// SPDX-License-Identifier: Apache-2.0
// See row_step.h: filter, sample and hash.
#include "shipper/transform/row_step.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cmath>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "shipper/decode/convert.h"

namespace pixel::shipper {
namespace {

// The text that stands for a value: an integer's digits.
std::string_view text_of(const Cell& cell, ColumnType type, std::string& scratch) {
  if (cell.null) return {};
  if (is_text(type)) return cell.text();
  scratch.clear();
  fmt::format_to(std::back_inserter(scratch), "{}", cell.integer);
  return scratch;
}

class Filter : public RowStep {
 public:
  explicit Filter(Predicate predicate) : predicate_(std::move(predicate)) {}
  void apply(std::span<Cell* const> cells, std::span<std::uint8_t> keep, TextArena& /*arena*/,
             StepScratch& scratch) const override {
    const auto truths = predicate_.evaluate(cells, keep.size(), scratch.predicate);
    for (std::size_t i = 0; i < keep.size(); ++i) {
      if (truths[i] != Truth::kTrue) keep[i] = 0;
    }
  }

 private:
  const Predicate predicate_;
};

class Sample : public RowStep {
 public:
  Sample(std::size_t input, ColumnType type, double rate)
      : input_(input), type_(type), is_all_(rate >= 1), limit_(limit_of(rate)) {}
  void apply(std::span<Cell* const> cells, std::span<std::uint8_t> keep, TextArena& /*arena*/,
             StepScratch& scratch) const override {
    if (is_all_) return;
    const Cell* const column = cells[input_];
    for (std::size_t i = 0; i < keep.size(); ++i) {
      if (base::hash64(text_of(column[i], type_, scratch.text)) >= limit_) keep[i] = 0;
    }
  }

 private:
  static std::uint64_t limit_of(double rate) {
    return rate >= 1 ? UINT64_MAX : static_cast<std::uint64_t>(std::ldexp(rate, 64));
  }
  const std::size_t input_;
  const ColumnType type_;
  const bool is_all_;
  const std::uint64_t limit_;
};

class Hash : public RowStep {
 public:
  Hash(std::size_t input, ColumnType type, std::string key)
      : input_(input), type_(type), key_(std::move(key)) {}
  void apply(std::span<Cell* const> cells, std::span<std::uint8_t> keep, TextArena& arena,
             StepScratch& scratch) const override {
    Cell* const column = cells[input_];
    for (std::size_t i = 0; i < keep.size(); ++i) {
      if (column[i].null || keep[i] == 0) continue;
      set_text(column[i], digest(text_of(column[i], type_, scratch.text), arena));
    }
  }

 private:
  static constexpr std::size_t kKeptBytes = 16;
  std::string_view digest(std::string_view text, TextArena& arena) const {
    constexpr char digits[] = "0123456789abcdef";
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned int count = 0;
    CHECK(HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
               reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes.data(),
               &count) != nullptr);
    CHECK(count >= kKeptBytes);
    char* const out = arena.reserve(2 * kKeptBytes);
    for (std::size_t i = 0; i < kKeptBytes; ++i) {
      out[2 * i] = digits[bytes[i] >> 4];
      out[2 * i + 1] = digits[bytes[i] & 15];
    }
    arena.commit(2 * kKeptBytes);
    return {out, 2 * kKeptBytes};
  }

  const std::size_t input_;
  const ColumnType type_;
  const std::string key_;
};

}  // namespace

std::unique_ptr<RowStep> make_filter(Predicate predicate) {
  return std::make_unique<Filter>(std::move(predicate));
}

std::unique_ptr<RowStep> make_sample(std::size_t input, ColumnType type, double rate) {
  return std::make_unique<Sample>(input, type, rate);
}

std::unique_ptr<RowStep> make_hash(std::size_t input, ColumnType type, std::string key) {
  return std::make_unique<Hash>(input, type, std::move(key));
}

}  // namespace pixel::shipper
