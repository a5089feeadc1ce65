// SPDX-License-Identifier: Apache-2.0
// SipHash-2-4 with 128 bits of output (Aumasson, Bernstein: "SipHash: a fast short-input PRF",
// INDOCRYPT 2012, and its authors' 128-bit variant): a keyed pseudorandom function. HOT; pure.
// Who lacks the key can neither compute nor invert it, also not by trying all IPv4 addresses.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pixel::edge {

using SipBytes = std::array<std::uint8_t, 16>;  // A key or an output.

SipBytes siphash128(const SipBytes& key, std::string_view bytes) noexcept;

/// Of a number, as its 8 little-endian bytes: keys and ids derived by counting.
SipBytes siphash128(const SipBytes& key, std::uint64_t number) noexcept;

}  // namespace pixel::edge
