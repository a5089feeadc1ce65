// SPDX-License-Identifier: Apache-2.0
// The last answer that was read whole: the same bytes again are the same answer, and comparing is
// cheaper than parsing. A server's answers differ at most once a second, by their Date. HOT; one
// thread, shared by its connections.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace pixel::load {

class AnswerMemo {
 public:
  /// Longer answers are not kept.
  static constexpr std::size_t kBytesMax = 1024;

  /// Whether `bytes` begin with the answer that was remembered.
  bool is_at(std::string_view bytes) const noexcept {
    return size_ != 0 && bytes.size() >= size_ &&
           std::memcmp(bytes.data(), answer_.data(), size_) == 0;
  }
  std::size_t size() const noexcept { return size_; }
  unsigned status() const noexcept { return status_; }

  /// REQUIRES: `answer` was parsed as exactly one answer with its end in it, on a connection that
  /// goes on.
  void remember(std::string_view answer, unsigned status) noexcept {
    if (answer.size() > kBytesMax) return;
    std::memcpy(answer_.data(), answer.data(), answer.size());
    size_ = answer.size();
    status_ = status;
  }

 private:
  std::array<char, kBytesMax> answer_;
  std::size_t size_ = 0;
  unsigned status_ = 0;
};

}  // namespace pixel::load
