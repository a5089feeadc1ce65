// SPDX-License-Identifier: Apache-2.0
// Short texts that many connections share (TLS versions and ciphers), kept once. HOT by thread: one
// worker's; all memory is taken at boot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace pixel::edge {

class TextTable {
 public:
  static constexpr std::uint8_t kNone = 0;  // The empty text.
  static constexpr std::size_t kTextsMax = 255;
  static constexpr std::size_t kTextBytesMax = 63;

  TextTable();  // COLD
  /// The number of `text`: 1 to 255, the same each time; kNone when it is empty, too long or holds
  /// a byte other than a letter, digit, '-', '_', '.', '+' or ':', or when the table is full.
  std::uint8_t intern(std::string_view text) noexcept;
  /// Valid as long as the table; empty for kNone and for numbers that were not given.
  std::string_view text(std::uint8_t number) const noexcept;

 private:
  struct Entry {
    char text[kTextBytesMax];
    std::uint8_t bytes;
  };
  static constexpr std::size_t kSlots = 512;

  std::unique_ptr<Entry[]> entries_;          // Number n is entry n - 1.
  std::array<std::uint8_t, kSlots> slots_{};  // Numbers, by hash; kNone: free.
  std::size_t count_ = 0;
};

}  // namespace pixel::edge
