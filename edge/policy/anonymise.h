// SPDX-License-Identifier: Apache-2.0
// An address as a line may say it: full, masked, hashed, or not at all. Rules are built at boot
// (COLD); all else is HOT. The salt of the hash is one worker's copy of what all workers derive.
//
//   salt = SipHash(secret, unix seconds / rotation)      text = "h" base64url(SipHash(salt,
//   address))
//
// The secret is drawn at boot, stays over reloads, and is never written down: within one process
// and one rotation an address has one text; across either border nobody can tell, also not later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "edge/client/ip_address.h"
#include "edge/policy/policy_options.h"
#include "edge/policy/siphash.h"

namespace pixel::edge {

/// Leading bits stay, the rest is 0. Of a 6to4 address (2002::/16), whose next 32 bits are an IPv4
/// address, no more of those stay than `v4_bits`. REQUIRES: v4_bits <= 32, v6_bits <= 128.
IpAddress mask_address(const IpAddress& address, std::uint32_t v4_bits,
                       std::uint32_t v6_bits) noexcept;

struct AddressRules {
  AddressPrivacy privacy = AddressPrivacy::kFull;
  std::uint32_t v4_bits = 24;
  std::uint32_t v6_bits = 48;
  std::int64_t rotation_seconds = 24 * 3600;
  SipBytes secret{};
};

/// The address that says nothing: what a reader of the log takes for an address.
inline constexpr std::string_view kNoAddress = "0.0.0.0";
inline constexpr std::size_t kHashTextBytes = 23;  // "h" and 16 bytes in base64url, unpadded.
static_assert(kHashTextBytes <= kAddressTextBytesMax);

class AddressSalt {
 public:
  /// The salt of `unix_seconds`; computed when a new rotation begins.
  const SipBytes& at(const AddressRules& rules, std::int64_t unix_seconds) noexcept;

 private:
  std::int64_t period_ = -1;
  SipBytes salt_{};
};

/// Writes the text and returns its bytes, at most kAddressTextBytesMax. REQUIRES: rules.privacy is
/// kMask or kHash.
std::size_t write_private_address(const AddressRules& rules, const IpAddress& address,
                                  std::int64_t unix_seconds, AddressSalt& salt, char* out) noexcept;

}  // namespace pixel::edge
