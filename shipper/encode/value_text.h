// SPDX-License-Identifier: Apache-2.0
// Numbers and times as text, for all text encoders. The writers of a time keep the last one:
// lines of one second share it. One thread.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace pixel::shipper {

/// No number or time is longer.
inline constexpr std::size_t kValueTextBytes = 40;

inline char* write_integer(std::int64_t value, char* out) noexcept {
  // to_chars needs twice as long for the small numbers that logs are full of.
  if (static_cast<std::uint64_t>(value) < 10) {
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  return std::to_chars(out, out + kValueTextBytes, value).ptr;
}

/// The shortest text that reads back as the same number; up to six decimals are never written with
/// an exponent. REQUIRES: finite.
char* write_double(double value, char* out) noexcept;

/// Microseconds since 1970 as text, UTC.
class TimestampText {
 public:
  enum class Style : std::uint8_t {
    kIso,   // 2026-11-20T18:52:00Z, with six decimals where it has any.
    kUnix,  // 1795200720, with six decimals where it has any; ten digits at least.
  };
  explicit TimestampText(Style style) : style_(style) {}

  char* write(std::int64_t us, char* out);

 private:
  void prepare(std::int64_t us);
  Style style_;
  bool has_last_ = false;
  std::int64_t last_us_ = 0;
  std::size_t size_ = 0;
  char text_[kValueTextBytes] = {};
};

}  // namespace pixel::shipper
