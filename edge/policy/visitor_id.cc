// SPDX-License-Identifier: Apache-2.0
// HOT: see visitor_id.h.
#include "edge/policy/visitor_id.h"

#include "edge/policy/text.h"

namespace pixel::edge {
namespace {

constexpr bool is_id_byte(unsigned byte) noexcept {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= 'a' && byte <= 'z') || byte == '.' || byte == '_' || byte == '-';
}
constexpr policy_text::ByteSet kIdBytes = policy_text::make_byte_set(is_id_byte);
constexpr char kHexDigits[] = "0123456789abcdef";

}  // namespace

bool is_visitor_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kVisitorIdBytesMax && policy_text::all_in(kIdBytes, text);
}

void VisitorIdSource::write_next(char* out) noexcept {
  SipBytes random = siphash128(key_, count_++);
  random[6] = static_cast<std::uint8_t>((random[6] & 0x0f) | 0x40);  // Version 4.
  random[8] = static_cast<std::uint8_t>((random[8] & 0x3f) | 0x80);  // Variant 10.
  for (std::size_t i = 0; i < random.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    *out++ = kHexDigits[random[i] >> 4];
    *out++ = kHexDigits[random[i] & 15];
  }
}

}  // namespace pixel::edge
