// SPDX-License-Identifier: Apache-2.0
// HOT: see visitor_id.h.
#include "edge/policy/visitor_id.h"

namespace pixel::edge {
namespace {

constexpr std::array<bool, 256> make_id_bytes() {
  std::array<bool, 256> table{};
  for (unsigned byte = '0'; byte <= '9'; ++byte) table[byte] = true;
  for (unsigned byte = 'A'; byte <= 'Z'; ++byte) table[byte] = true;
  for (unsigned byte = 'a'; byte <= 'z'; ++byte) table[byte] = true;
  table['.'] = table['_'] = table['-'] = true;
  return table;
}
constexpr std::array<bool, 256> kIdBytes = make_id_bytes();
constexpr char kHexDigits[] = "0123456789abcdef";

}  // namespace

bool is_visitor_id(std::string_view text) noexcept {
  if (text.empty() || text.size() > kVisitorIdBytesMax) return false;
  for (const char byte : text) {
    if (!kIdBytes[static_cast<unsigned char>(byte)]) return false;
  }
  return true;
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
