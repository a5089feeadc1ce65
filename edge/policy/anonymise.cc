// SPDX-License-Identifier: Apache-2.0
// HOT: see anonymise.h.
#include "edge/policy/anonymise.h"

#include <algorithm>

namespace pixel::edge {
namespace {

constexpr char kBase64Url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// 16 bytes are five groups of three and one byte: 20 and 2 characters (RFC 4648 section 5).
void write_base64url(const SipBytes& bytes, char* out) noexcept {
  for (std::size_t i = 0; i < 15; i += 3) {
    const unsigned group = static_cast<unsigned>(bytes[i]) << 16 |
                           static_cast<unsigned>(bytes[i + 1]) << 8 | bytes[i + 2];
    out[0] = kBase64Url[group >> 18];
    out[1] = kBase64Url[group >> 12 & 63];
    out[2] = kBase64Url[group >> 6 & 63];
    out[3] = kBase64Url[group & 63];
    out += 4;
  }
  *out++ = kBase64Url[bytes[15] >> 2];
  *out = kBase64Url[(bytes[15] & 3U) << 4];
}

bool is_6to4(const IpAddress& address) noexcept {
  return address.bytes[0] == 0x20 && address.bytes[1] == 0x02;
}

}  // namespace

IpAddress mask_address(const IpAddress& address, std::uint32_t v4_bits,
                       std::uint32_t v6_bits) noexcept {
  std::uint32_t bits = address.is_v4() ? 96 + v4_bits : v6_bits;
  if (is_6to4(address)) bits = std::min(bits, 16 + v4_bits);
  IpAddress masked = address;
  const std::uint32_t whole_bytes = bits / 8;
  if (whole_bytes == masked.bytes.size()) return masked;
  masked.bytes[whole_bytes] &= static_cast<std::uint8_t>(0xff00U >> bits % 8);
  std::fill(masked.bytes.begin() + whole_bytes + 1, masked.bytes.end(), std::uint8_t{0});
  return masked;
}

const SipBytes& AddressSalt::at(const AddressRules& rules, std::int64_t unix_seconds) noexcept {
  const std::int64_t period = std::max<std::int64_t>(0, unix_seconds) / rules.rotation_seconds;
  if (period != period_) {
    salt_ = siphash128(rules.secret, static_cast<std::uint64_t>(period));
    period_ = period;
  }
  return salt_;
}

std::size_t write_private_address(const AddressRules& rules, const IpAddress& address,
                                  std::int64_t unix_seconds, AddressSalt& salt,
                                  char* out) noexcept {
  if (rules.privacy == AddressPrivacy::kMask) {
    return format_address(mask_address(address, rules.v4_bits, rules.v6_bits), out);
  }
  const std::string_view bytes(reinterpret_cast<const char*>(address.bytes.data()),
                               address.bytes.size());
  out[0] = 'h';
  write_base64url(siphash128(salt.at(rules, unix_seconds), bytes), out + 1);
  return kHashTextBytes;
}

}  // namespace pixel::edge
