// SPDX-License-Identifier: Apache-2.0
// Is this text JSON? Every byte is looked at: structure, UTF-8, strings, numbers, depth. The
// constructor is COLD and allocates; check() is HOT by thread and does not.
#pragma once

#include <cstddef>
#include <memory>

namespace pixel::edge {

/// Bytes that must be readable behind a text that is checked.
inline constexpr std::size_t kJsonPaddingBytes = 64;

enum class JsonRoot : unsigned char { kInvalid, kEmpty, kObject, kArray, kScalar };

class JsonCheck {
 public:
  explicit JsonCheck(std::size_t text_bytes_max);
  ~JsonCheck();
  JsonCheck(const JsonCheck&) = delete;
  JsonCheck& operator=(const JsonCheck&) = delete;

  /// What stands at the root of `text`. Integers of up to 300 digits are
  /// JSON, fractions beyond a double are not: no consumer could read them. A \u escape that is half
  /// of a surrogate pair (a browser writes one for a text cut within an emoji) is replaced, in
  /// place, by \ufffd. REQUIRES: bytes <= text_bytes_max, kJsonPaddingBytes readable behind, and
  /// `scratch` has as much room.
  JsonRoot check(char* text, std::size_t bytes, char* scratch) noexcept;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace pixel::edge
