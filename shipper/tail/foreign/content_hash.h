// SPDX-License-Identifier: Apache-2.0
// The hash of a file's content from its begin to any length, that can go on after a restart without
// reading all of it again. COLD. One thread.
//
//   c(0) = "";  c(k + 1) = XXH3-128(c(k), block k), for blocks of 1 MiB
//   hash(length) = XXH3-128(c(length / 1 MiB), what lies behind the last whole block)
//
// So a chain and at most one block stand for all that came before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/units.h"

namespace pixel::shipper {

/// A content up to `length` bytes.
struct ContentMark {
  std::uint64_t length = 0;
  std::uint64_t lines = 0;  // Neither comments nor empty ones.
  std::string chain;        // c(length / block): 32 hexadecimal digits; "" before the first block.
  std::string digest;       // hash(length): 32 hexadecimal digits.
  bool operator==(const ContentMark&) const = default;
};

class ContentHash {
 public:
  static constexpr std::uint64_t kBlockBytes = base::kMiB;

  /// Of nothing.
  ContentHash() = default;
  /// Goes on from the last block border before mark.length: the bytes from there on come next.
  explicit ContentHash(const ContentMark& mark);

  void update(std::string_view bytes);

  std::uint64_t length() const noexcept { return length_; }
  const std::string& chain() const noexcept { return chain_; }
  std::string digest() const { return block_.hex(); }

 private:
  base::Hasher128 block_;
  std::string chain_;
  std::uint64_t length_ = 0;
};

/// Lines as the ledger counts them: neither comments nor empty ones; a last one without a newline
/// counts. REQUIRES: text begins at the begin of a line.
std::uint64_t count_content_lines(std::string_view text) noexcept;

}  // namespace pixel::shipper
