// SPDX-License-Identifier: Apache-2.0
// A text in pieces that lie where they were: what is compressed, hashed or sent needs no copy of
// the lines. One thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pixel::shipper {

class TextPieces {
 public:
  /// `piece` is lent: whoever holds its bytes outlives the use. One that lies right behind the last
  /// becomes part of it.
  void append(std::string_view piece) {
    if (piece.empty()) return;
    if (!pieces_.empty()) {
      std::string_view& last = pieces_.back();
      if (last.data() + last.size() == piece.data()) {
        last = {last.data(), last.size() + piece.size()};
        return;
      }
    }
    pieces_.push_back(piece);
  }

  /// In their order; none is empty.
  std::span<const std::string_view> pieces() const noexcept { return pieces_; }

  std::size_t bytes() const noexcept {
    std::size_t bytes = 0;
    for (const std::string_view piece : pieces_) bytes += piece.size();
    return bytes;
  }

  /// A copy in one piece.
  std::string joined() const {
    std::string text;
    text.reserve(bytes());
    for (const std::string_view piece : pieces_) text += piece;
    return text;
  }

 private:
  std::vector<std::string_view> pieces_;
};

}  // namespace pixel::shipper
