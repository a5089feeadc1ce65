// SPDX-License-Identifier: Apache-2.0
// The ids of a lane's lines, made eight at a time: sequences follow each other, and eight ids
// together cost little more than two. HOT; one thread's own.
#pragma once

#include <array>
#include <cstdint>

#include "logfmt/request_id.h"

namespace pixel::logfmt {

class RequestIds {
 public:
  /// REQUIRES: `cipher` outlives this.
  explicit RequestIds(const RequestIdCipher& cipher) noexcept : cipher_(cipher) {}

  /// What cipher.encode writes for `plain`: kRequestIdBytes characters that live until the next
  /// call. Any order is right; one after the other is fast.
  const char* of(const RequestSequence& plain) noexcept {
    const std::uint64_t ahead = plain.sequence - first_.sequence;
    const bool is_made = ahead < made_count_ && plain.boot == first_.boot &&
                         plain.worker == first_.worker && plain.node == first_.node;
    if (is_made) return &texts_[ahead * kIdStrideBytes];
    first_ = plain;
    made_count_ = kAheadCount;
    cipher_.encode_eight(plain, texts_.data());
    return texts_.data();
  }

 private:
  static constexpr std::uint64_t kAheadCount = 8;

  const RequestIdCipher& cipher_;
  RequestSequence first_;
  std::uint64_t made_count_ = 0;  // 0: none yet.
  alignas(64) std::array<char, kAheadCount * kIdStrideBytes> texts_{};
};

}  // namespace pixel::logfmt
