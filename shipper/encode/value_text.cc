// SPDX-License-Identifier: Apache-2.0
// See value_text.h.
#include "shipper/encode/value_text.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "base/clock.h"

namespace pixel::shipper {
namespace {

constexpr std::int64_t kMicro = 1'000'000;
// Up to here a number with six decimals has at most 15 digits, of which a double tells all apart.
constexpr double kShortMax = 1e9;

char* write_digits(std::int64_t value, int digits, char* out) noexcept {
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + digits;
}

}  // namespace

char* write_double(double value, char* out) noexcept {
  const double scaled = value * 1e6;
  if (value >= 0 && value < kShortMax) {
    const auto micros = static_cast<std::int64_t>(scaled + 0.5);
    // Times in seconds are of this form; the general conversion costs ten times as much.
    if (static_cast<double>(micros) / 1e6 == value && !std::signbit(value)) {
      out = write_integer(micros / kMicro, out);
      std::int64_t fraction = micros % kMicro;
      if (fraction == 0) return out;
      int digits = 6;
      for (; fraction % 10 == 0; fraction /= 10) --digits;
      *out++ = '.';
      return write_digits(fraction, digits, out);
    }
  }
  return std::to_chars(out, out + kValueTextBytes, value).ptr;
}

char* TimestampText::write(std::int64_t us, char* out) {
  if (us != last_us_ || !has_last_) [[unlikely]]
    prepare(us);
  std::memcpy(out, text_, sizeof(text_));
  return out + size_;
}

void TimestampText::prepare(std::int64_t us) {
  const std::int64_t fraction = ((us % kMicro) + kMicro) % kMicro;
  const std::int64_t second = (us - fraction) / kMicro;
  char* out = text_;
  if (style_ == Style::kIso) {
    const std::string iso = base::format_iso8601(second);
    std::memcpy(text_, iso.data(), iso.size() - 1);  // Without its Z.
    out += iso.size() - 1;
  } else {
    out = fmt::format_to(out, "{:010}", second);
  }
  if (fraction != 0) {
    *out++ = '.';
    out = write_digits(fraction, 6, out);
  }
  if (style_ == Style::kIso) *out++ = 'Z';
  size_ = static_cast<std::size_t>(out - text_);
  last_us_ = us;
  has_last_ = true;
}

}  // namespace pixel::shipper
