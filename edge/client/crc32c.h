// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli; RFC 3720 appendix B.4), of PROXY headers. HOT by thread; pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace pixel::edge {

/// Carries on from `state`; begin with kCrc32cBegin and end with crc32c_end().
inline constexpr std::uint32_t kCrc32cBegin = 0xffffffff;
std::uint32_t crc32c_add(std::uint32_t state, std::string_view bytes) noexcept;
constexpr std::uint32_t crc32c_end(std::uint32_t state) noexcept { return ~state; }

/// The same without the instruction that x86-64 has for it; for tests, and for other machines.
std::uint32_t crc32c_add_by_table(std::uint32_t state, std::string_view bytes) noexcept;

}  // namespace pixel::edge
